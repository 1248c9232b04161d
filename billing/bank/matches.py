"""Bookings of the bank become payments: by themselves where that is certain, else by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from billing import closing, invoices, ledger, payments
from billing.bank import intake, twins
from billing.bank.books import book as read_book
from billing.errors import BadMatch, EntryDecided, UnknownEntry
from billing.matching import Receipt, Suggestion, Verdict
from billing.models import (
    WAITING,
    BankEntry,
    BankMatch,
    EntryState,
    Invoice,
    Payment,
    PaymentMethod,
)
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from config.database import db
from config.errors import Refusal
from rental import journal
from rental.models import Member, Unit

REASON_LENGTH = 500
# So many bookings in a transaction: judging begins with reading all that is owed.
AT_A_TIME = 250
# A statement with more of them is matched by a worker while one looks on.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """Which unit paid, and what of it pays which invoice; the rest is the unit's balance.

    With `payment` nothing is received anew: that payment was recorded by hand before.
    """

    unit_id: int
    shares: tuple[tuple[int, int], ...] = ()
    payment_id: int | None = None
    score: int = 0
    why: tuple[dict[str, Any], ...] = ()
    is_automatic: bool = False

    @classmethod
    def of(cls, one: Suggestion, *, is_automatic: bool = False) -> "Choice":
        """What a suggestion says."""
        why = tuple(reason.as_json() for reason in one.reasons)
        return cls(one.unit_id, one.shares, None, one.score, why, is_automatic)


@dataclass(slots=True)
class Counts:
    """What a run did."""

    matched: int = 0
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bookings of how many were looked at."""

    done: int
    all: int


def get(entry_id: int) -> BankEntry:
    """The booking of the bank; raises UnknownEntry."""
    entry = db.session.get(BankEntry, entry_id)
    if entry is None:
        raise UnknownEntry
    return entry


def lock(entry: BankEntry) -> BankEntry:
    """The same row, locked and as it is now. Taken before invoices and payments."""
    return db.session.execute(
        sa.select(BankEntry)
        .where(BankEntry.id == entry.id)
        .with_for_update(of=BankEntry)
        .execution_options(populate_existing=True)
    ).scalar_one()


def live(entry: BankEntry) -> BankMatch | None:
    """The match that stands, if one does."""
    return db.session.scalar(
        sa.select(BankMatch).where(BankMatch.entry_id == entry.id, BankMatch.undone_at.is_(None))
    )


def history(entry: BankEntry) -> list[BankMatch]:
    """Every match it ever had, oldest first."""
    return list(
        db.session.scalars(
            sa.select(BankMatch).where(BankMatch.entry_id == entry.id).order_by(BankMatch.id)
        )
    )


def run(statement_ids: Sequence[int] | None = None, *, by: Member | None = None) -> Counts:
    """Match what is certain among all that waits (or of those statements); queue the rest."""
    query = _waiting(WAITING)
    if statement_ids is not None:
        query = query.where(BankEntry.statement_id.in_(statement_ids))
    return _match(query, by=by)


def step(limit: int = AT_A_TIME) -> Counts:
    """Match the next few that nobody has looked at yet; counts nothing where none is left.

    A transaction each: the units and invoices of a long statement are not held for minutes.
    """
    return _match(_waiting((EntryState.UNMATCHED,)).limit(limit), by=None)


def look_again() -> None:
    """Let all that is queued be looked at once more, step by step."""
    db.session.execute(
        sa.update(BankEntry)
        .where(BankEntry.state == EntryState.QUEUED, BankEntry.amount_minor > 0)
        .values(state=EntryState.UNMATCHED)
    )


def progress() -> Progress | None:
    """How far the statements are that are being looked at; None where none is."""
    new = sa.func.count().filter(BankEntry.state == EntryState.UNMATCHED)
    row = db.session.execute(
        sa.select(sa.func.count(), new).where(
            BankEntry.amount_minor > 0,
            BankEntry.statement_id.in_(
                sa.select(BankEntry.statement_id).where(BankEntry.state == EntryState.UNMATCHED)
            ),
        )
    ).one()
    return Progress(row[0] - row[1], row[0]) if row[1] else None


