"""The invoice run: what is complete, once, unit by unit, whatever is killed in between."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from billing import charges, credit_notes, due_charges, invoice_runs, invoices
from billing.credit_notes import NewCredit
from billing.due_charges import HeldBack
from billing.errors import NothingToInvoice, RunGoesOn
from billing.invoice_runs import NewRun
from billing.models import (
    Charge,
    ChargeKind,
    ChargeProposal,
    Grouping,
    Invoice,
    InvoiceStatus,
    ProposalStatus,
)
from billing.money import Money
from config import clock
from config.database import db, transaction
from config.errors import Invalid
from portal.rounds import invoice_runs as rounds
from rental import bookings
from rental.models import BookingStatus
from tests import build
from tests.billing.steps import STARTS, asked

AFTER = STARTS + timedelta(days=3)


@pytest.fixture(autouse=True)
def afterwards(house):
    """All stand three days after the events of these tests."""
    build.a_hall(code="H100", name="Hội trường lớn", stock=9)
    build.equipment(code="CAM", name="Máy quay", tariff="camera", stock=9)
    with clock.standing_at(AFTER):
        yield


def confirmed(*codes, unit=None):
    """A booking of the test's day, made and confirmed a month before."""
    with clock.standing_at(STARTS - timedelta(days=30)):
        booking = asked(*codes)
        if unit is not None:
            booking.unit = unit
            db.session.flush()
        bookings.confirm(booking, by=build.desk())
    return booking


def yesterday():
    return clock.yesterday()


def groups(found):
    return [[[b.id for b in group.bookings] for group in one.groups] for one in found]


def run(**over):
    with transaction():
        run_id = invoice_runs.start(NewRun(yesterday(), **over), by=None).id
    rounds.work(run_id)
    return invoice_runs.get(run_id)


def unbilled():
    return sum(one.amount_minor for one in charges.unbilled())


def test_a_hall_is_invoiced_once_its_event_is_over(house):
    booking = confirmed("H100")
    assert groups(due_charges.due(yesterday(), Grouping.BOOKING)) == [[[booking.id]]]
    before = STARTS.astimezone(clock.LOCAL).date() - timedelta(days=1)
    assert due_charges.due(before, Grouping.BOOKING) == []


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (BookingStatus.CONFIRMED, HeldBack.NOT_RETURNED),
        (BookingStatus.HANDED_OVER, HeldBack.NOT_RETURNED),
        (BookingStatus.RETURNED, None),
        (BookingStatus.NO_SHOW, None),
    ],
)
def test_equipment_is_invoiced_once_it_is_back(house, status, why):
    booking = confirmed("CAM")
    booking.status = status
    (found,) = due_charges.due(yesterday(), Grouping.BOOKING)
    assert [each.why for each in found.held] == ([why] if why else [])
    assert bool(found.groups) == (why is None)


def test_a_proposal_to_decide_holds_a_booking_back(house):
    booking = confirmed("H100")
    charge = charges.live(booking)[0]
    db.session.add(
        ChargeProposal(
            booking_id=booking.id, line_id=charge.line_id, kind=ChargeKind.DAMAGE,
            cause="damage:1", description="Hỏng", description_en="Damage", amount_minor=1_000,
            status=ProposalStatus.PROPOSED,
        )
    )  # fmt: skip
    db.session.flush()
    (found,) = due_charges.due(yesterday(), Grouping.BOOKING)
    assert [each.why for each in found.held] == [HeldBack.PROPOSAL]


def test_a_run_writes_one_draft_for_each_booking(house):
    first = confirmed("H100")
    second = confirmed("H100", unit=first.unit)
    third = confirmed("H100")
    done = run()
    assert done.finished_at is not None
    assert {row.unit_id: row.invoices for row in done.units} == {
        first.unit_id: 2,
        third.unit_id: 1,
    }
    drafts = db.session.scalars(sa.select(Invoice)).all()
    assert {one.booking_id for one in drafts} == {first.id, second.id, third.id}
    assert {one.status for one in drafts} == {InvoiceStatus.DRAFT}
    assert done.total == Money(sum(one.total_minor for one in drafts))
    assert unbilled() == 0


