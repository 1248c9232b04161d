"""Which invoices a list holds, and what they come to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing import credit_notes, invoice_search, invoices, payments
from billing.credit_notes import NewCredit
from billing.invoice_search import Sorting, SoughtInvoices, Together
from billing.models import InvoiceKind, InvoiceStatus
from billing.money import Money
from config import clock
from config.database import db
from rental import bookings
from tests import build
from tests.billing.steps import asked, paid_by_transfer

NOTHING = Money(0)


def found(**over):
    return set(db.session.scalars(invoice_search.narrowed(SoughtInvoices(**over))))


def in_line(sorting):
    return list(db.session.scalars(invoice_search.in_line(SoughtInvoices(sorting=sorting))))


@pytest.fixture
def draft(open_invoice, desk):
    """A second invoice, of another unit, not issued: a camera, 1 200 000 without tax."""
    booking = asked("CAM")
    bookings.confirm(booking, by=desk)
    return invoices.draft_for(booking)


@pytest.mark.parametrize(
    ("over", "keeps"),
    [
        ({}, "both"),
        ({"statuses": [InvoiceStatus.OPEN]}, "open"),
        ({"statuses": [InvoiceStatus.DRAFT, InvoiceStatus.OPEN]}, "both"),
        ({"kinds": [InvoiceKind.ADVANCE]}, "none"),
        ({"kinds": [InvoiceKind.WHOLE]}, "both"),
        ({"least": 2_000_000}, "open"),
        ({"most": 2_000_000}, "draft"),
        ({"least": 10**15}, "none"),
        ({"unit": "nobody"}, "none"),
        ({"text": "%"}, "none"),  # a text without letters names nothing, and is no pattern
        ({"text": "_"}, "none"),
    ],
)
def test_a_filter_keeps_what_it_names(over, keeps, open_invoice, draft):
    kept = {"both": {open_invoice.id, draft.id}, "open": {open_invoice.id}, "draft": {draft.id}}
    assert found(**over) == kept.get(keeps, set())


def test_a_text_finds_a_number_or_a_reference_however_it_is_separated(open_invoice, draft):
    for text in (
        open_invoice.display_number,
        open_invoice.display_number.replace("-", " "),
        open_invoice.reference.lower(),
        open_invoice.reference.replace("-", ""),
    ):
        assert found(text=text) == {open_invoice.id}
    assert found(text=draft.reference) == {draft.id}


def test_a_month_is_that_of_the_tax_date_and_a_draft_stands_in_none(open_invoice, draft):
    assert found(month=open_invoice.tax_date) == {open_invoice.id}
    open_invoice.tax_date = date(2026, 10, 31)
    db.session.flush()
    assert found(month=date(2026, 10, 1)) == {open_invoice.id}
    assert found(month=date(2026, 11, 1)) == set()
    assert draft.id in found()


def test_overdue_is_open_after_its_last_day(open_invoice, draft):
    open_invoice.due_on = clock.today()
    db.session.flush()
    assert found(is_overdue=True) == set()
    open_invoice.due_on = clock.today() - timedelta(days=1)
    db.session.flush()
    assert found(is_overdue=True) == {open_invoice.id}


def test_a_unit_finds_its_own_without_drafts(open_invoice, draft):
    assert found(only_unit_id=open_invoice.unit_id) == {open_invoice.id}
    assert found(only_unit_id=draft.unit_id) == set()
    # Naming another unit opens nothing.
    assert found(only_unit_id=draft.unit_id, unit=open_invoice.unit.slug) == set()


def test_the_sums_are_those_of_the_rows(open_invoice, draft, desk):
    payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    credit_notes.issue(open_invoice, NewCredit("giảm", Money(500_000)), by=desk)
    [all_] = invoice_search.together(SoughtInvoices())
    assert all_.count == 2
    assert all_.total == open_invoice.total + draft.total == all_.net + all_.vat
    assert (all_.paid, all_.credited) == (Money(1_000_000), Money(500_000))
    # A draft is not owed yet.
    assert all_.left == open_invoice.left == open_invoice.total - Money(1_500_000)


def test_a_void_invoice_counts_as_one_and_comes_to_nothing(open_invoice, desk):
    invoices.void(open_invoice, by=desk, reason="sai")
    assert invoice_search.together(SoughtInvoices()) == [
        Together(1, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    ]


def test_nothing_found_comes_to_nothing(house):
    assert invoice_search.together(SoughtInvoices()) == []


def test_every_sorting_keeps_all_of_them(open_invoice, draft):
    first = {
        Sorting.NEWEST: draft,
        Sorting.OLDEST: open_invoice,
        Sorting.DUE: open_invoice,  # a draft has no due day
        Sorting.LARGEST: open_invoice,
        Sorting.MOST_LEFT: open_invoice,
    }
    for sorting in Sorting:
        rows = in_line(sorting)
        assert {one.id for one in rows} == {open_invoice.id, draft.id}
        assert rows[0] is first.get(sorting, rows[0])
    by_unit = [one.unit.name for one in in_line(Sorting.UNIT)]
    assert len(by_unit) == 2


def test_what_is_written_out_is_the_list(open_invoice, draft):
    wanted = SoughtInvoices(sorting=Sorting.OLDEST)
    rows = db.session.execute(invoice_search.written_out(wanted)).all()
    assert [row[0] for row in rows] == [open_invoice.display_number, None]
    assert rows[0][-1] == open_invoice.left.minor
    narrowed = replace(wanted, statuses=[InvoiceStatus.DRAFT])
    assert [row[1] for row in db.session.execute(invoice_search.written_out(narrowed))] == [
        draft.reference
    ]


def test_a_unit_in_two_words_is_found_by_its_code(open_invoice):
    other = build.a_unit()
    assert found(unit=open_invoice.unit.slug) == {open_invoice.id}
    assert found(unit=other.slug) == set()
