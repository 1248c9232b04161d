"""Statements of the bank over the API: sent in, matched, and decided on."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field, ValidationError

from billing.bank import intake, matches
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.bank.matches import Choice, Counts
from billing.errors import BadMatch
from billing.models import BankEntry, BankMatch, BankStatement, EntryState
from config.database import bounded_count, db
from portal import bank_words, uploads
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import (
    LARGEST_ID,
    Amount,
    Answer,
    AskedAmount,
    Body,
    Paged,
    Query,
    Reason,
    Text,
)
from portal.idempotency import once
from portal.problems import Malformed
from portal.uploads import TooLarge

room = Blueprint("api_bank", __name__)


class StatementForm(Query):
    """Account and mapping are needed for CSV alone; the mapping is kept for the account."""

    account: Text = Field(default="", max_length=60)
    mapping: Text = Field(
        default="", max_length=4000, description="JSON: the columns, as `GET /bank` shows them."
    )


class BankStatementAnswer(Answer):
    """One statement of the file."""

    id: int
    file: str
    format: str
    account: str
    starts_on: str | None
    ends_on: str | None
    opening: Amount | None
    closing: Amount | None
    new: int = Field(description="Bookings that were not on record.")
    known: int = Field(description="Bookings that an earlier statement had brought.")


class StatementsAnswer(Answer):
    """What became of a file."""

    statements: list[BankStatementAnswer]
    matched: int
    queued: int
    # What a worker is going to look at.
    unmatched: int


class ShareAnswer(Answer):
    """What of the amount pays which invoice."""

    invoice: int
    amount: Amount


class ReasonAnswer(Answer):
    """Why, or why not."""

    code: str
    text: str


class SuggestionAnswer(Answer):
    """What a person may choose; `payment` is one that was recorded by hand before."""

    unit: int
    shares: list[ShareAnswer]
    payment: int | None
    score: int
    reasons: list[ReasonAnswer]


class BankEntryAnswer(Answer):
    """One booking of the bank."""

    id: int
    statement: int
    account: str
    booked_on: str
    amount: Amount = Field(description="Below zero for what went out.")
    payer_name: str
    payer_account: str
    text: str
    bank_id: str
    state: EntryState
    reason: str
    payment: int | None
    automatic: bool | None
    suggestions: list[SuggestionAnswer]


class EntriesQuery(Paged):
    """Of one state, or all."""

    state: EntryState | None = None


class ShareBody(Body):
    """What of the amount pays an invoice."""

    invoice: int = Field(ge=1, le=LARGEST_ID)
    amount: AskedAmount


class MatchBody(Body):
    """A suggestion by its place (from 1), or a unit with shares; the rest is the unit's balance."""

    suggestion: int | None = Field(default=None, ge=1, le=5)
    unit: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    shares: list[ShareBody] = Field(default=[], max_length=100)
    payment: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class ReasonBody(Body):
    """Why."""

    reason: Reason


def _amount(minor: int, currency: str) -> dict[str, Any]:
    return {"minor": minor, "currency": currency}


def _amount_or_none(minor: int | None, currency: str) -> dict[str, Any] | None:
    return None if minor is None else _amount(minor, currency)


def _statement(one: BankStatement) -> dict[str, Any]:
    return {
        "id": one.id,
        "file": one.file_name,
        "format": one.format,
        "account": one.account,
        "starts_on": one.starts_on.isoformat() if one.starts_on else None,
        "ends_on": one.ends_on.isoformat() if one.ends_on else None,
        "opening": _amount_or_none(one.opening_minor, one.currency),
        "closing": _amount_or_none(one.closing_minor, one.currency),
        "new": one.new_rows,
        "known": one.known_rows,
    }


def _suggestion(told: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "unit": told["unit"],
        "shares": [
            {"invoice": invoice, "amount": _amount(minor, currency)}
            for invoice, minor in told["shares"]
        ],
        "payment": told.get("payment"),
        "score": told["score"],
        "reasons": [
            {"code": one["code"], "text": bank_words.reason(one)} for one in told["reasons"]
        ],
    }


def _entries(found: Iterable[BankEntry]) -> list[dict[str, Any]]:
    rows = list(found)
    live = {
        one.entry_id: one
        for one in db.session.scalars(
            sa.select(BankMatch).where(
                BankMatch.entry_id.in_([row.id for row in rows]), BankMatch.undone_at.is_(None)
            )
        )
    }
    return [_entry(row, live.get(row.id)) for row in rows]


def _entry(one: BankEntry, match: BankMatch | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "statement": one.statement_id,
        "account": one.account,
        "booked_on": one.booked_on.isoformat(),
        "amount": _amount(one.amount_minor, one.currency),
        "payer_name": one.payer_name,
        "payer_account": one.payer_account,
        "text": one.text,
        "bank_id": one.bank_id,
        "state": one.state.value,
        "reason": one.reason,
        "payment": match.payment_id if match else None,
        "automatic": match.is_automatic if match else None,
        "suggestions": [_suggestion(told, one.currency) for told in one.suggestions],
    }


