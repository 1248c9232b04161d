"""A sample statement of the bank: a certain booking, some that wait, and a charge of the bank."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from billing.bank import intake, matches
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.models import Invoice, InvoiceStatus
from billing.seller import seller
from config import clock
from config.database import db

HEAD = "Ngày GD;Số bút toán;Ghi nợ;Ghi có;Nội dung;Người chuyển"
MAPPING = Mapping(
    booked_on="Ngày GD",
    bank_id="Số bút toán",
    debit="Ghi nợ",
    credit="Ghi có",
    text="Nội dung",
    payer_name="Người chuyển",
)


def add(now: datetime) -> None:
    """Take in yesterday's statement of the centre's account; what it pays is among what is owed."""
    today = now.astimezone(clock.LOCAL).date()
    owed = db.session.scalars(
        sa.select(Invoice)
        .where(Invoice.status == InvoiceStatus.OPEN, Invoice.paid_minor == 0)
        .order_by(Invoice.due_on.desc(), Invoice.id)
    ).all()
    rows = [
        ("1.250.000", "", "LAI TIEN GUI KHONG KY HAN", ""),
        ("", "11.000", "PHI DICH VU TAI KHOAN", ""),
    ]
    if owed:
        first, last = owed[0], owed[-1]
        part = f"MBVCB.4412071.TT {first.reference} DOT 1"
        rows += [
            _row(first.total_minor // 2, part, "NGUYEN THI HOA"),
            _row(last.total_minor, "THANH TOAN TIEN THUE HOI TRUONG", last.unit.name.upper()),
            _row(last.total_minor + 500_000, f"CK {last.display_number}", "PHAM VAN LONG"),
        ]
    # Certain: due later than today, so that nobody follows it up.
    later = [one for one in owed[1:-1] if one.due_on is not None and one.due_on > today]
    if later:
        sure = later[0]
        text = f"IBFT {sure.reference.replace('-', '').lower()} tien thue gian hang"
        rows.append(_row(sure.total_minor, text, sure.unit.name))
    day = f"{today - timedelta(days=1):%d/%m/%Y}"
    lines = [
        ";".join((day, f"FT{number}", debit, credit, text, who))
        for number, (credit, debit, text, who) in enumerate(rows, start=26330001)
    ]
    content = "\n".join([HEAD, *lines, ""]).encode()
    statements = intake.take_in(
        BankFile("sao-ke-mau.csv", content, seller().bank.account, MAPPING), by=None
    )
    matches.run([one.id for one in statements])


def _row(minor: int, text: str, who: str) -> tuple[str, str, str, str]:
    return f"{minor:,}".replace(",", "."), "", text, who
