"""Bookings of the bank become payments: by themselves where certain, else by a person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from billing import closing, invoices, ledger, payments, reconciling
from billing.bank import intake, matches
from billing.bank.intake import BankFile
from billing.bank.matches import Choice
from billing.errors import BadMatch, EntryDecided, MonthClosed, WrongPaymentState
from billing.models import (
    BankEntry,
    BankMatch,
    EntryState,
    Invoice,
    InvoiceStatus,
    Payment,
    PaymentMethod,
)
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from config.database import db, transaction
from tests import build
from tests.billing.bank_files import camt, mt940
from tests.billing.steps import paid_by_transfer


def entries(*rows: tuple[int, str, str], number: int = 1) -> list[BankEntry]:
    """Take in a statement of amounts, texts and payers of yesterday, and match what is certain."""
    day = clock.today() - timedelta(days=1)
    told = camt(*((day, a, f"FT{number}{i}", who, text) for i, (a, text, who) in enumerate(rows)))
    statements = intake.take_in(BankFile("a.xml", told.encode()), by=None)
    matches.run([one.id for one in statements])
    return list(
        db.session.scalars(
            sa.select(BankEntry)
            .where(BankEntry.statement_id == statements[0].id)
            .order_by(BankEntry.position)
        )
    )


def test_a_booking_with_reference_and_amount_pays_its_invoice(open_invoice):
    (entry,) = entries((open_invoice.total_minor, f"TT {open_invoice.reference}", ""))
    match = matches.live(entry)
    assert match is not None
    assert entry.state is EntryState.MATCHED
    assert (match.is_automatic, match.payment.amount) == (True, open_invoice.total)
    assert open_invoice.status is InvoiceStatus.PAID
    assert match.payment.received_at.astimezone(clock.LOCAL).date() == entry.booked_on
    assert [why["code"] for why in match.why][:2] == ["reference_exact", "amount_equal"]


def test_the_same_reference_paid_twice_waits_the_second_time(open_invoice):
    text = f"TT {open_invoice.reference}"
    first, second = entries(
        (open_invoice.total_minor, text, ""), (open_invoice.total_minor, text, "")
    )
    assert (first.state, second.state) == (EntryState.MATCHED, EntryState.QUEUED)
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


def test_what_is_over_becomes_the_units_balance(open_invoice):
    entries((open_invoice.total_minor + 500, open_invoice.reference, open_invoice.unit.name))
    assert open_invoice.status is InvoiceStatus.PAID
    assert ledger.balance(open_invoice.unit) == Money(500)


def test_an_unknown_payer_waits_with_no_suggestion(open_invoice):
    (entry,) = entries((123_456, "tien", "NGUYEN VAN AN"))
    assert (entry.state, entry.suggestions) == (EntryState.QUEUED, [])


def test_a_transfer_recorded_by_hand_is_not_received_a_second_time(open_invoice, desk):
    day = clock.now() - timedelta(days=2)
    new = NewPayment(PaymentMethod.TRANSFER, open_invoice.total, "FT10", day)
    payment = payments.record(open_invoice, new, by=desk)
    (entry,) = entries((open_invoice.total_minor, open_invoice.reference, open_invoice.unit.name))
    assert entry.state is EntryState.QUEUED
    best = entry.suggestions[0]
    assert (best["payment"], best["reasons"][0]["code"]) == (payment.id, "recorded_by_hand")
    matches.accept(entry, Choice(best["unit"], payment_id=best["payment"]), by=desk)
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1
    # Undone, the payment that somebody recorded stays.
    matches.undo(entry, by=desk, reason="Nhầm")
    assert payment.reversed_at is None
    assert open_invoice.status is InvoiceStatus.PAID


def test_a_part_recorded_by_hand_stops_the_match_of_the_same_amount(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    (entry,) = entries((1_000_000, open_invoice.reference, open_invoice.unit.name))
    assert entry.state is EntryState.QUEUED


def test_a_person_splits_a_booking_over_invoices_and_the_rest_is_balance(open_invoice, desk):
    (entry,) = entries((5_000_000, "tien", ""))
    choice = Choice(open_invoice.unit_id, ((open_invoice.id, 3_000_000),))
    match = matches.accept(entry, choice, by=desk)
    assert (match.is_automatic, match.matched_by_id) == (False, desk.id)
    assert open_invoice.paid == Money(3_000_000)
    assert ledger.balance(open_invoice.unit) == Money(2_000_000)


def test_undone_it_waits_again_and_the_invoice_is_open(open_invoice, desk):
    (entry,) = entries((open_invoice.total_minor, open_invoice.reference, ""))
    match = matches.live(entry)
    assert match is not None
    matches.undo(entry, by=desk, reason="Nhầm đơn vị")
    assert (entry.state, open_invoice.status) == (EntryState.QUEUED, InvoiceStatus.OPEN)
    assert match.payment.reversed_at is not None
    assert match.undone_reason == "Nhầm đơn vị"
    assert entry.suggestions[0]["shares"] == [[open_invoice.id, open_invoice.total_minor]]
    # And it may be matched anew.
    matches.accept(entry, Choice(open_invoice.unit_id, ((open_invoice.id, 1_000),)), by=desk)
    assert len(matches.history(entry)) == 2


def test_money_that_went_back_cannot_be_undone(open_invoice, desk):
    (entry,) = entries((open_invoice.total_minor, open_invoice.reference, ""))
    match = matches.live(entry)
    assert match is not None
    ledger.release(ledger.of_invoice(open_invoice)[0], by=desk, reason="x")
    match.payment.refunded_minor = 1_000
    db.session.flush()
    with pytest.raises(WrongPaymentState):
        matches.undo(entry, by=desk, reason="x")


def test_an_ignored_booking_has_a_reason_and_may_come_back(open_invoice, desk):
    (entry,) = entries((5_000, "Lãi tiền gửi", ""))
    with pytest.raises(BadMatch, match="Say why"):
        matches.ignore(entry, by=desk, reason="  ")
    matches.ignore(entry, by=desk, reason="Lãi tiền gửi")
    with pytest.raises(EntryDecided):
        matches.accept(entry, Choice(open_invoice.unit_id), by=desk)
    matches.undo(entry, by=desk, reason="Nhầm")
    assert (entry.state, entry.reason) == (EntryState.QUEUED, "")
    with pytest.raises(EntryDecided):
        matches.undo(entry, by=desk, reason="x")


def test_shares_that_do_not_fit_are_refused_and_nothing_is_written(open_invoice, desk):
    (entry,) = entries((5_000_000, "tien", ""))
    stranger = build.a_unit()
    wrong: list[tuple[Any, str]] = [
        (Choice(open_invoice.unit_id, ((open_invoice.id, 6_000_000),)), "came in"),
        (Choice(open_invoice.unit_id, ((open_invoice.id, 0),)), "above zero"),
        (Choice(open_invoice.unit_id, ((open_invoice.id, 1), (open_invoice.id, 1))), "one share"),
        (Choice(stranger.id, ((open_invoice.id, 1_000),)), "one unit"),
        (Choice(10**6), "no such unit"),
        (Choice(open_invoice.unit_id, payment_id=10**6), "cannot be this booking"),
    ]
    for choice, says in wrong:
        with pytest.raises(BadMatch, match=says):
            matches.accept(entry, choice, by=desk)
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 0
    assert entry.state is EntryState.QUEUED


def test_a_share_above_what_is_open_is_refused(open_invoice, desk):
    (entry,) = entries((open_invoice.total_minor * 2, "tien", ""))
    share = open_invoice.total_minor + 1
    with pytest.raises(BadMatch, match="is open on"):
        matches.accept(entry, Choice(open_invoice.unit_id, ((open_invoice.id, share),)), by=desk)


def test_money_that_went_out_is_never_matched(open_invoice, desk):
    day = clock.today() - timedelta(days=1)
    told = mt940((day, -5_000, "FT1", open_invoice.reference), opening=10_000)
    intake.take_in(BankFile("a", told.encode()), by=None)
    assert matches.run() == matches.Counts()
    (entry,) = db.session.scalars(sa.select(BankEntry))
    with pytest.raises(EntryDecided):
        matches.undo(entry, by=desk, reason="x")


def test_two_at_once_match_the_same_booking_and_one_is_told(house, open_invoice, desk):
    (entry,) = entries((open_invoice.total_minor, "tien", ""))
    entry_id, invoice_id, unit_id = entry.id, open_invoice.id, open_invoice.unit_id
    share = ((invoice_id, open_invoice.total_minor),)
    db.session.commit()

    def accept(_number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    matches.accept(matches.get(entry_id), Choice(unit_id, share), by=None)
            except EntryDecided:
                return "decided"
            return "matched"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(accept, range(4))) == ["decided"] * 3 + ["matched"]
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1
    assert db.session.get_one(Invoice, invoice_id).status is InvoiceStatus.PAID


def test_a_run_and_a_person_at_once_match_a_booking_once(house, open_invoice):
    (entry,) = entries((open_invoice.total_minor, "tien", ""))
    entry.text = f"TT {open_invoice.reference}"
    choice = Choice(open_invoice.unit_id, ((open_invoice.id, open_invoice.total_minor),))
    entry_id = entry.id
    db.session.commit()

    def deed(number: int) -> None:
        with house.app_context():
            try:
                with transaction():
                    if number % 2:
                        matches.run()
                    else:
                        matches.accept(matches.get(entry_id), choice, by=None)
            except EntryDecided:
                return

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(deed, range(4)))
    assert db.session.scalar(sa.select(sa.func.count(BankMatch.id))) == 1
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


def test_an_invoice_paid_meanwhile_leaves_the_booking_waiting(open_invoice, desk):
    (entry,) = entries((open_invoice.total_minor, "tien", ""))
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    choice = Choice(open_invoice.unit_id, ((open_invoice.id, open_invoice.total_minor),))
    with pytest.raises(BadMatch):
        matches.accept(entry, choice, by=desk)
    assert invoices.get(open_invoice.id).paid == open_invoice.total


def test_an_account_that_paid_for_a_unit_before_speaks_for_it(open_invoice, desk):
    (entry,) = entries((1_000, "tien", ""))
    entry.payer_account = "0071-000 123"
    matches.accept(entry, Choice(open_invoice.unit_id), by=desk)
    (later,) = entries((open_invoice.total_minor, "tien", ""), number=2)
    later.payer_account = "0071000123"
    matches.run()
    assert later.suggestions[0]["shares"] == [[open_invoice.id, open_invoice.total_minor]]
    assert {"code": "payer_account"} in later.suggestions[0]["reasons"]


def test_in_a_closed_month_nothing_is_undone_and_nothing_matched(open_invoice, desk):
    text = f"TT {open_invoice.reference}"
    (entry,) = entries((1_000_000, text, open_invoice.unit.name))
    assert entry.state is EntryState.MATCHED
    with clock.standing_at(clock.now() + timedelta(days=40)):
        closing.close(entry.booked_on, by=desk)
        with pytest.raises(MonthClosed):
            matches.undo(entry, by=desk, reason="Nhầm")
    db.session.refresh(entry)
    assert entry.state is EntryState.MATCHED
    (later,) = entries((2_000_000, text, open_invoice.unit.name), number=2)
    assert later.state is EntryState.QUEUED
    with pytest.raises(MonthClosed):
        matches.accept(later, Choice(open_invoice.unit_id), by=desk)
    assert open_invoice.paid == Money(1_000_000)


def test_the_doctor_names_a_match_whose_payment_is_not_what_the_bank_booked(open_invoice):
    (entry,) = entries((open_invoice.total_minor, open_invoice.reference, ""))
    match = matches.live(entry)
    assert match is not None
    assert reconciling.differences() == []
    booked = entry.amount_minor - 1
    db.session.execute(sa.update(BankEntry).values(amount_minor=booked))
    (found,) = reconciling.differences()
    assert found.sentence == (
        f"bank match {match.id}: its payment is {match.payment.amount_minor} "
        f"and the bank booked {booked}"
    )
