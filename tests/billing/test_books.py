"""A month in the books: VAT, revenue, deferred and unbilled, and the journal that balances."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from billing import bookkeeping, closing, credit_notes, invoices, month_reports, payments
from billing.credit_notes import NewCredit
from billing.models import Invoice, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from billing.vat import VatCode
from config import clock
from rental import bookings
from rental.models import Member
from tests import build
from tests.billing.steps import asked, paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")

FEBRUARY, MARCH = date(2030, 2, 1), date(2030, 3, 1)
# The event of `asked` is on 5 March 2030.
IN_FEBRUARY = datetime(2030, 2, 10, 3, tzinfo=UTC)
IN_MARCH = datetime(2030, 3, 20, 3, tzinfo=UTC)


@pytest.fixture
def issued(desk: Member) -> Iterator[Invoice]:
    """A hall (9 000 000 with tax) and a camera invoiced in February for March."""
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    with clock.standing_at(IN_FEBRUARY):
        booking = asked("H100", "CAM")
        bookings.confirm(booking, by=desk)
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
        yield invoice


def test_vat_by_code_adds_up_to_the_documents(issued: Invoice, desk: Member) -> None:
    note = credit_notes.issue(issued, NewCredit("giảm giá", Money(1_100_000)), by=desk)
    found = month_reports.parts(FEBRUARY)
    assert {part.number for part in found} == {issued.display_number, note.display_number}
    codes = month_reports.by_code(found)
    assert sum(one.net for one in codes) == issued.net_minor - note.net_minor
    assert sum(one.vat for one in codes) == issued.vat_minor - note.vat_minor
    assert [one.name for one in codes] == [VatCode("10").value]
    assert month_reports.parts(MARCH) == []


def test_a_void_invoice_keeps_its_number_and_counts_nothing(issued: Invoice, desk: Member) -> None:
    invoices.void(issued, by=desk, reason="sai đơn vị")
    found = month_reports.parts(FEBRUARY)
    assert {(part.kind, part.net, part.vat) for part in found} == {("void", 0, 0)}


def test_revenue_by_service_and_unit_comes_to_the_same(issued: Invoice, desk: Member) -> None:
    note = credit_notes.issue(issued, NewCredit("giảm giá", Money(1_100_000)), by=desk)
    assert month_reports.by_service(FEBRUARY) == month_reports.by_unit(FEBRUARY) == []
    services, units = month_reports.by_service(MARCH), month_reports.by_unit(MARCH)
    assert sum(net for _, net in services) == issued.net_minor - note.net_minor
    assert units == [(issued.unit.name, issued.net_minor - note.net_minor)]
    assert {name for name, _ in services} == {line.service for line in issued.lines}


def test_what_is_invoiced_before_its_event_is_deferred_until_then(issued: Invoice) -> None:
    assert month_reports.deferred(FEBRUARY) == issued.net
    assert month_reports.deferred(MARCH) == Money(0)


def test_what_was_rented_and_is_not_invoiced_is_unbilled(desk: Member) -> None:
    build.a_hall(code="H100")
    with clock.standing_at(IN_FEBRUARY):
        booking = asked("H100")
        bookings.confirm(booking, by=desk)
    assert month_reports.unbilled(FEBRUARY) == Money(0)
    net = month_reports.unbilled(MARCH)
    with clock.standing_at(datetime(2030, 4, 3, tzinfo=UTC)):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    # Invoiced in April it was unbilled at the end of March, and no longer at the end of April.
    assert month_reports.unbilled(MARCH) == net == invoice.net
    assert month_reports.unbilled(date(2030, 4, 1)) == Money(0)


def test_every_entry_balances_and_the_receivable_is_what_is_owed(
    issued: Invoice, desk: Member
) -> None:
    credit_notes.issue(issued, NewCredit("giảm giá", Money(1_100_000)), by=desk)
    payments.receive(issued.unit, paid_by_transfer(2_000_000), invoice=issued, by=desk)
    cash = NewPayment(PaymentMethod.CASH, Money(500_000))
    wrong = payments.receive(issued.unit, cash, invoice=issued, by=desk)
    payments.receive(issued.unit, paid_by_transfer(70_000, "FT7"), by=desk)
    payments.reverse(wrong, by=desk, reason="nhầm")
    chart = bookkeeping.accounts()
    found = bookkeeping.entries(FEBRUARY, chart)
    assert all(entry.balances for entry in found)
    sums: dict[str, int] = {}
    for entry in found:
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, 0) + posting.minor
    unit = issued.unit.slug
    assert sums[f"{chart.receivable}:{unit}"] == issued.left.minor
    assert sums[f"{chart.advance}:{unit}"] == -70_000
    assert sums[chart.money[PaymentMethod.TRANSFER]] == 2_070_000
    assert sums[chart.money[PaymentMethod.CASH]] == 0
    text = bookkeeping.hledger(found)
    assert f"2030-02-10 ({issued.display_number}) Hóa đơn | {issued.unit.name}" in text
    assert text.count("\n\n") == len(found) - 1


def test_a_closed_month_stays_what_it_was(issued: Invoice, desk: Member) -> None:
    with clock.standing_at(IN_MARCH):
        closing.close(FEBRUARY, by=desk)
        before = bookkeeping.hledger(bookkeeping.entries(FEBRUARY, bookkeeping.accounts()))
        payments.record(issued, paid_by_transfer(1_000_000), by=desk)
        credit_notes.issue(issued, NewCredit("giảm giá", Money(1000)), by=desk)
        after = bookkeeping.hledger(bookkeeping.entries(FEBRUARY, bookkeeping.accounts()))
    assert before == after
