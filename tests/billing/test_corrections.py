"""An issued invoice is corrected by another document and never edited."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as with_
from datetime import date, timedelta
from typing import Any

import pytest

from billing import closing, corrections, credit_notes, invoices, ledger, payments, reconciling
from billing.corrections import Grounds, LineAmount
from billing.credit_notes import NewCredit
from billing.errors import (
    AdjustedAlready,
    BadCorrection,
    MonthClosed,
    NothingToInvoice,
    WrongInvoiceState,
)
from billing.models import Charge, ChargeKind, Correction, InvoiceStatus
from billing.money import Money
from config import clock
from config.database import db, transaction
from config.errors import Refusal
from rental.models import Booking, Member, Role
from tests import build
from tests.billing.steps import paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")

AGREED = Grounds("ghi thiếu một giờ", "BB 12/2026", date(2026, 11, 20))


@pytest.fixture
def finance(house: Any) -> Member:
    return build.a_member(unit=build.a_unit(is_centre=True), role=Role.FINANCE)


@pytest.fixture
def invoice(booking: Booking, desk: Member) -> Any:
    """Of an organisation: a hall (9 000 000, tax in it), a camera (1 200 000 and 8 % beside it)."""
    booking.unit.tax_code = "0301446221"
    return invoices.issue(invoices.draft_for(booking), by=desk)


def reconciles() -> None:
    assert reconciling.differences() == []
    assert reconciling.sums().meet


def test_an_adjustment_adds_to_lines_at_the_rate_that_they_bore(
    invoice: Any, finance: Member
) -> None:
    hall, camera = invoice.lines
    before = (invoice.total_minor, dict(invoice.snapshot))
    lines = [LineAmount(camera.id, 100_000, "thêm một giờ"), LineAmount(hall.id, -50_000)]
    told = corrections.preview(invoice, lines)
    adjustment = corrections.adjust(invoice, AGREED, lines, by=finance)
    assert adjustment.correction is Correction.ADJUSTS
    assert adjustment.corrects_id == invoice.id
    assert adjustment.number == invoice.number + 1
    assert adjustment.total == sum((one.total for one in told), Money(0)) == Money(58_000)
    assert [line.vat_code for line in adjustment.lines] == [hall.vat_code, camera.vat_code]
    assert adjustment.status is InvoiceStatus.OPEN
    assert (invoice.total_minor, dict(invoice.snapshot)) == before
    assert adjustment.snapshot["corrects"] == {
        "how": "adjusts",
        "symbol": invoice.symbol,
        "number": invoice.number,
        "date": invoice.tax_date.isoformat(),
        "reason": "ghi thiếu một giờ",
        "agreement": "BB 12/2026",
        "agreement_on": "2026-11-20",
    }
    assert corrections.adjustments_of(invoice) == [adjustment]
    reconciles()


def test_the_same_form_sent_twice_adjusts_once(invoice: Any, finance: Member) -> None:
    lines = [LineAmount(invoice.lines[1].id, 5_000)]
    corrections.adjust(invoice, AGREED, lines, by=finance)
    with pytest.raises(AdjustedAlready, match="the same amounts for the same reason"):
        corrections.adjust(invoice, AGREED, lines, by=finance)
    corrections.adjust(invoice, with_(AGREED, reason="thêm một lần"), lines, by=finance)
    assert len(corrections.adjustments_of(invoice)) == 2
    reconciles()


def test_a_void_adjustment_leaves_nothing_to_invoice(
    invoice: Any, booking: Booking, finance: Member
) -> None:
    line = invoice.lines[1]
    adjustment = corrections.adjust(invoice, AGREED, [LineAmount(line.id, 5_000)], by=finance)
    invoices.void(adjustment, by=finance, reason="nhầm dòng")
    assert corrections.adjustments_of(invoice) == []
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(booking)
    reconciles()


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        ((0, 0), "at least one line"),
        ((-1, 0), "takes off instead of adding"),
        ((100, -100), "takes off instead of adding"),
        ((-9_000_001, 9_999_999), "take off that much at most"),
        ((9_999_999, -1_200_001), "take off that much at most"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused(
    invoice: Any, finance: Member, amounts: tuple[int, int], why: str
) -> None:
    lines = [
        LineAmount(line.id, amount) for line, amount in zip(invoice.lines, amounts, strict=True)
    ]
    with pytest.raises(BadCorrection, match=why):
        corrections.adjust(invoice, AGREED, lines, by=finance)


def test_what_adjustments_and_credits_took_off_a_line_cannot_be_taken_off_again(
    invoice: Any, finance: Member
) -> None:
    hall, camera = invoice.lines
    credit_notes.issue(
        invoice, NewCredit("x", lines=[credit_notes.LineCredit(hall.id, Money(4_000_000))]),
        by=finance,
    )  # fmt: skip
    shifted = [LineAmount(hall.id, -3_000_000), LineAmount(camera.id, 3_000_000)]
    corrections.adjust(invoice, AGREED, shifted, by=finance)
    with pytest.raises(BadCorrection, match=r"2\.000\.000.đ left"):
        corrections.adjust(invoice, AGREED, shifted, by=finance)
    reconciles()


@pytest.mark.parametrize(
    ("grounds", "why"),
    [
        (Grounds(" "), "Say why"),
        (Grounds("x" * 501), "500 characters"),
        (Grounds("sai đơn giá"), "agree in writing first"),
        (Grounds("sai đơn giá", "BB 1", None), "and its day, or neither"),
        (Grounds("sai đơn giá", "", date(2026, 1, 1)), "and its day, or neither"),
        (Grounds("sai đơn giá", "b" * 121, date(2026, 1, 1)), "120 characters"),
        (Grounds("sai đơn giá", "BB 1", date(2999, 1, 1)), "in the future"),
    ],
)
def test_a_correction_says_why_and_what_was_agreed(
    invoice: Any, finance: Member, grounds: Grounds, why: str
) -> None:
    with pytest.raises(BadCorrection, match=why):
        corrections.adjust(invoice, grounds, [LineAmount(invoice.lines[0].id, 5)], by=finance)
    with pytest.raises(BadCorrection, match=why):
        corrections.replace(invoice, grounds, by=finance)
    assert invoice.status is InvoiceStatus.OPEN


def test_a_person_without_a_code_need_not_agree_in_writing(open_invoice: Any, desk: Member) -> None:
    line = open_invoice.lines[0]
    grounds = Grounds("ghi thiếu")
    assert (
        corrections.adjust(open_invoice, grounds, [LineAmount(line.id, 9)], by=desk).agreement
        is None
    )


def test_a_replacement_takes_the_place_the_charges_and_the_payments(
    invoice: Any, booking: Booking, finance: Member
) -> None:
    hall, camera = invoice.lines
    payments.record(invoice, paid_by_transfer(2_000_000), by=finance)
    booking.unit.name = "Báo Mới"
    lines = [LineAmount(camera.id, 1_000_000, "Máy quay, ba giờ")]
    new = corrections.replace(invoice, AGREED, lines, by=finance)
    assert invoice.status is InvoiceStatus.VOID
    assert invoice.closed_reason == "ghi thiếu một giờ"
    assert new.correction is Correction.REPLACES
    assert new.kind is invoice.kind
    assert corrections.replacement_of(invoice) == new
    assert new.total == Money(9_000_000 + 1_080_000)
    assert (new.paid, invoice.paid) == (Money(2_000_000), Money(0))
    assert new.snapshot["buyer"]["name"] == "Báo Mới"
    assert [line.description for line in new.lines] == [hall.description, "Máy quay, ba giờ"]
    assert ledger.balance(booking.unit) == Money(0)
    reconciles()


def test_what_was_paid_beyond_the_replacement_is_the_units_balance(
    invoice: Any, booking: Booking, finance: Member
) -> None:
    payments.record(invoice, paid_by_transfer(invoice.total_minor), by=finance)
    hall, camera = invoice.lines
    new = corrections.replace(invoice, AGREED, [LineAmount(camera.id, 0)], by=finance)
    assert new.status is InvoiceStatus.PAID
    assert [line.description for line in new.lines] == [hall.description]
    assert ledger.balance(booking.unit) == Money(1_296_000)
    reconciles()


def test_a_replacement_may_be_replaced_and_each_only_once(invoice: Any, finance: Member) -> None:
    first = corrections.replace(invoice, AGREED, by=finance)
    with pytest.raises(WrongInvoiceState, match="only one that stands"):
        corrections.replace(invoice, AGREED, by=finance)
    with pytest.raises(WrongInvoiceState, match="replace it in turn"):
        corrections.adjust(first, AGREED, [LineAmount(first.lines[0].id, 5)], by=finance)
    second = corrections.replace(first, AGREED, by=finance)
    assert corrections.replacement_of(first) == second
    assert second.total == invoice.total
    reconciles()


def test_once_adjusted_always_adjusted(invoice: Any, finance: Member) -> None:
    adjustment = corrections.adjust(
        invoice, AGREED, [LineAmount(invoice.lines[0].id, 1_000)], by=finance
    )
    with pytest.raises(WrongInvoiceState, match="in the same way"):
        corrections.replace(invoice, AGREED, by=finance)
    with pytest.raises(WrongInvoiceState, match="adjust or credit that one"):
        corrections.adjust(adjustment, AGREED, [LineAmount(1, 1)], by=finance)


def test_an_invoice_that_was_credited_is_not_replaced(invoice: Any, finance: Member) -> None:
    credit_notes.issue(invoice, NewCredit("giảm giá", Money(10)), by=finance)
    with pytest.raises(WrongInvoiceState, match="in the same way"):
        corrections.replace(invoice, AGREED, by=finance)


def test_a_line_of_another_invoice_is_not_there(invoice: Any, finance: Member) -> None:
    for way in (corrections.adjust, corrections.replace):
        with pytest.raises(BadCorrection, match="has no line 999999"):
            way(invoice, AGREED, [LineAmount(999_999, 5)], by=finance)


def test_a_replacement_that_comes_to_nothing_leaves_everything_as_it_was(
    invoice: Any, finance: Member
) -> None:
    lines = [LineAmount(line.id, 0) for line in invoice.lines]
    with pytest.raises(NothingToInvoice), db.session.begin_nested():
        corrections.replace(invoice, AGREED, lines, by=finance)
    db.session.expire_all()
    assert invoice.status is InvoiceStatus.OPEN
    reconciles()


def test_an_invoice_of_a_closed_month_is_adjusted_in_the_open_one_and_not_replaced(
    booking: Booking, desk: Member, finance: Member
) -> None:
    booking.unit.tax_code = "0301446221"
    with clock.standing_at(clock.now() - timedelta(days=40)):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    director = build.a_member(unit=finance.unit, role=Role.DIRECTOR)
    closing.close(closing.month_of(invoice.tax_date), by=director)
    with pytest.raises(MonthClosed), db.session.begin_nested():
        corrections.replace(invoice, with_(AGREED, agreement_on=invoice.tax_date), by=finance)
    line = invoice.lines[0]
    adjustment = corrections.adjust(invoice, AGREED, [LineAmount(line.id, 7_000)], by=finance)
    assert adjustment.tax_date == clock.today()


def test_an_adjustment_follows_the_charge_that_it_changes(invoice: Any, finance: Member) -> None:
    line = invoice.lines[1]
    adjustment = corrections.adjust(invoice, AGREED, [LineAmount(line.id, 5_000)], by=finance)
    (made,) = adjustment.lines
    charge = db.session.get_one(Charge, made.charge_id)
    assert (charge.kind, charge.adjusts_id) == (ChargeKind.ADJUSTMENT, line.charge_id)


def both(house: Any, *deeds: Any) -> list[str]:
    """What became of deeds that two people do in the same moment, each in a transaction."""
    start = threading.Barrier(len(deeds))

    def run(deed: Any) -> str:
        with house.app_context():
            start.wait(10)
            try:
                with transaction():
                    deed()
            except Refusal as refused:
                return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(one.result(30) for one in [pool.submit(run, deed) for deed in deeds])


def test_two_people_replace_one_invoice_and_one_of_them_is_told(
    invoice: Any, house: Any, finance: Member
) -> None:
    db.session.commit()
    ids = (invoice.id, finance.id)

    def deed() -> None:
        found, by = invoices.get(ids[0]), db.session.get_one(Member, ids[1])
        corrections.replace(found, AGREED, by=by)

    assert both(house, deed, deed) == ["WrongInvoiceState", "done"]
    db.session.expire_all()
    reconciles()


def test_a_payment_that_comes_while_an_invoice_is_replaced_is_not_lost(
    invoice: Any, booking: Booking, house: Any, finance: Member
) -> None:
    db.session.commit()
    ids = (invoice.id, finance.id)

    def replace() -> None:
        found, by = invoices.get(ids[0]), db.session.get_one(Member, ids[1])
        corrections.replace(found, AGREED, by=by)

    def pay() -> None:
        found, by = invoices.get(ids[0]), db.session.get_one(Member, ids[1])
        payments.receive(found.unit, paid_by_transfer(3_000_000), invoice=found, by=by)

    assert both(house, replace, pay) == ["done", "done"]
    db.session.expire_all()
    new = corrections.replacement_of(invoice)
    assert new is not None
    kept = new.paid + ledger.balance(booking.unit)
    assert kept == Money(3_000_000)
    reconciles()
