"""The invoice run: everything complete up to a day becomes invoices, unit by unit.

Each invoice is committed with the count of its unit, so a killed worker leaves whole invoices
behind, and whoever goes on finds only what is left.
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from billing import due_charges, invoices
from billing.due_charges import Group
from billing.errors import NothingToInvoice, RunGoesOn, UnknownRun
from billing.models import Grouping, InvoiceRun, RunUnit
from config import clock
from config.database import db
from config.errors import Invalid, Refusal
from rental import journal
from rental.models import Member


@dataclass(frozen=True, slots=True)
class NewRun:
    """Up to which local day, what goes on one invoice, and whether it is issued at once."""

    until: date
    grouping: Grouping = Grouping.BOOKING
    issues: bool = False


def start(wanted: NewRun, *, by: Member | None) -> InvoiceRun:
    """Write a run and its units; a worker does it. Raises RunGoesOn while another is not through.

    Raises Invalid for a day that is not over, NothingToInvoice where nothing is complete.
    """
    if wanted.until > clock.today():
        raise Invalid("The day is still to come; invoice up to today at most.")
    found = [one for one in due_charges.due(wanted.until, wanted.grouping) if one.groups]
    if not found:
        raise NothingToInvoice(
            "Nothing that is complete up to {day} waits for an invoice; look at what is held back.",
            words={"day": f"{wanted.until:%d/%m/%Y}"},
        )
    run_id = db.session.scalar(
        insert(InvoiceRun)
        .values(
            until=wanted.until,
            grouping=wanted.grouping,
            issues=wanted.issues,
            started_at=clock.now(),
            started_by_id=by.id if by else None,
        )
        .on_conflict_do_nothing()
        .returning(InvoiceRun.id)
    )
    if run_id is None:
        raise RunGoesOn
    db.session.add_all(RunUnit(run_id=run_id, unit_id=one.unit.id) for one in found)
    db.session.flush()
    run = db.session.get_one(InvoiceRun, run_id)
    journal.record(run, "started", by=by, until=wanted.until.isoformat())
    return run


def get(run_id: int) -> InvoiceRun:
    """The run with its units; raises UnknownRun."""
    run = db.session.scalar(
        sa.select(InvoiceRun)
        .where(InvoiceRun.id == run_id)
        .options(selectinload(InvoiceRun.units).joinedload(RunUnit.unit))
    )
    if run is None:
        raise UnknownRun
    return run


def recent(limit: int = 10) -> list[InvoiceRun]:
    """The latest runs, newest first."""
    return list(
        db.session.scalars(
            sa.select(InvoiceRun)
            .options(selectinload(InvoiceRun.units))
            .order_by(InvoiceRun.id.desc())
            .limit(limit)
        )
    )


def going_on() -> InvoiceRun | None:
    """The run that is not through yet."""
    return db.session.scalar(sa.select(InvoiceRun).where(InvoiceRun.finished_at.is_(None)))


def claim(run_id: int | None = None) -> RunUnit | None:
    """A unit that waits and nobody works on, locked until the commit; None where there is none."""
    query = (
        sa.select(RunUnit)
        .join(InvoiceRun, InvoiceRun.id == RunUnit.run_id)
        .where(RunUnit.finished_at.is_(None), InvoiceRun.finished_at.is_(None))
        .order_by(RunUnit.id)
        .limit(1)
        .with_for_update(of=RunUnit, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if run_id is not None:
        query = query.where(RunUnit.run_id == run_id)
    return db.session.scalar(query)


def step(claimed: RunUnit) -> bool:
    """Write the next invoice of a claimed unit and count it; False where none is left.

    Raises StepRefused where it cannot be written: roll back, then `note_failure`.
    """
    run = claimed.run
    tried = [failure["bookings"] for failure in claimed.failures]
    group = _next_group(claimed, tried)
    if group is None:
        claimed.finished_at = clock.now()
        db.session.flush()
        return False
    try:
        invoice = invoices.draft_of(group.bookings, [one.id for one in group.charges])
        if run.issues:
            invoice = invoices.issue(invoice, by=run.started_by)
    except Refusal as refusal:
        raise StepRefused(group.key, refusal) from refusal
    claimed.invoices += 1
    claimed.total_minor += invoice.total_minor
    db.session.flush()
    return True


class StepRefused(Exception):  # noqa: N818  # what the run does about a refusal, not an error
    """One invoice of a run could not be written."""

    def __init__(self, bookings: list[int], refusal: Refusal) -> None:
        """Keep which, and why."""
        super().__init__(refusal.message)
        self.bookings = bookings
        self.refusal = refusal


def note_failure(run_unit_id: int, refused: StepRefused) -> None:
    """Remember, in a transaction of its own, what the run goes on without."""
    row = db.session.get_one(RunUnit, run_unit_id, with_for_update=True)
    row.failures = [
        *row.failures,
        {"bookings": refused.bookings, "words": refused.refusal.message},
    ]
    db.session.flush()


def finish(run_id: int | None = None) -> list[InvoiceRun]:
    """Close the runs of which no unit waits any more."""
    waits = sa.exists().where(RunUnit.run_id == InvoiceRun.id, RunUnit.finished_at.is_(None))
    query = sa.select(InvoiceRun).where(InvoiceRun.finished_at.is_(None), ~waits)
    if run_id is not None:
        query = query.where(InvoiceRun.id == run_id)
    through = list(db.session.scalars(query.with_for_update(skip_locked=True)))
    for run in through:
        run.finished_at = clock.now()
    db.session.flush()
    return through


def _next_group(claimed: RunUnit, tried: list[list[int]]) -> Group | None:
    run = claimed.run
    if Grouping(run.grouping) is Grouping.BOOKING:
        return due_charges.first(run.until, claimed.unit_id, tried)
    found = due_charges.due(run.until, Grouping.UNIT, claimed.unit_id)
    groups = found[0].groups if found else ()
    return next((group for group in groups if group.key not in tried), None)
