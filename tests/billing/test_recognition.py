"""What is invoiced early is deferred until its service is completed; what is given up is posted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import (
    advances,
    bookkeeping,
    credit_notes,
    invoices,
    ledger,
    month_reports,
    payments,
    reconciling,
    written_off,
)
from billing.credit_notes import NewCredit
from billing.models import Invoice, InvoiceStatus, WriteOff, WriteOffStatus
from billing.money import Money
from config import clock
from config.database import db
from rental import bookings
from rental.asking import Changes, WantedLine
from rental.models import Booking, Member, Role
from rental.period import Period
from tests import build
from tests.billing.steps import STARTS, asked, paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")

JANUARY, FEBRUARY, MARCH, APRIL = (date(2030, month, 1) for month in (1, 2, 3, 4))
MONTHS = (JANUARY, FEBRUARY, MARCH, APRIL)
# The event of `asked` is on 5 March 2030.
IN_FEBRUARY = datetime(2030, 2, 10, 3, tzinfo=UTC)
IN_MARCH, IN_APRIL = IN_FEBRUARY.replace(month=3), IN_FEBRUARY.replace(month=4)


@pytest.fixture
def advanced(desk: Member) -> Iterator[Booking]:
    """A hall and a camera in March, 3 300 000 of it asked in February."""
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    with clock.standing_at(IN_FEBRUARY):
        booking = asked("H100", "CAM")
        bookings.confirm(booking, by=desk)
        advances.issue(booking, Money(3_300_000), by=desk)
    yield booking
    for first in MONTHS:
        assert list(reconciling.books_of(first)) == []


def _posted(first: date) -> dict[str, int]:
    """What a month adds to each account, credit above zero."""
    found: dict[str, int] = {}
    for entry in bookkeeping.entries(first, bookkeeping.accounts()):
        assert entry.balances
        for one in entry.postings:
            found[one.account] = found.get(one.account, 0) - one.minor
    return {account: minor for account, minor in found.items() if minor}


def _earned(first: date) -> int:
    return sum(net for _service, net in month_reports.by_service(first))


def test_an_advance_is_revenue_in_the_month_of_completion(advanced: Booking) -> None:
    (advance,) = advances.of(advanced)
    deferred = bookkeeping.accounts().deferred
    assert _posted(FEBRUARY)[deferred] == advance.net_minor
    assert (_earned(FEBRUARY), month_reports.deferred(FEBRUARY)) == (0, advance.net)
    assert _posted(MARCH)[deferred] == -advance.net_minor
    assert (_earned(MARCH), month_reports.deferred(MARCH)) == (advance.net_minor, Money(0))


@pytest.mark.parametrize(
    ("when", "month"),
    [
        # Before completion all of it waits; after it, all of it is earned.
        (IN_FEBRUARY + timedelta(days=3), MARCH),
        (IN_MARCH, MARCH),
        # Invoiced a month late: what was not advanced is revenue of the invoice's month.
        (IN_APRIL, APRIL),
    ],
)
def test_advance_and_final_invoice_come_to_the_whole(
    advanced: Booking, desk: Member, when: datetime, month: date
) -> None:
    (advance,) = advances.of(advanced)
    with clock.standing_at(when):
        final = invoices.issue(invoices.draft_for(advanced), by=desk)
    whole = advance.net_minor + final.net_minor
    assert [_earned(first) for first in (JANUARY, FEBRUARY)] == [0, 0]
    assert _earned(MARCH) + _earned(APRIL) == whole
    assert _earned(MARCH) == (whole if month is MARCH else advance.net_minor)
    assert not month_reports.deferred(MARCH)


@pytest.mark.parametrize(("when", "deferred_in_february"), [(IN_FEBRUARY, 0), (IN_MARCH, 1)])
def test_what_is_credited_of_an_advance_goes_off_where_it_stands(
    advanced: Booking, desk: Member, when: datetime, deferred_in_february: int
) -> None:
    (advance,) = advances.of(advanced)
    with clock.standing_at(when):
        note = credit_notes.issue(advance, NewCredit("giảm", Money(1_100_000)), by=desk)
    left = advance.net - Money(note.net_minor)
    expected = advance.net if deferred_in_february else left
    assert month_reports.deferred(FEBRUARY) == expected
    assert _earned(MARCH) == left.minor


def test_a_void_advance_was_never_deferred(advanced: Booking, desk: Member) -> None:
    with clock.standing_at(IN_FEBRUARY):
        invoices.void(advances.of(advanced)[0], by=desk, reason="nhầm")
    assert not month_reports.deferred(FEBRUARY)
    assert _posted(MARCH) == {}


def test_an_advance_follows_its_booking_to_another_month(advanced: Booking, desk: Member) -> None:
    (advance,) = advances.of(advanced)
    with clock.standing_at(IN_FEBRUARY):
        later = Period(STARTS + timedelta(days=31), STARTS + timedelta(days=31, hours=4))
        lines = [WantedLine(code, 1, later) for code in ("H100", "CAM")]
        bookings.change(advanced, Changes(lines=lines), by=desk)
    assert (_earned(MARCH), month_reports.deferred(MARCH)) == (0, advance.net)
    assert _earned(APRIL) == advance.net_minor


def test_what_ends_at_midnight_is_completed_on_the_day_before(desk: Member) -> None:
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    with clock.standing_at(IN_FEBRUARY):
        # 5 March 09:00 until 1 April 00:00 in Ho Chi Minh City.
        booking = asked("CAM", hours=26 * 24 + 15)
        bookings.confirm(booking, by=desk)
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert (_earned(MARCH), _earned(APRIL)) == (invoice.net_minor, 0)


@pytest.fixture
def given_up(advanced: Booking, desk: Member) -> Invoice:
    """A final invoice of March of which 1 000 000 was paid and the rest written off in April."""
    with clock.standing_at(IN_MARCH):
        final = invoices.issue(invoices.draft_for(advanced), by=desk)
        payments.record(final, paid_by_transfer(1_000_000), by=desk)
    with clock.standing_at(IN_APRIL):
        invoices.write_off(final, by=desk, reason="giải thể")
    return final


def test_what_is_written_off_is_an_expense_and_no_longer_owed(given_up: Invoice) -> None:
    chart, left = bookkeeping.accounts(), given_up.left.minor
    posted = _posted(APRIL)
    assert posted[chart.written_off] == -left
    assert posted[f"{chart.receivable}:{given_up.unit.slug}"] == left
    assert left == given_up.written_off_minor


def test_what_comes_in_after_all_is_recovered_and_given_up_again(
    given_up: Invoice, desk: Member
) -> None:
    chart, left = bookkeeping.accounts(), given_up.left.minor
    with clock.standing_at(IN_APRIL + timedelta(hours=1)):
        payment = payments.record(given_up, paid_by_transfer(left, "FT2"), by=desk)
    assert given_up.status is InvoiceStatus.PAID
    assert chart.written_off not in _posted(APRIL)
    with clock.standing_at(IN_APRIL + timedelta(hours=2)):
        (allocation,) = ledger.live(payment)
        ledger.release(allocation, by=desk, reason="nhầm")
    assert given_up.status is InvoiceStatus.UNCOLLECTIBLE
    assert _posted(APRIL)[chart.written_off] == -left


def test_a_credit_note_recovers_no_more_than_was_given_up(given_up: Invoice, desk: Member) -> None:
    chart, left = bookkeeping.accounts(), given_up.left.minor
    with clock.standing_at(IN_APRIL + timedelta(hours=1)):
        credit_notes.issue(given_up, NewCredit("giảm", Money(left + 500_000)), by=desk)
    posted = _posted(APRIL)
    assert chart.written_off not in posted
    assert posted[f"{chart.receivable}:{given_up.unit.slug}"] == left + 500_000


def test_doctor_names_a_write_off_that_is_not_what_was_decided(
    given_up: Invoice, desk: Member
) -> None:
    director = build.a_member(unit=desk.unit, role=Role.DIRECTOR)
    db.session.add(
        WriteOff(
            invoice_id=given_up.id,
            status=WriteOffStatus.APPROVED,
            reason="giải thể",
            amount_minor=7,
            proposed_at=clock.now(),
            proposed_by_id=desk.id,
            decided_at=clock.now(),
            decided_by_id=director.id,
        )
    )
    db.session.flush()
    (found,) = reconciling.differences()
    assert "was written off and the approved proposal says 7" in found.sentence


@given(st.integers(0, 10**9), st.lists(st.integers(-(10**9), 10**9), max_size=12))
def test_what_is_recovered_stays_between_nothing_and_all(whole: int, steps: list[int]) -> None:
    settled = [(IN_APRIL + timedelta(minutes=n), minor) for n, minor in enumerate(steps)]
    running = 0
    for _at, minor in written_off.recovered(whole, settled):
        running += minor
        assert 0 <= running <= whole
    assert running == min(max(sum(steps), 0), whole)