def test_a_run_by_unit_puts_several_bookings_on_one_invoice_and_issues_it(house):
    first = confirmed("H100")
    second = confirmed("H100", unit=first.unit)
    done = run(grouping=Grouping.UNIT, issues=True)
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert invoice.status is InvoiceStatus.OPEN
    assert invoice.booking_id is None
    assert [one.id for one in invoices.bookings_of(invoice)] == sorted([first.id, second.id])
    assert invoice.total == done.total == Money(18_000_000)
    assert invoice.snapshot["total"] == 18_000_000
    # It is credited and voided as any other: its charges wait again.
    note = credit_notes.issue(invoice, NewCredit("giảm giá", Money(1_000)), by=None)
    assert note.total == Money(1_000)


def test_a_void_invoice_of_several_bookings_releases_all_of_them(house):
    first = confirmed("H100")
    confirmed("H100", unit=first.unit)
    run(grouping=Grouping.UNIT, issues=True)
    invoices.void(db.session.scalars(sa.select(Invoice)).one(), by=None, reason="sai đơn vị")
    assert unbilled() == 18_000_000


def test_a_second_press_meets_the_run_that_goes_on(house):
    confirmed("H100")
    with transaction():
        first = invoice_runs.start(NewRun(yesterday()), by=None).id
    with pytest.raises(RunGoesOn), transaction():
        invoice_runs.start(NewRun(yesterday()), by=None)
    rounds.work(first)
    with pytest.raises(NothingToInvoice):
        invoice_runs.start(NewRun(yesterday()), by=None)


def test_a_day_to_come_is_refused(house):
    with pytest.raises(Invalid):
        invoice_runs.start(NewRun(clock.today() + timedelta(days=1)), by=None)


def test_what_cannot_be_issued_is_named_and_the_rest_goes(house):
    good, bad = confirmed("H100"), confirmed("H100")
    for charge in charges.live(bad):
        charge.amount_minor = 0
    db.session.flush()
    done = run(issues=True)
    by_unit = {row.unit_id: row for row in done.units}
    assert by_unit[good.unit_id].invoices == 1
    assert [one["bookings"] for one in by_unit[bad.unit_id].failures] == [[bad.id]]
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 1
    assert done.finished_at is not None


def test_a_worker_killed_between_invoices_leaves_whole_ones_and_the_next_goes_on(house):
    first = confirmed("H100")
    confirmed("H100", unit=first.unit)
    with transaction():
        run_id = invoice_runs.start(NewRun(yesterday(), issues=True), by=None).id
    with transaction():
        assert invoice_runs.step(invoice_runs.claim(run_id))
    # Killed in the middle of the second: its transaction is gone with it.
    with pytest.raises(KeyboardInterrupt):
        _killed_after(lambda: invoice_runs.step(invoice_runs.claim(run_id)))
    rounds.work(run_id)
    done = invoice_runs.get(run_id)
    assert done.invoices == 2
    numbers = db.session.scalars(sa.select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [1, 2]
    waits = sa.select(sa.func.count(Charge.id)).where(Charge.invoice_id.is_(None))
    assert db.session.scalar(waits) == 0


def _killed_after(deed):
    with transaction():
        deed()
        raise KeyboardInterrupt


@pytest.mark.parametrize("at_first", [1, 3, 40])
def test_a_run_finds_what_is_due_behind_many_that_are_held(house, monkeypatch, at_first):
    monkeypatch.setattr(due_charges, "AT_FIRST", at_first)
    first = confirmed("CAM")
    held = [first, *(confirmed("CAM", unit=first.unit) for _ in range(4))]
    due = [confirmed("H100", unit=first.unit) for _ in range(3)]
    done = run()
    assert [row.invoices for row in done.units] == [3]
    drafts = db.session.scalars(sa.select(Invoice).order_by(Invoice.id)).all()
    assert [one.booking_id for one in drafts] == [one.id for one in due]
    assert unbilled() == sum(one.amount_minor for each in held for one in charges.live(each))
