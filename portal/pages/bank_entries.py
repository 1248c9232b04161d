"""Bookings of the bank, decided one after the other: matched, ignored, undone. Made for keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing import invoices
from billing.bank import matches
from billing.bank.matches import Choice
from billing.errors import BadMatch
from billing.models import (
    COLLECTING,
    WAITING,
    BankEntry,
    BankMatch,
    EntryState,
    Invoice,
    Payment,
)
from billing.money import Money
from billing.spelling import core
from config.database import bounded_count, db, transaction
from portal import bank_words
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import BadField, Listing
from portal.pages.states import State
from rental.models import Unit

pages = Blueprint("bank_entries", __name__, url_prefix="/bank/entries")

STATES = {
    "unmatched": State("calm", "circle-dashed", lazy_gettext("Not looked at")),
    "queued": State("warn", "hourglass", lazy_gettext("Waits")),
    "matched": State("good", "circle-check", lazy_gettext("Matched")),
    "ignored": State("calm", "ban", lazy_gettext("Ignored")),
}
FOUND = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion as the page shows it; `place` is what is sent back."""

    place: int
    unit: Unit
    shares: list[tuple[Invoice, Money]]
    payment: Payment | None
    score: int
    reasons: list[dict[str, Any]]

    @property
    def is_open(self) -> bool:
        """Whether every invoice of it is still owed as much."""
        return all(one.is_owed and share <= one.left for one, share in self.shares)


def offers(entries: Sequence[BankEntry]) -> dict[int, list[Offer]]:
    """The suggestions of each booking with their records; those that no longer fit are left out."""
    told = [one for entry in entries for one in entry.suggestions]
    owed = _by_id(Invoice, {invoice for one in told for invoice, _minor in one["shares"]})
    units = _by_id(Unit, {one["unit"] for one in told})
    received = _by_id(Payment, {one["payment"] for one in told if one.get("payment")})
    found: dict[int, list[Offer]] = {}
    for entry in entries:
        made = [
            Offer(
                place,
                units[one["unit"]],
                [(owed[invoice], Money(minor, entry.currency)) for invoice, minor in one["shares"]],
                received.get(one.get("payment")),
                one["score"],
                one["reasons"],
            )
            for place, one in enumerate(entry.suggestions, start=1)
        ]
        found[entry.id] = [one for one in made if one.is_open]
    return found


def _by_id(model: Any, ids: set[int]) -> dict[Any, Any]:
    if not ids:
        return {}
    return {one.id: one for one in db.session.scalars(sa.select(model).where(model.id.in_(ids)))}


def _counts() -> dict[str, int]:
    rows = db.session.execute(
        sa.select(BankEntry.state, sa.func.count()).group_by(BankEntry.state)
    ).tuples()
    counted = {state.value: count for state, count in rows}
    counted["queued"] = counted.get("queued", 0) + counted.pop("unmatched", 0)
    return counted


def _live(entries: Sequence[BankEntry]) -> dict[int, BankMatch]:
    rows = db.session.scalars(
        sa.select(BankMatch)
        .options(
            joinedload(BankMatch.payment).joinedload(Payment.unit),
            joinedload(BankMatch.matched_by),
        )
        .where(BankMatch.entry_id.in_([one.id for one in entries]), BankMatch.undone_at.is_(None))
    )
    return {one.entry_id: one for one in rows}


@pages.get("")
@may("match bank statements")
def index() -> str:
    """What waits first; matched and ignored bookings are a tab away."""
    state = reading.word(request.args, "state", EntryState) or EntryState.QUEUED
    asked = WAITING if state in WAITING else (state,)
    query = sa.select(BankEntry).where(BankEntry.state.in_(asked))
    newest = state not in WAITING
    page = reading.page_number()
    rows = db.session.scalars(
        query.order_by(BankEntry.id.desc() if newest else BankEntry.id)
        .limit(reading.PER_PAGE)
        .offset((page - 1) * reading.PER_PAGE)
    ).all()
    total = bounded_count(query.with_only_columns(BankEntry.id), page * reading.PER_PAGE)
    done = reading.integer(request.args, "done")
    return render_template(
        "bank/entries.html",
        listing=Listing(list(rows), total, page),
        state=state.value if state not in WAITING else "queued",
        counts=_counts(),
        offers=offers(rows) if state in WAITING else {},
        live=_live(rows) if state is EntryState.MATCHED else {},
        done=db.session.get(BankEntry, done) if done else None,
        states=STATES,
        reason=bank_words.reason,
        against=bank_words.AGAINST,
        went_out=bank_words.went_out,
    )


