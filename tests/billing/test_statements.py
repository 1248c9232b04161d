"""A statement: opening, entries, balance after each, ages, closing, to the đồng."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import credit_notes, invoices, ledger, payments, statements
from billing.credit_notes import NewCredit
from billing.errors import BadStatement
from billing.models import InvoiceStatus, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from config.database import db


def paid(invoice, minor, reference="FT1", at=None):
    new = NewPayment(PaymentMethod.TRANSFER, Money(minor), reference, at)
    return payments.record(invoice, new, by=None)


def today_of(unit):
    today = clock.today()
    return statements.of(unit, today - timedelta(days=30), today)


def kinds(statement):
    return [(one.kind.value, one.amount.minor) for one in statement.entries]


def test_entries_stand_in_their_order_with_the_balance_after_each(open_invoice, desk):
    credit_notes.issue(open_invoice, NewCredit("giảm giá", Money(296_000)), by=desk)
    paid(open_invoice, 5_000_000)
    whole = open_invoice.total_minor
    found = today_of(open_invoice.unit)
    assert found.opening == Money(0)
    assert kinds(found) == [
        ("invoice", whole), ("credit_note", -296_000), ("payment", -5_000_000),
    ]  # fmt: skip
    assert [one.balance.minor for one in found.entries] == [
        whole, whole - 296_000, whole - 5_296_000,
    ]  # fmt: skip
    assert found.closing == open_invoice.left
    assert (found.debits - found.credits) + found.opening == found.closing
    assert found.aged.total == open_invoice.left
    assert not found.unallocated
    assert not found.given_up


def test_what_lies_before_the_period_is_the_opening(open_invoice):
    paid(open_invoice, 1_000_000)
    tomorrow = clock.today() + timedelta(days=1)
    with clock.standing_at(clock.now() + timedelta(days=3)):
        found = statements.of(open_invoice.unit, tomorrow, tomorrow)
    assert found.entries == []
    assert found.opening == found.closing == open_invoice.left


def test_an_earlier_day_shows_what_was_open_then(open_invoice):
    later = clock.now() + timedelta(days=40)
    with clock.standing_at(later):
        paid(open_invoice, open_invoice.total_minor)
        day = clock.today()
        before = statements.of(open_invoice.unit, day - timedelta(days=60), day - timedelta(days=1))
        now = statements.of(open_invoice.unit, day - timedelta(days=60), day)
    assert before.aged.total == before.closing == open_invoice.total
    assert before.aged.overdue == open_invoice.total
    assert not now.aged.total
    assert not now.closing


def test_a_payment_counts_on_the_local_day_it_was_received(open_invoice):
    with clock.standing_at(clock.now() + timedelta(days=10)):
        today = clock.today()
        midnight = datetime.combine(today, time(), clock.LOCAL).astimezone(UTC)
        paid(open_invoice, 1, "FT-before", midnight - timedelta(seconds=1))
        paid(open_invoice, 2, "FT-after", midnight)
        found = statements.of(open_invoice.unit, today, today)
    assert kinds(found) == [("payment", -2)]
    assert found.opening == open_invoice.total - Money(1)


def test_a_void_invoice_was_never_owed_and_a_draft_is_not_yet(booking, open_invoice, desk):
    invoices.void(open_invoice, by=desk, reason="sai tên")
    invoices.draft_for(booking)
    assert today_of(open_invoice.unit).entries == []


def test_what_is_given_up_is_owed_all_the_same_and_named_apart(open_invoice, desk):
    invoices.write_off(open_invoice, by=desk, reason="giải thể")
    found = today_of(open_invoice.unit)
    assert (found.closing, found.given_up) == (open_invoice.total, open_invoice.total)
    assert not found.aged.total


def test_paid_and_then_credited_is_the_units(open_invoice, desk):
    paid(open_invoice, open_invoice.total_minor)
    credit_notes.issue(open_invoice, NewCredit("hủy một phần", Money(700_000)), by=desk)
    found = today_of(open_invoice.unit)
    assert found.closing == Money(-700_000)
    assert found.unallocated == Money(700_000) == open_invoice.refund_due


def test_a_unit_sees_nothing_of_another(open_invoice, desk):
    found = today_of(desk.unit)
    assert (found.entries, found.opening, found.closing) == ([], Money(0), Money(0))


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 2, 2), date(2026, 2, 1)), (date(2020, 1, 1), date(2026, 1, 1))],
)
def test_days_that_cannot_be_are_refused(open_invoice, first, last):
    with pytest.raises(BadStatement):
        statements.of(open_invoice.unit, first, last)


def test_more_than_was_asked_for_is_the_units_balance(open_invoice):
    unit, whole = open_invoice.unit, open_invoice.total_minor
    new = NewPayment(PaymentMethod.TRANSFER, Money(whole + 250_000), "FT1")
    payments.receive(unit, new, invoice=open_invoice, by=None)
    found = today_of(unit)
    assert found.closing == Money(-250_000)
    assert found.unallocated == Money(250_000) == ledger.balance(unit)
    assert not found.aged.total


def test_money_without_an_invoice_stands_on_the_statement_and_pays_later(open_invoice):
    unit = open_invoice.unit
    new = NewPayment(PaymentMethod.TRANSFER, Money(400_000), "FT1")
    payments.receive(unit, new, by=None)
    before = today_of(unit)
    assert before.aged.total == open_invoice.total
    assert before.unallocated == Money(400_000)
    ledger.use_balance(open_invoice, by=None)
    after = today_of(unit)
    assert (after.closing, after.unallocated) == (before.closing, Money(0))
    assert after.aged.total == open_invoice.left


def test_a_payment_taken_back_leaves_earlier_days_as_they_were_told(open_invoice):
    payment = paid(open_invoice, 900_000)
    day = clock.today()
    told = statements.of(open_invoice.unit, day, day)
    with clock.standing_at(clock.now() + timedelta(days=6)):
        payments.reverse(payment, by=None, reason="ngân hàng thu hồi")
        again = statements.of(open_invoice.unit, day, day)
        now = statements.of(open_invoice.unit, day, clock.today())
    assert (again.closing, kinds(again), again.aged) == (told.closing, kinds(told), told.aged)
    assert kinds(now)[-1] == ("reversal", 900_000)
    assert now.closing == open_invoice.total == now.aged.total


DEEDS = st.lists(
    st.tuples(st.sampled_from(("pay", "credit", "write off", "wait")), st.integers(1, 3_000_000)),
    max_size=8,
)


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=DEEDS, cut=st.integers(0, 40))
def test_any_sequence_of_deeds_adds_up_and_may_be_cut_on_any_day(open_invoice, deeds, cut):
    start = clock.now()
    nested = db.session.begin_nested()
    try:
        invoice, at = open_invoice, start
        for number, (deed, minor) in enumerate(deeds):
            at += timedelta(days=5 if deed == "wait" else 1)
            with clock.standing_at(at):
                _do(invoice, deed, minor, f"FT{number}")
        with clock.standing_at(start + timedelta(days=45)):
            today, day = clock.today(), start.date() + timedelta(days=cut)
            first = day - timedelta(days=60)
            whole = statements.of(invoice.unit, first, today)
            before = statements.of(invoice.unit, first, day)
            after = statements.of(invoice.unit, day + timedelta(days=1), today)
        assert before.closing == after.opening
        assert [*kinds(before), *kinds(after)] == kinds(whole)
        assert whole.closing == invoice.left - invoice.refund_due
        assert whole.aged.total + whole.given_up == invoice.left
        assert whole.unallocated == invoice.refund_due
        assert before.aged.total + before.given_up - before.unallocated == before.closing
    finally:
        nested.rollback()
        db.session.expire_all()


def _do(invoice, deed, minor, reference):
    if deed == "pay" and invoice.is_owed:
        paid(invoice, min(minor, invoice.left.minor), reference)
    elif deed == "credit" and credit_notes.creditable(invoice):
        amount = Money(min(minor, credit_notes.creditable(invoice).minor))
        credit_notes.issue(invoice, NewCredit("giảm", amount), by=None)
    elif deed == "write off" and invoice.status is InvoiceStatus.OPEN:
        invoices.write_off(invoice, by=None, reason="không thu được")
    db.session.flush()
