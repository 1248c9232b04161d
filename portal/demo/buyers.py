"""Invoicing details in the demo: a name as registered, which differs from the short one.

Sample: every name and code is invented.
"""

from datetime import datetime, timedelta

from billing import invoicing_details
from billing.invoicing_details import Details
from config import clock
from rental import units

HEAD = "head@unit-b.example"


def add(now: datetime) -> None:
    """A head keeps the details of the unit."""
    head = units.member_by_email(HEAD)
    with clock.standing_at(now - timedelta(days=12)):
        unit = units.get("unit-b")
        asked = Details(
            "Công ty TNHH Truyền thông Sóng Xanh (mẫu)",
            unit.tax_code,
            address=unit.address,
            email="hoadon@unit-b.example",
        )
        invoicing_details.change(unit, asked, by=head)
