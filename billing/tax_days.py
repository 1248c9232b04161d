"""The day whose VAT rate a service bears. Pure.

Decree 254/2026 Art. 9(2): the day a service is completed, or that of receipt of payment where it is
paid before or during. An invoice that goes out before completion asks for such a payment, and bears
the rate of its own day; one that goes out later bears the rate of completion. So no invoice is
dated back: its number and date are of the day of issue, and only the rate looks back.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from config import clock


def of(completed_at: datetime, issued_on: date, zone: ZoneInfo = clock.LOCAL) -> date:
    """Completion, or the day of issue where that comes first."""
    return min(completed_at.astimezone(zone).date(), issued_on)