def _mapping(text: str) -> Mapping | None:
    if not text.strip():
        return None
    try:
        return Mapping.model_validate_json(text)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        raise Malformed(f"mapping: {'.'.join(map(str, first['loc']))} {first['msg']}") from None


@room.get("/bank/statements")
@may("match bank statements")
@offers(Call("List bank statements", "bank", answer=BankStatementAnswer, is_list=True))
def list_statements(query: Paged) -> Response:
    """The newest first."""
    found = sa.select(BankStatement).order_by(BankStatement.id.desc())
    total = bounded_count(found.with_only_columns(BankStatement.id), query.offset + query.per_page)
    page = db.session.scalars(found.limit(query.per_page).offset(query.offset))
    return answer({"items": [_statement(each) for each in page], "total": total})


@room.post("/bank/statements")
@uploads.takes_files()
@may("match bank statements")
@offers(
    Call("Send a bank statement", "bank", answer=StatementsAnswer, status=201, refusals=(409, 413))
)
@once
def take_in_statement(form: StatementForm) -> Response:
    """MT940, CAMT.053 or CSV in the part `file`: the whole of it or nothing.

    What is certain is matched at once; the rest waits in the queue. Of a long statement (more than
    200 new bookings) a worker does both afterwards: `unmatched` says how many it has before it.
    """
    sent = uploads.received("file")
    if len(sent.content) > uploads.largest_file():
        raise TooLarge
    by = current_member()
    file = BankFile(sent.filename, sent.content, form.account, _mapping(form.mapping))
    statements = intake.take_in(file, by=by)
    new = sum(one.new_rows for one in statements)
    is_long = new > matches.AT_ONCE
    counts = Counts() if is_long else matches.run([one.id for one in statements], by=by)
    return answer(
        {
            "statements": [_statement(one) for one in statements],
            "matched": counts.matched,
            "queued": counts.queued,
            "unmatched": new if is_long else 0,
        },
        201,
    )


@room.get("/bank/entries")
@may("match bank statements")
@offers(Call("List bookings of the bank", "bank", answer=BankEntryAnswer, is_list=True))
def list_bank_entries(query: EntriesQuery) -> Response:
    """In the sequence they came."""
    found = sa.select(BankEntry).order_by(BankEntry.id)
    if query.state is not None:
        found = found.where(BankEntry.state == query.state)
    total = bounded_count(found.with_only_columns(BankEntry.id), query.offset + query.per_page)
    page = db.session.scalars(found.limit(query.per_page).offset(query.offset))
    return answer({"items": _entries(page), "total": total})


def _choice(entry: BankEntry, body: MatchBody) -> Choice:
    if body.suggestion is not None:
        return matches.suggested(entry, body.suggestion)
    if body.unit is None:
        raise BadMatch("Choose a suggestion, or name the unit that paid.")
    if any(one.amount.currency != entry.currency for one in body.shares):
        raise BadMatch
    shares = tuple((one.invoice, one.amount.minor) for one in body.shares)
    return Choice(body.unit, shares, body.payment, why=({"code": "by_hand"},))


@room.post("/bank/entries/<int:entry_id>/match")
@may("match bank statements")
@offers(Call("Match a booking of the bank", "bank", answer=BankEntryAnswer, refusals=(404, 409)))
@once
def match_entry(entry_id: int, body: MatchBody) -> Response:
    """It becomes a payment; what pays no invoice is the unit's balance."""
    entry = matches.get(entry_id)
    matches.accept(entry, _choice(entry, body), by=current_member())
    return answer(_entries([entry])[0])


@room.post("/bank/entries/<int:entry_id>/ignore")
@may("match bank statements")
@offers(Call("Ignore a booking of the bank", "bank", answer=BankEntryAnswer, refusals=(404, 409)))
@once
def ignore_entry(entry_id: int, body: ReasonBody) -> Response:
    """It pays nothing of ours, and this is why."""
    entry = matches.get(entry_id)
    matches.ignore(entry, by=current_member(), reason=body.reason)
    return answer(_entries([entry])[0])


@room.post("/bank/entries/<int:entry_id>/undo")
@may("match bank statements")
@offers(Call("Undo a match", "bank", answer=BankEntryAnswer, refusals=(404, 409)))
@once
def undo_match(entry_id: int, body: ReasonBody) -> Response:
    """It waits again; its payment is reversed."""
    entry = matches.get(entry_id)
    matches.undo(entry, by=current_member(), reason=body.reason)
    return answer(_entries([entry])[0])