def _waiting(states: Sequence[EntryState]) -> sa.Select[tuple[BankEntry]]:
    return (
        sa.select(BankEntry)
        .where(BankEntry.state.in_(states), BankEntry.amount_minor > 0)
        .order_by(BankEntry.id)
        .with_for_update(of=BankEntry)
        .execution_options(populate_existing=True)
    )


def _match(query: sa.Select[tuple[BankEntry]], *, by: Member | None) -> Counts:
    intake.lock()
    counts, waiting = Counts(), db.session.scalars(query).all()
    if not waiting:
        return counts
    book, recorded = read_book(), twins.by_hand(waiting)
    for entry in waiting:
        verdict = book.judge(receipt_of(entry))
        if _settled_by_itself(entry, verdict, recorded, by=by):
            counts.matched += 1
            book.pay(verdict.certain.shares if verdict.certain else ())
        else:
            entry.state = EntryState.QUEUED
            entry.suggestions = _choices(entry, verdict, recorded)
            counts.queued += 1
    db.session.flush()
    return counts


def receipt_of(entry: BankEntry) -> Receipt:
    """The values that are judged."""
    return Receipt(
        amount=entry.amount_minor,
        text=entry.text,
        payer_name=entry.payer_name,
        payer_account=entry.payer_account,
        currency=entry.currency,
    )


def _settled_by_itself(
    entry: BankEntry, verdict: Verdict, recorded: Sequence[Payment], *, by: Member | None
) -> bool:
    """Match it if it is certain and nobody recorded it by hand; what is refused waits instead."""
    certain = verdict.certain
    if certain is None or twins.of(entry, certain.unit_id, recorded):
        return False
    try:
        with db.session.begin_nested():
            _settle(entry, Choice.of(certain, is_automatic=True), by=by)
    except Refusal:
        # A person sees the same refusal when they try, with what to do next.
        return False
    return True


def _choices(
    entry: BankEntry, verdict: Verdict, recorded: Sequence[Payment]
) -> list[dict[str, Any]]:
    units = {one.unit_id for one in verdict.ranked}
    near = [one for one in recorded if one.unit_id in units and twins.is_twin(entry, one)]
    by_hand = [
        {
            "unit": one.unit_id,
            "shares": [],
            "payment": one.id,
            "score": 90,
            "reasons": [{"code": "recorded_by_hand", "seen": one.reference}],
        }
        for one in near[:2]
    ]
    return [*by_hand, *(one.as_json() for one in verdict.ranked)][:5]


def suggested(entry: BankEntry, place: int) -> Choice:
    """What the suggestion at a place (from 1) says; raises BadMatch where there is none."""
    if not 1 <= place <= len(entry.suggestions):
        raise BadMatch(
            "There is no suggestion {place} any more; look at the booking again.", place=place
        )
    told = entry.suggestions[place - 1]
    return Choice(
        unit_id=told["unit"],
        shares=tuple((invoice, minor) for invoice, minor in told["shares"]),
        payment_id=told.get("payment"),
        score=told["score"],
        why=tuple(told["reasons"]),
    )


def accept(entry: BankEntry, choice: Choice, *, by: Member | None) -> BankMatch:
    """Make the booking a payment as a person chose.

    Raises EntryDecided where a colleague was quicker, BadMatch for invoices of two units, invoices
    that are not owed or shares that do not fit.
    """
    return _settle(lock(entry), choice, by=by)


def _settle(entry: BankEntry, choice: Choice, *, by: Member | None) -> BankMatch:
    _require_waiting(entry)
    if choice.payment_id is not None:
        payment = twins.recorded_before(entry, choice.payment_id)
    else:
        payment = _received(entry, choice, by=by)
    match = BankMatch(
        entry_id=entry.id,
        payment_id=payment.id,
        is_own_payment=choice.payment_id is None,
        is_automatic=choice.is_automatic,
        score=choice.score,
        why=list(choice.why),
        matched_by_id=None if choice.is_automatic else by and by.id,
    )
    db.session.add(match)
    _decide(entry, EntryState.MATCHED, by=None if choice.is_automatic else by)
    journal.record(entry, "matched", by=by, payment=payment.id, amount=entry.amount_minor)
    return match


