"""What was given up of invoices, and what came in of it after all, as amounts with their instants.

An invoice is written off with what was left of it. A payment or a credit note that comes later
recovers it, up to what was given up; one that is taken back gives it up again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing.models import Allocation, CreditNote, Invoice
from config.database import db


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An amount given up at an instant; below zero where it was recovered."""

    invoice: Invoice
    at: datetime
    minor: int


def all_until(ends: datetime) -> Iterator[GivenUp]:
    """Everything given up or recovered before an instant, invoice by invoice in time's order."""
    rows = db.session.scalars(
        sa.select(Invoice)
        .where(Invoice.written_off_at < ends)
        .options(joinedload(Invoice.unit))
        .order_by(Invoice.id)
    ).all()
    later = _later([one.id for one in rows])
    for invoice in rows:
        at, whole = invoice.written_off_at, invoice.written_off_minor or 0
        if at is None:
            continue
        yield GivenUp(invoice, at, whole)
        settled = [(when, minor) for when, minor in later.get(invoice.id, ()) if at < when < ends]
        for when, minor in recovered(whole, sorted(settled)):
            yield GivenUp(invoice, when, -minor)


def recovered(whole: int, settled: list[tuple[datetime, int]]) -> Iterator[tuple[datetime, int]]:
    """What each later payment (below zero: one taken back) recovers of what was given up. Pure."""
    level = before = 0
    for when, minor in settled:
        level += minor
        now = min(max(level, 0), whole)
        if now != before:
            yield when, now - before
        before = now


def _later(invoice_ids: list[int]) -> dict[int, list[tuple[datetime, int]]]:
    found: dict[int, list[tuple[datetime, int]]] = {}
    for one in db.session.scalars(
        sa.select(Allocation).where(Allocation.invoice_id.in_(invoice_ids))
    ):
        mine = found.setdefault(one.invoice_id, [])
        mine.append((one.allocated_at, one.amount_minor))
        if one.released_at is not None:
            mine.append((one.released_at, -one.amount_minor))
    for note in db.session.scalars(
        sa.select(CreditNote).where(CreditNote.invoice_id.in_(invoice_ids))
    ):
        found.setdefault(note.invoice_id, []).append((note.issued_at, note.total_minor))
    return found
