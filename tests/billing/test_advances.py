"""Advance, part and final invoices: what is asked early is taken off in the end, to the đồng."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from billing import advances, charges, credit_notes, invoices, payments, reconciling, tax_days
from billing.credit_notes import NewCredit
from billing.errors import BadAdvance, NothingToInvoice, WrongInvoiceState
from billing.models import ChargeKind, Invoice, InvoiceKind, InvoiceStatus
from billing.money import Money
from billing.vat import VatCode
from rental import bookings
from rental.models import Booking, Member
from tests.billing.steps import STARTS, paid_by_transfer

# The hall with the tax in it, the camera with 8 % on top.
WHOLE = Money(9_000_000 + 1_296_000)
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture(autouse=True)
def before_the_rates_change() -> Iterator[None]:
    """A day of 2026, on which 8 % holds."""
    with time_machine.travel(datetime(2026, 11, 20, 3, tzinfo=ZoneInfo("UTC")), tick=False):
        yield


@pytest.fixture(autouse=True)
def all_reconciles(house: object) -> Iterator[None]:
    """Whatever a test did, Σ charges = Σ invoiced + unbilled, and nothing else differs."""
    yield
    assert not reconciling.differences()


def final_of(booking: Booking, desk: Member) -> Invoice:
    return invoices.issue(invoices.draft_for(booking), by=desk)


def test_the_final_invoice_takes_the_advance_off(booking: Booking, desk: Member) -> None:
    assert advances.standing(booking).rest == WHOLE
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    assert (advance.kind, advance.total.minor) == (InvoiceKind.ADVANCE, 3_000_000)
    assert advances.standing(booking).rest == WHOLE - Money(3_000_000)
    assert advances.standing(booking).advanced == Money(3_000_000)
    final = final_of(booking, desk)
    assert final.kind is InvoiceKind.FINAL
    assert final.total + advance.total == WHOLE
    assert not advances.standing(booking).waiting


def test_an_advance_of_all_leaves_a_final_invoice_of_nothing(
    booking: Booking, desk: Member
) -> None:
    advances.issue(booking, WHOLE, by=desk)
    final = final_of(booking, desk)
    assert (final.total.minor, final.status) == (0, InvoiceStatus.PAID)
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(booking)


def test_an_advance_is_taken_off_at_the_rate_that_it_bore(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(5_400_000), by=desk)
    assert {line.vat_code for line in advance.lines} == {VatCode.EIGHT}
    with time_machine.travel(STARTS + timedelta(days=1), tick=False):
        final = final_of(booking, desk)
    codes = {line.net.minor > 0: line.vat_code for line in final.lines}
    # 10 % on what was completed in 2030, and the 8 % of 2026 given back.
    assert codes == {True: VatCode.TEN, False: VatCode.EIGHT}
    assert sum(line.total.minor for line in final.lines if line.net.minor < 0) == -5_400_000


@pytest.mark.parametrize("minor", [0, -1, WHOLE.minor + 1])
def test_an_advance_is_a_part_of_what_is_left(booking: Booking, desk: Member, minor: int) -> None:
    with pytest.raises(BadAdvance):
        advances.issue(booking, Money(minor), by=desk)


def test_two_advances_are_not_more_than_the_whole(booking: Booking, desk: Member) -> None:
    advances.issue(booking, Money(6_000_000), by=desk)
    with pytest.raises(BadAdvance):
        advances.issue(booking, Money(6_000_000), by=desk)
    advances.issue(booking, Money(4_000_000), by=desk)
    assert final_of(booking, desk).total == WHOLE - Money(10_000_000)


def test_only_what_is_confirmed_is_invoiced_in_advance(desk: Member, booking: Booking) -> None:
    bookings.cancel(booking, by=desk, reason="x")
    with pytest.raises(BadAdvance):
        advances.issue(booking, Money(1_000), by=desk)


@pytest.mark.parametrize("percent", ["0", "-1", "100.01"])
def test_a_percentage_lies_between_nothing_and_all(percent: str) -> None:
    with pytest.raises(BadAdvance):
        advances.part_of(WHOLE, Decimal(percent))


def test_a_void_advance_leaves_nothing_behind(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    invoices.void(advance, by=desk, reason="nhầm")
    assert advances.standing(booking).rest == WHOLE
    assert {one.kind for one in charges.live(booking)} == {ChargeKind.RENTAL}
    final = final_of(booking, desk)
    assert (final.kind, final.total) == (InvoiceKind.WHOLE, WHOLE)


def test_an_advance_that_was_taken_off_is_not_voided(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    final = final_of(booking, desk)
    with pytest.raises(WrongInvoiceState):
        invoices.void(advance, by=desk, reason="nhầm")
    invoices.void(final, by=desk, reason="nhầm")


def test_what_is_credited_of_an_advance_is_not_taken_off(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(3_000_000), by=desk)
    credit_notes.issue(advance, NewCredit("giảm", Money(1_000_000)), by=desk)
    assert advances.standing(booking).rest == WHOLE - Money(2_000_000)
    credit_notes.issue(advance, NewCredit("bỏ"), by=desk)
    assert advances.standing(booking).rest == WHOLE


def test_a_draft_of_the_rest_shrinks_with_the_advance(booking: Booking, desk: Member) -> None:
    advances.issue(booking, Money(3_000_000), by=desk)
    draft = invoices.draft_for(booking)
    credit_notes.issue(advances.of(booking)[0], NewCredit("giảm", Money(1_000_000)), by=desk)
    assert draft.total == WHOLE - Money(2_000_000)


def test_paid_then_cancelled_gives_back_what_is_not_owed(booking: Booking, desk: Member) -> None:
    advance = advances.issue(booking, Money(5_000_000), by=desk)
    payments.record(advance, paid_by_transfer(5_000_000), by=desk)
    bookings.cancel(booking, by=desk, reason="x")
    owed = Money(5_000_000) - advances.standing(booking).surplus
    assert Money(0) <= owed < Money(5_000_000)
    (note,) = advances.give_back(booking, by=desk)
    assert note.total + owed == Money(5_000_000)
    assert advance.refund_due == note.total
    assert not advances.standing(booking).rest
    with pytest.raises(BadAdvance):
        advances.give_back(booking, by=desk)


def test_a_part_is_drafted_from_chosen_charges(booking: Booking, desk: Member) -> None:
    whole = invoices.draft_for(booking)
    hall, camera = whole.lines
    part = advances.draft_part(booking, [hall.charge_id or 0])
    assert (part.kind, part.total) == (InvoiceKind.PART, Money(9_000_000))
    assert [line.charge_id for line in whole.lines] == [camera.charge_id]
    invoices.issue(part, by=desk)
    final = invoices.issue(whole, by=desk)
    assert (final.kind, part.total + final.total) == (InvoiceKind.FINAL, WHOLE)


def test_a_charge_is_chosen_once(booking: Booking, desk: Member) -> None:
    first = charges.live(booking)[0]
    invoices.issue(advances.draft_part(booking, [first.id]), by=desk)
    for chosen in ([first.id], [], [999_999]):
        with pytest.raises(NothingToInvoice):
            advances.draft_part(booking, chosen)


@pytest.mark.parametrize(
    ("completed", "issued", "expected"),
    [
        # Issued before completion: its own day.
        ("2027-01-10T10:00", "2026-12-30", "2026-12-30"),
        # Completed in the year of 8 %, issued in that of 10 %: completion.
        ("2026-12-31T23:59", "2027-01-05", "2026-12-31"),
        ("2027-01-01T00:00", "2027-01-05", "2027-01-01"),
        ("2026-12-31T18:00", "2026-12-31", "2026-12-31"),
    ],
)
def test_the_rate_is_that_of_completion_or_of_an_earlier_issue(
    completed: str, issued: str, expected: str
) -> None:
    instant = datetime.fromisoformat(completed).replace(tzinfo=LOCAL)
    day = tax_days.of(instant, date.fromisoformat(issued))
    assert day == date.fromisoformat(expected)
