"""How statements, ages, reminders, write-offs and leave to book are written."""

from typing import Any

from billing.ageing import Aged, Bucket
from billing.models import (
    Grace,
    Invoice,
    PauseCause,
    Reminder,
    ReminderPause,
    Tone,
    WriteOff,
    WriteOffStatus,
)
from billing.reminders import Following
from billing.statements import EntryKind, Statement
from portal.api.fields import Amount, Answer
from portal.api.instants import local, local_or_none


class AgesAnswer(Answer):
    """What is owed by how many days it is overdue."""

    not_due: Amount
    days_1_30: Amount
    days_31_60: Amount
    days_61_90: Amount
    over_90: Amount
    total: Amount
    invoices: int


class UnitAgesAnswer(AgesAnswer):
    """The ages of one unit's debts."""

    unit: str


class EntryAnswer(Answer):
    """One movement of an account: above zero is owed, below zero is taken off."""

    day: str
    kind: EntryKind
    reference: str
    about: str
    invoice: int | None
    due_on: str | None
    amount: Amount
    balance: Amount


class StatementAnswer(Answer):
    """An account over a period, both days included."""

    unit: str
    first: str
    last: str
    opening: Amount
    entries: list[EntryAnswer]
    closing: Amount
    ages: AgesAnswer
    written_off: Amount
    unallocated: Amount


class ReminderAnswer(Answer):
    """What was written about an invoice: `days` after its due day, below zero before it."""

    days: int
    tone: Tone
    written_at: str
    left: Amount
    due_on: str


class PauseAnswer(Answer):
    """Nobody is reminded up to and including `until`."""

    cause: PauseCause
    reason: str
    until: str


class FollowingAnswer(Answer):
    """What was written about an invoice, and what comes next or stands in its way."""

    invoice: int
    written: list[ReminderAnswer]
    next_on: str | None
    next_tone: Tone | None
    pause: PauseAnswer | None


class WriteOffAnswer(Answer):
    """A proposal to give up an invoice."""

    id: int
    invoice: int
    unit: str
    status: WriteOffStatus
    reason: str
    amount: Amount
    proposed_at: str
    decided_at: str | None
    comment: str | None


class GraceAnswer(Answer):
    """Leave for an overdue unit to go on booking, up to and including `until`."""

    unit: str
    until: str
    reason: str
    granted_at: str


def ages_as_json(found: Aged) -> dict[str, Any]:
    """As `AgesAnswer`."""
    names = {
        Bucket.NOT_DUE: "not_due",
        Bucket.TO_30: "days_1_30",
        Bucket.TO_60: "days_31_60",
        Bucket.TO_90: "days_61_90",
        Bucket.OLDER: "over_90",
    }
    amounts = {name: found.amounts[bucket].as_json() for bucket, name in names.items()}
    return {**amounts, "total": found.total.as_json(), "invoices": found.count}


def statement_as_json(found: Statement) -> dict[str, Any]:
    """As `StatementAnswer`."""
    return {
        "unit": found.unit.slug,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "opening": found.opening.as_json(),
        "entries": [
            {
                "day": one.day.isoformat(),
                "kind": one.kind.value,
                "reference": one.reference,
                "about": one.what,
                "invoice": one.invoice_id,
                "due_on": one.due_on.isoformat() if one.due_on else None,
                "amount": one.amount.as_json(),
                "balance": one.balance.as_json(),
            }
            for one in found.entries
        ],
        "closing": found.closing.as_json(),
        "ages": ages_as_json(found.aged),
        "written_off": found.given_up.as_json(),
        "unallocated": found.unallocated.as_json(),
    }


def following_as_json(
    invoice: Invoice, written: list[Reminder], coming: Following
) -> dict[str, Any]:
    """As `FollowingAnswer`."""
    return {
        "invoice": invoice.id,
        "written": [
            {
                "days": one.days,
                "tone": one.tone.value,
                "written_at": local(one.written_at),
                "left": one.left.as_json(),
                "due_on": one.due_on.isoformat(),
            }
            for one in written
        ],
        "next_on": coming.day.isoformat() if coming.day and not coming.pause else None,
        "next_tone": coming.step.tone.value if coming.step and not coming.pause else None,
        "pause": pause_as_json(coming.pause) if coming.pause else None,
    }


def pause_as_json(one: ReminderPause) -> dict[str, Any]:
    """As `PauseAnswer`."""
    return {"cause": one.cause.value, "reason": one.reason, "until": one.until.isoformat()}


def write_off_as_json(one: WriteOff) -> dict[str, Any]:
    """As `WriteOffAnswer`."""
    return {
        "id": one.id,
        "invoice": one.invoice_id,
        "unit": one.invoice.unit.slug,
        "status": one.status.value,
        "reason": one.reason,
        "amount": one.amount.as_json(),
        "proposed_at": local(one.proposed_at),
        "decided_at": local_or_none(one.decided_at),
        "comment": one.comment,
    }


def grace_as_json(one: Grace, slug: str) -> dict[str, Any]:
    """As `GraceAnswer`."""
    return {
        "unit": slug,
        "until": one.until.isoformat(),
        "reason": one.reason,
        "granted_at": local(one.granted_at),
    }
