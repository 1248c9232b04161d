"""Reminders of invoices: which are due, whom they are written to, once per step; and pauses.

Who writes the mail takes what is due in the same transaction: the row is locked and the step noted,
so two workers at once write one mail, and a payment that comes meanwhile is seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing import invoices, reminder_rules
from billing.errors import BadPause, NotPaused, WrongInvoiceState
from billing.models import Invoice, InvoiceStatus, PauseCause, Reminder, ReminderPause
from billing.reminder_rules import Recipient, ReminderPolicy, Step
from config import clock
from config.database import db
from rental import journal
from rental.models import Member, Role

# Nobody forgets an invoice for longer than this; a dispute that lasts is looked at again.
LONGEST_PAUSE = timedelta(days=184)


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to be written now: the invoice is locked, the step is noted."""

    invoice: Invoice
    step: Step
    recipients: list[Member]
    # The unit's own address, where the step is written to it.
    address: str | None = None


def take_due(limit: int = 100) -> list[Due]:
    """Note the steps that are due today and give back what to write; again gives the next ones.

    Nothing before the policy's hour, for a paused invoice, or on the days after another reminder of
    it or its issue. What another worker holds is left to it.
    """
    at = clock.now().astimezone(clock.LOCAL)
    policy = reminder_rules.policy_on(at.date())
    if policy is None or not policy.steps or at.hour < policy.from_hour:
        return []
    taken = []
    for invoice in db.session.scalars(_due(policy, at.date(), limit)).all():
        due_on = invoice.due_on or at.date()
        step = reminder_rules.step_on(policy.steps, due_on, at.date())
        if step is not None:
            due = Due(invoice, step, recipients(invoice, step), address(invoice, step))
            if _note(due, policy):
                taken.append(due)
    return taken


