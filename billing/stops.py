"""Overdue units ask for nothing new, unless they are given grace; one query with each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from billing import reminder_rules, seller
from billing.errors import BadGrace, UnitOverdue, UnknownGrace
from billing.models import Grace, Invoice, InvoiceStatus, Payment
from billing.money import Money
from billing.reminder_rules import Stop
from config import clock
from config.database import db
from rental import journal, units
from rental.models import Member, Unit

OWES = (
    "{unit} owes {amount} since {since}, so nothing new can be asked for. Pay it to {account} at "
    "{bank} with the purpose of each invoice, or ask the desk to let you go on."
)

OWES_TO_STAFF = (
    "{unit} owes {amount} since {since}, so nothing new can be asked for it. Let it go on under "
    "“Stopped units” with a reason, or wait until it has paid."
)


@dataclass(frozen=True, slots=True)
class Arrears:
    """What a unit owes beyond the policy: how much less its balance, how many invoices, since."""

    unit_id: int
    amount: Money
    count: int
    since: date
    grace: date | None

    @property
    def is_stopped(self) -> bool:
        """Whether it asks for nothing new: no grace stands."""
        return self.grace is None


def arrears_of(unit_ids: Sequence[int]) -> dict[int, Arrears]:
    """The units of these that the policy in force would stop, by id; one query."""
    stop = _stop()
    if stop is None or not unit_ids:
        return {}
    today = clock.today()
    grace = (
        sa.select(Grace.until)
        .where(Grace.unit_id == Invoice.unit_id, Grace.ended_at.is_(None), Grace.until >= today)
        .scalar_subquery()
    )
    unspent = sa.func.sum(Payment.amount_minor - Payment.allocated_minor - Payment.refunded_minor)
    # What the unit has paid and nobody has put on an invoice yet stops nobody.
    balance = (
        sa.select(sa.func.coalesce(unspent, 0))
        .where(
            Payment.unit_id == Invoice.unit_id,
            Payment.reversed_at.is_(None),
            Payment.allocated_minor + Payment.refunded_minor < Payment.amount_minor,
        )
        .scalar_subquery()
    )
    open_minor = sa.func.sum(Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor)
    left = open_minor - balance
    rows = db.session.execute(
        sa.select(
            Invoice.unit_id, left, sa.func.count(Invoice.id), sa.func.min(Invoice.due_on), grace
        )
        .where(
            Invoice.unit_id.in_(unit_ids),
            Invoice.status == InvoiceStatus.OPEN,
            Invoice.due_on < today - timedelta(days=stop.overdue_days),
        )
        .group_by(Invoice.unit_id)
        .having(left >= stop.amount)
    )
    return {
        unit_id: Arrears(unit_id, Money(int(minor)), count, since, until)
        for unit_id, minor, count, since, until in rows
    }


def require_none(wanted: Sequence[Unit], *, by: Member | None = None) -> None:
    """Refuse new requests of a unit that owes too much for too long; raises UnitOverdue.

    The staff is refused as well: what it allows it allows by a grace, with a reason.
    """
    found = arrears_of(sorted({unit.id for unit in wanted}))
    for unit in wanted:
        arrears = found.get(unit.id)
        if arrears is not None and arrears.is_stopped:
            raise _refusal(unit, arrears, by)


def _refusal(unit: Unit, arrears: Arrears, by: Member | None) -> UnitOverdue:
    bank = seller.seller().bank
    return UnitOverdue(
        OWES_TO_STAFF if by is not None and units.is_staff(by) else OWES,
        words={
            "amount": arrears.amount.text(),
            "since": arrears.since.strftime("%d/%m/%Y"),
            "account": bank.account,
            "bank": bank.name,
        },
        unit=unit.name,
        owed=arrears.amount.as_json(),
        overdue_since=arrears.since.isoformat(),
        invoices=arrears.count,
    )


def grant(unit: Unit, *, until: date, reason: str, by: Member) -> Grace:
    """Let an overdue unit go on booking up to and including a day; a new grace ends the old one.

    Raises BadGrace without a reason, for a day gone by or beyond what the policy lets.
    """
    words = reason.strip()[:500]
    if not words:
        raise BadGrace("Say why the unit may go on booking.")
    today, stop = clock.today(), _stop()
    longest = stop.longest_grace_days if stop is not None else 60
    if not today <= until <= today + timedelta(days=longest):
        raise BadGrace("Choose a day from today on, {days} days ahead at most.", days=longest)
    _end(unit, by)
    grace = Grace(
        unit_id=unit.id, until=until, reason=words, granted_at=clock.now(), granted_by_id=by.id
    )
    db.session.add(grace)
    db.session.flush()
    journal.record(unit, "grace_granted", by=by, reason=words, until=until.isoformat())
    return grace


def end_grace(unit: Unit, *, by: Member) -> Grace:
    """Take the leave back and give it as it was; raises UnknownGrace where none stands."""
    ended = _end(unit, by)
    if ended is None:
        raise UnknownGrace
    journal.record(unit, "grace_ended", by=by)
    return ended


def grace_of(unit: Unit) -> Grace | None:
    """The grace that stands today, if any."""
    return db.session.scalar(
        sa.select(Grace).where(
            Grace.unit_id == unit.id, Grace.ended_at.is_(None), Grace.until >= clock.today()
        )
    )


def _end(unit: Unit, by: Member) -> Grace | None:
    # Two who decide on one unit at once do so one after the other.
    db.session.execute(
        sa.select(Unit.id).where(Unit.id == unit.id).with_for_update(of=Unit, key_share=True)
    )
    ended = db.session.scalar(
        sa.update(Grace)
        .where(Grace.unit_id == unit.id, Grace.ended_at.is_(None))
        .values(ended_at=clock.now(), ended_by_id=by.id)
        .returning(Grace.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.get_one(Grace, ended) if ended is not None else None


def _stop() -> Stop | None:
    policy = reminder_rules.policy_on(clock.today())
    return policy.stop if policy is not None else None