def ignore(entry: BankEntry, *, by: Member | None, reason: str) -> None:
    """Say that the booking pays nothing of ours, and why. Raises EntryDecided."""
    reason = _checked(reason)
    entry = lock(entry)
    _require_waiting(entry)
    _decide(entry, EntryState.IGNORED, by=by, reason=reason)
    journal.record(entry, "ignored", by=by, reason=reason)


def undo(entry: BankEntry, *, by: Member | None, reason: str) -> None:
    """Let it wait again: its payment is reversed and what it paid is open again.

    Raises EntryDecided where nothing is decided, and whatever refuses the reversal (a closed
    period, money that went back).
    """
    reason = _checked(reason)
    entry = lock(entry)
    if entry.state in WAITING or entry.amount_minor < 0:
        raise EntryDecided("Nothing is decided on this booking, so nothing can be undone.")
    match = live(entry)
    if match is not None:
        if match.is_own_payment and match.payment.reversed_at is None:
            closing.require_open(match.payment.received_at)
            payments.reverse(match.payment, by=by, reason=reason)
        match.undone_at, match.undone_reason = clock.now(), reason
        match.undone_by_id = by.id if by else None
        db.session.flush()
    _decide(entry, EntryState.QUEUED, by=by)
    entry.suggestions = _choices(
        entry, read_book().judge(receipt_of(entry)), twins.by_hand([entry])
    )
    journal.record(entry, "match undone", by=by, reason=reason)


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise BadMatch("Say why, in 500 characters at most.")
    return reason


def _decide(entry: BankEntry, state: EntryState, *, by: Member | None, reason: str = "") -> None:
    entry.state, entry.reason = state, reason
    entry.decided_at = None if state in WAITING else clock.now()
    entry.decided_by_id = None if state in WAITING or by is None else by.id
    db.session.flush()


def _require_waiting(entry: BankEntry) -> None:
    if entry.state not in WAITING:
        raise EntryDecided
    if entry.amount_minor <= 0:
        raise BadMatch("Money that went out pays no invoice; there is nothing to match.")


def _received(entry: BankEntry, choice: Choice, *, by: Member | None) -> Payment:
    owed = _lock_owed(entry, choice)
    unit = db.session.get(Unit, choice.unit_id)
    if unit is None:
        raise BadMatch("There is no such unit; choose one that is on record.")
    new = NewPayment(
        method=PaymentMethod.TRANSFER,
        amount=entry.amount,
        reference=entry.bank_id or f"BANK {entry.statement_id}/{entry.position}",
        received_at=datetime.combine(entry.booked_on, time(), clock.LOCAL),
    )
    # The first that takes as much as it can is paid in the same breath, as of the bank's day.
    whole = next((i for i, s in owed if s == min(entry.amount, i.left)), None)
    payment = payments.receive(unit, new, invoice=whole, by=by)
    for invoice, share in owed:
        if invoice is not whole:
            ledger.allocate(payment, invoice, share, by=by)
    return payment


def _lock_owed(entry: BankEntry, choice: Choice) -> list[tuple[Invoice, Money]]:
    """The invoices of the choice with their shares, locked in the sequence of their ids."""
    shares = dict(choice.shares)
    if len(shares) != len(choice.shares) or any(share <= 0 for share in shares.values()):
        raise BadMatch("Each invoice takes one share above zero; correct the amounts.")
    if sum(shares.values()) > entry.amount_minor:
        raise BadMatch(
            "The shares come to {shares}, and {amount} came in; make them smaller.",
            words={
                "shares": Money(sum(shares.values()), entry.currency).text(),
                "amount": entry.amount.text(),
            },
        )
    owed = []
    for invoice_id in sorted(shares):
        invoice = invoices.lock(invoices.get(invoice_id))
        share = Money(shares[invoice_id], entry.currency)
        if invoice.unit_id != choice.unit_id or invoice.currency != entry.currency:
            raise BadMatch
        if not invoice.is_owed or invoice.left < share:
            raise BadMatch(
                "{open} is open on {number}, and the share is {share}; look at the invoice again.",
                words={
                    "open": (invoice.left if invoice.is_owed else Money(0)).text(),
                    "share": share.text(),
                },
                number=invoice.display_number,
            )
        owed.append((invoice, share))
    return owed