def _due(policy: ReminderPolicy, today: date, limit: int) -> sa.Select[tuple[Invoice]]:
    rest = today - timedelta(days=policy.least_days_between)
    windows = []
    for window in reminder_rules.windows(policy.steps, today):
        within = [Invoice.due_on <= window.latest, ~_reminded(Reminder.days >= window.step.days)]
        if window.earliest is not None:
            within.append(Invoice.due_on >= window.earliest)
        windows.append(sa.and_(*within))
    return (
        sa.select(Invoice)
        .where(
            Invoice.status == InvoiceStatus.OPEN,
            Invoice.total_minor > Invoice.paid_minor + Invoice.credited_minor,
            Invoice.tax_date <= rest,
            sa.or_(*windows),
            ~_reminded(Reminder.written_on > rest),
            ~sa.exists().where(ReminderPause.invoice_id == Invoice.id, standing_on(today)),
        )
        # A unit gets one mail: its invoices come together. Nothing is waited for, so the order of
        # locks is free.
        .order_by(Invoice.unit_id, Invoice.id)
        .limit(limit)
        .with_for_update(of=Invoice, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _reminded(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(Reminder.invoice_id == Invoice.id, condition)


def standing_on(day: date) -> sa.ColumnElement[bool]:
    """The condition on a pause that it stands on that day."""
    return sa.and_(ReminderPause.ended_at.is_(None), ReminderPause.until >= day)


def _note(due: Due, policy: ReminderPolicy) -> bool:
    """Whether this step was noted now; False where a colleague was quicker."""
    invoice, step = due.invoice, due.step
    told = [member.name for member in due.recipients]
    told += [due.address] if due.address else []
    noted = db.session.scalar(
        insert(Reminder)
        .values(
            invoice_id=invoice.id,
            days=step.days,
            tone=step.tone,
            policy=policy.code,
            written_on=clock.today(),
            written_at=clock.now(),
            due_on=invoice.due_on,
            left_minor=invoice.left.minor,
            currency=invoice.currency,
            recipients=", ".join(told)[:1000],
        )
        .on_conflict_do_nothing(index_elements=["invoice_id", "days"])
        .returning(Reminder.id)
    )
    if noted is None:
        return False
    journal.record(invoice, "reminded", by=None, days=step.days, amount=invoice.left.minor)
    return True


def recipients(invoice: Invoice, step: Step) -> list[Member]:
    """Whom a step is written to; the whole unit where none of those named is there any more."""
    people = _requester(invoice) if Recipient.REQUESTER in step.to else []
    nobody = not people and address(invoice, step) is None
    if Recipient.HEADS in step.to or nobody:
        people += _members(Member.unit_id == invoice.unit_id, Member.role == Role.HEAD)
    if not people and nobody:
        people = _members(Member.unit_id == invoice.unit_id)
    if Recipient.FINANCE in step.to:
        people += _members(Member.role == Role.FINANCE)
    return list({member.id: member for member in people}.values())


def address(invoice: Invoice, step: Step) -> str | None:
    """The unit's own address, where the step is written to it and it has one."""
    return (invoice.unit.email or None) if Recipient.UNIT in step.to else None


def _requester(invoice: Invoice) -> list[Member]:
    booking = invoice.booking
    if booking is None or booking.member.unit_id != invoice.unit_id:
        return []
    return [booking.member] if booking.member.is_active else []


def _members(*conditions: sa.ColumnElement[bool]) -> list[Member]:
    query = sa.select(Member).where(Member.is_active, *conditions).order_by(Member.id)
    return list(db.session.scalars(query))


def of(invoice: Invoice) -> list[Reminder]:
    """What was written about an invoice, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Reminder).where(Reminder.invoice_id == invoice.id).order_by(Reminder.id)
        )
    )


@dataclass(frozen=True, slots=True)
class Following:
    """What comes next of an open invoice: the day and the step, or the pause in its way."""

    day: date | None = None
    step: Step | None = None
    pause: ReminderPause | None = None


def following(papers: Iterable[Invoice]) -> dict[int, Following]:
    """What comes next of each open invoice, by its id; two queries for all."""
    of_all = [one for one in papers if one.status is InvoiceStatus.OPEN and one.left]
    today = clock.today()
    policy = reminder_rules.policy_on(today)
    steps = policy.steps if policy is not None else ()
    ids = [invoice.id for invoice in of_all]
    pauses = {
        one.invoice_id: one
        for one in db.session.scalars(
            sa.select(ReminderPause).where(ReminderPause.invoice_id.in_(ids), standing_on(today))
        )
    }
    last = dict(
        db.session.execute(
            sa.select(Reminder.invoice_id, sa.func.max(Reminder.days))
            .where(Reminder.invoice_id.in_(ids))
            .group_by(Reminder.invoice_id)
        )
        .tuples()
        .all()
    )
    found = {}
    for invoice in of_all:
        coming = reminder_rules.next_step(
            steps, invoice.due_on or today, today, last.get(invoice.id)
        )
        day, step = coming if coming is not None else (None, None)
        found[invoice.id] = Following(day, step, pauses.get(invoice.id))
    return found


def pause(
    invoice: Invoice, cause: PauseCause, *, reason: str, until: date, by: Member
) -> ReminderPause:
    """Remind nobody up to and including `until`; a pause that stands is ended by the new one.

    Raises BadPause without a reason or for a day gone by, WrongInvoiceState where nothing is owed.
    """
    words = reason.strip()[:500]
    if not words:
        raise BadPause("Say why nobody is reminded; a colleague will ask.")
    today = clock.today()
    if not today <= until <= today + LONGEST_PAUSE:
        raise BadPause("A pause lasts until a day from today on, six months at most.")
    invoice = invoices.lock(invoice)
    if invoice.status is not InvoiceStatus.OPEN:
        raise WrongInvoiceState(
            "The invoice is {status}: nobody is reminded of it; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
        )
    _end(invoice, by)
    paused = ReminderPause(
        invoice_id=invoice.id,
        cause=cause,
        reason=words,
        until=until,
        paused_at=clock.now(),
        paused_by_id=by.id,
    )
    db.session.add(paused)
    db.session.flush()
    journal.record(
        invoice, "reminders_paused", by=by, reason=words, cause=cause.value, until=until.isoformat()
    )
    return paused


def resume(invoice: Invoice, *, by: Member) -> None:
    """Remind again from the next round on; raises NotPaused where nothing stands in the way."""
    invoice = invoices.lock(invoice)
    if not _end(invoice, by):
        raise NotPaused
    journal.record(invoice, "reminders_resumed", by=by)


def _end(invoice: Invoice, by: Member) -> bool:
    ended = db.session.scalar(
        sa.update(ReminderPause)
        .where(ReminderPause.invoice_id == invoice.id, ReminderPause.ended_at.is_(None))
        .values(ended_at=clock.now(), ended_by_id=by.id)
        .returning(ReminderPause.id)
        .execution_options(synchronize_session=False)
    )
    return ended is not None


def pause_of(invoice: Invoice) -> ReminderPause | None:
    """The pause that stands today, if any."""
    return db.session.scalar(
        sa.select(ReminderPause).where(
            ReminderPause.invoice_id == invoice.id, standing_on(clock.today())
        )
    )


def written_since(instant: datetime) -> int:
    """How many reminders were written since then."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Reminder.id)).where(Reminder.written_at >= instant)
        )
        or 0
    )
