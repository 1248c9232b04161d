"""What the demo's finance has to follow up: old invoices of circuits, a dispute, a write-off.

Sample: amounts are invented. These invoices are older than the four weeks of events, so they take
the first numbers, and their reminders are written as the days go by.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from billing import invoices, reminders, stops, vat, write_offs
from billing.models import Charge, ChargeKind, Invoice, PauseCause
from config import clock, references
from config.database import db
from rental import units
from rental.models import Member, Unit

FINANCE = "finance@centre.example"
STOPPED = "ban-chuyen-doi-xanh"
# Unit, days ago, whole đồng without tax.
OLD = (
    (STOPPED, 78, 7_400_000),
    ("so-do-thi", 58, 620_000),
    ("unit-b", 36, 2_150_000),
    ("dai-cuu-long", 25, 3_300_000),
)


@dataclass(frozen=True, slots=True)
class Arrears:
    """The old invoices, in the order of `OLD`."""

    papers: list[Invoice]
    finance: Member


def begin(now: datetime) -> Arrears:
    """Issue the old invoices, remind of them day by day, and let the stopped unit book so far."""
    finance = units.member_by_email(FINANCE)
    papers = []
    for slug, days, minor in OLD:
        with clock.standing_at(now - timedelta(days=days)):
            papers.append(_issue(units.get(slug), minor, finance))
    for days in range(OLD[0][1], 0, -1):
        day = (now - timedelta(days=days)).astimezone(clock.LOCAL).date()
        with clock.standing_at(datetime.combine(day, time(9), clock.LOCAL)):
            reminders.take_due()
            db.session.flush()
    stopped = units.get(STOPPED)
    with clock.standing_at(now - timedelta(days=35)):
        until = now.astimezone(clock.LOCAL).date()
        stops.grant(stopped, until=until, reason="Đã có lệnh chi, chờ kho bạc.", by=finance)
    return Arrears(papers, finance)


def end(found: Arrears) -> None:
    """The grace is over; one invoice is disputed, another one shall be given up."""
    stops.end_grace(units.get(STOPPED), by=found.finance)
    today = clock.today()
    _old, disputed, given_up, _arranged = found.papers
    reminders.pause(
        disputed,
        PauseCause.DISPUTED,
        reason="Đơn vị cho rằng kênh chỉ dùng nửa tháng.",
        until=today + timedelta(days=12),
        by=found.finance,
    )
    write_offs.propose(
        given_up, reason="Đã nhắc bốn lần, chi phí thu lớn hơn khoản nợ.", by=found.finance
    )


def _issue(unit: Unit, minor: int, finance: Member) -> Invoice:
    """An invoice of a month of a circuit, without a booking."""
    month = clock.today().replace(day=1) - timedelta(days=1)
    draft = Invoice(reference=references.new("IV"), unit_id=unit.id)
    db.session.add(draft)
    db.session.flush()
    first = datetime.combine(month.replace(day=1), time(), clock.LOCAL)
    db.session.add(
        Charge(
            unit_id=unit.id,
            kind=ChargeKind.RENTAL,
            description=f"Thuê kênh truyền tháng {month:%m/%Y}",
            description_en=f"Hire of a circuit, {month:%m/%Y}",
            quantity=Decimal(1),
            unit_price_minor=minor,
            amount_minor=minor,
            service="telecom",
            vat_code=vat.code_on(vat.rates(), "telecom", month),
            starts_at=first,
            ends_at=datetime.combine(clock.today().replace(day=1), time(), clock.LOCAL),
            invoice_id=draft.id,
        )
    )
    invoices.redraw(draft)
    invoices.issue(draft, by=finance)
    # What is noted belongs to that day.
    db.session.flush()
    return draft