@pages.get("/<int:entry_id>")
@may("match bank statements")
def show(entry_id: int) -> str:
    """One booking: its suggestions, a search over what is owed, a split, and its history."""
    entry = matches.get(entry_id)
    q = request.args.get("q", "").strip()[:100]
    found = _search(q) if q else []
    return render_template(
        "bank/entry.html",
        entry=entry,
        offers=offers([entry])[entry.id] if entry.state in WAITING else [],
        q=q,
        found=found,
        units=_units(q) if q else [],
        history=matches.history(entry),
        live=_live([entry]).get(entry.id),
        waits=entry.state in WAITING,
        states=STATES,
        reason=bank_words.reason,
        against=bank_words.AGAINST,
        went_out=bank_words.went_out,
    )


def _search(q: str) -> list[Invoice]:
    """Invoices that are owed, by number, reference or the unit's name, without regard to marks."""
    compact = "".join(c for c in q if c.isalnum())
    digits = sa.func.lpad(sa.cast(Invoice.number, sa.String), 8, "0")
    units = [one.id for one in _units(q)]
    written = [
        sa.func.replace(Invoice.reference, "-", "").ilike(f"%{compact}%"),
        sa.func.concat(Invoice.symbol, digits).ilike(f"%{compact}%"),
    ]
    return list(
        db.session.scalars(
            sa.select(Invoice)
            .options(joinedload(Invoice.unit))
            .where(
                Invoice.status.in_(COLLECTING),
                sa.or_(Invoice.unit_id.in_(units), *(written if compact else ())),
            )
            .order_by(Invoice.due_on, Invoice.id)
            .limit(FOUND)
        )
    )


def _units(q: str) -> list[Unit]:
    wanted = core(q)
    found = [
        one
        for one in db.session.scalars(sa.select(Unit).where(~Unit.is_centre).order_by(Unit.id))
        if wanted and all(any(w.startswith(word) for w in core(one.name)) for word in wanted)
    ]
    return found[:FOUND]


def _onward(entry_id: int) -> Response:
    """Back to the queue, at the booking that comes next."""
    following = db.session.scalar(
        sa.select(BankEntry.id)
        .where(BankEntry.state.in_(WAITING), BankEntry.id > entry_id)
        .order_by(BankEntry.id)
        .limit(1)
    )
    anchor = f"entry-{following}" if following else None
    return redirect(url_for(".index", done=entry_id, _anchor=anchor))


@pages.post("/<int:entry_id>/match")
@may("match bank statements")
def match(entry_id: int) -> Response:
    """Match it by a suggestion, or by the invoices and amounts chosen."""
    with transaction():
        entry = matches.get(entry_id)
        matches.accept(entry, _chosen(entry), by=current_member())
        amount = entry.amount.text()
    flash(_("Matched: %(amount)s. Press u to undo it.", amount=amount), "good")
    return _onward(entry_id)


def _chosen(entry: BankEntry) -> Choice:
    place = reading.integer(request.form, "suggestion")
    if place is not None:
        return matches.suggested(entry, place)
    chosen = [invoices.get(int(each)) for each in request.form.getlist("invoice") if each.isdigit()]
    unit_id = chosen[0].unit_id if chosen else reading.integer(request.form, "unit")
    if unit_id is None:
        raise BadMatch(_("Choose a suggestion, or an invoice or unit that the search finds."))
    rest, shares = entry.amount_minor, []
    for one in chosen:
        typed = request.form.get(f"share-{one.id}", "").strip()
        share = _dong(typed) if typed else min(rest, one.left.minor)
        shares.append((one.id, share))
        rest -= share
    return Choice(unit_id, tuple(shares), why=({"code": "by_hand"},))


def _dong(text: str) -> int:
    """Whole đồng as typed: dots, commas and spaces between the thousands are read over."""
    digits = "".join(c for c in text if c not in " .,₫đ\N{NO-BREAK SPACE}")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 13:
        raise BadField(_("Write the amount in whole đồng, such as 1.500.000."))
    return int(digits)


@pages.post("/<int:entry_id>/ignore")
@may("match bank statements")
def ignore(entry_id: int) -> Response:
    """Say that it pays nothing of ours, and why."""
    with transaction():
        matches.ignore(
            matches.get(entry_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Ignored. Press u to undo it."), "good")
    return _onward(entry_id)


@pages.post("/<int:entry_id>/undo")
@may("match bank statements")
def undo(entry_id: int) -> Response:
    """Let it wait again; its payment is reversed."""
    with transaction():
        matches.undo(
            matches.get(entry_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Undone. It waits again, and what it paid is open."), "good")
    return redirect(url_for(".index", _anchor=f"entry-{entry_id}"))


@pages.post("/again")
@may("match bank statements")
def again() -> Response:
    """Look once more for what all that waits may pay: invoices came or were paid since."""
    with transaction():
        queued = bounded_count(
            sa.select(BankEntry.id).where(BankEntry.state == EntryState.QUEUED), matches.AT_ONCE
        )
        if queued > matches.AT_ONCE:
            matches.look_again()
            return redirect(url_for("bank.index"))
        counts = matches.run(by=current_member())
    flash(_("Matched by themselves: %(count)s.", count=counts.matched), "good")
    return redirect(url_for(".index"))
