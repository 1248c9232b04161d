"""From a confirmed booking to a paid invoice, on a real database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from billing import (
    charges,
    credit_notes,
    interruption_credits,
    invoices,
    numbering,
    payments,
    quotes,
    reactions,
    transfers,
    vietqr,
)
from billing.credit_notes import LineCredit, NewCredit
from billing.errors import (
    BadAmount,
    InvoicedAlready,
    InvoiceNotFound,
    NothingToInvoice,
    OverCredit,
    OverPayment,
    PaymentRepeated,
    WrongInvoiceState,
)
from billing.models import Charge, ChargeKind, InvoiceStatus, Payment, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.database import db, transaction
from config.errors import Conflict, Invalid
from rental import bookings, interruptions
from rental.bookings import Changes, RequestedBooking, WantedLine
from rental.models import Booking, BookingStatus, EventKind, Interruption, Member, UnitClass
from rental.period import Period
from rental.signals import booking_confirmed, rental_interrupted
from tests import build

pytestmark = pytest.mark.usefixtures("house")

STARTS = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)


class RolledBackError(Exception):
    """The transaction failed after its number was taken."""


@pytest.fixture(autouse=True)
def listening() -> None:
    reactions.subscribe()


@pytest.fixture
def desk() -> Member:
    return build.desk()


def asked(*codes: str, hours: float = 4, unit_class: UnitClass = UnitClass.OTHER) -> Booking:
    member = build.a_member(unit=build.a_unit(unit_class=unit_class))
    period = Period(STARTS, STARTS + timedelta(hours=hours))
    lines = [WantedLine(code, 1, period) for code in codes]
    wanted = RequestedBooking(member.unit, "Họp báo thường kỳ", EventKind.CONFERENCE, lines)
    return bookings.request(wanted, by=member)


@pytest.fixture
def booking(desk: Member) -> Booking:
    """A hall (9 000 000 with the tax in it) and a camera (1 200 000 without), confirmed."""
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    booking = asked("H100", "CAM")
    bookings.confirm(booking, by=desk)
    return booking


@pytest.fixture
def open_invoice(booking: Booking, desk: Member) -> Any:
    return invoices.issue(invoices.draft_for(booking), by=desk)


def paid_by_transfer(minor: int, reference: str = "FT1") -> NewPayment:
    return NewPayment(PaymentMethod.TRANSFER, Money(minor), reference)


def interrupt(booking: Booking, number: int, start: float, end: float) -> None:
    """Minutes after the start of the booking's `number`th line."""
    line = booking.lines[number]
    interruptions.begin(
        line.resource, cause=f"outage:{start}", at=STARTS + timedelta(minutes=start)
    )
    interruptions.end(line.resource, cause=f"outage:{start}", at=STARTS + timedelta(minutes=end))


def test_a_confirmed_booking_is_charged_invoiced_and_paid(booking: Booking, desk: Member) -> None:
    assert [c.amount.minor for c in charges.unbilled(booking.unit_id)] == [9_000_000, 1_200_000]
    with time_machine.travel("2026-11-22T20:00:00Z", tick=False):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    # 20:00 in UTC is the next morning in Ho Chi Minh City.
    assert (invoice.tax_date, invoice.due_on) == (date(2026, 11, 23), date(2026, 12, 8))
    assert invoice.display_number == "1C26TMC-00000001"
    # 9 000 000 with 8 % in it and 1 200 000 plus 8 %, rounded once: 666 666.67 + 96 000.
    assert (invoice.net.minor, invoice.vat.minor) == (9_533_333, 762_667)
    assert invoice.total == Money(10_296_000)

    code = transfers.code(invoice)
    assert code is not None
    wanted = vietqr.parse(code)
    assert (wanted.bank_bin, wanted.amount) == ("970436", 10_296_000)
    assert wanted.bill == invoice.reference.replace("-", "")
    found = invoices.find_by_reference(wanted.bill or "")
    assert found is invoice

    payments.record(invoice, paid_by_transfer(wanted.amount or 0), by=desk)
    assert invoice.status is InvoiceStatus.PAID
    assert invoice.left == Money(0)
    assert transfers.code(invoice) is None


def test_the_quote_is_what_the_invoice_comes_to(booking: Booking, desk: Member) -> None:
    quote = quotes.for_booking(booking)
    with time_machine.travel(STARTS + timedelta(hours=5), tick=False):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert (quote.net, quote.total) == (invoice.net, invoice.total)
    assert quote.sample
    assert quote.as_json()["total"] == {"minor": invoice.total_minor, "currency": "VND"}


def test_a_confirmation_announced_twice_charges_once(booking: Booking) -> None:
    booking_confirmed.send(booking)
    assert len(charges.live(booking)) == 2


def test_a_booking_cancelled_before_its_invoice_owes_nothing(
    booking: Booking, desk: Member
) -> None:
    draft_id = invoices.draft_for(booking).id
    bookings.cancel(booking, by=desk, reason="hoãn")
    assert charges.live(booking) == []
    assert invoices.for_booking(booking) == []
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(booking)
    with pytest.raises(InvoiceNotFound):
        invoices.get(draft_id)


def test_a_changed_booking_is_charged_as_it_stands(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    period = Period(STARTS, STARTS + timedelta(hours=8))
    bookings.change(booking, Changes(lines=[WantedLine("H100", 1, period)]), by=desk)
    assert [c.amount.minor for c in charges.live(booking)] == [18_000_000]
    assert [line.total.minor for line in invoices.draft_for(booking).lines] == [18_000_000]
    assert invoices.for_booking(booking) == [invoices.draft_for(booking)]
    assert draft.status is InvoiceStatus.DRAFT


def test_a_new_title_leaves_the_charges_alone(booking: Booking, desk: Member) -> None:
    before = [c.id for c in charges.live(booking)]
    invoices.issue(invoices.draft_for(booking), by=desk)
    bookings.change(booking, Changes(title="Tên khác"), by=desk)
    assert [c.id for c in charges.live(booking)] == before


def test_an_invoiced_line_cannot_change_under_its_invoice(
    booking: Booking, open_invoice: Any, desk: Member
) -> None:
    period = Period(STARTS, STARTS + timedelta(hours=8))
    with pytest.raises(InvoicedAlready, match="credit that invoice first"):
        bookings.change(booking, Changes(lines=[WantedLine("H100", 1, period)]), by=desk)


def test_a_second_draft_of_the_same_booking_is_the_first(booking: Booking) -> None:
    assert invoices.draft_for(booking) is invoices.draft_for(booking)


def test_an_issued_invoice_is_not_issued_again(open_invoice: Any, desk: Member) -> None:
    with pytest.raises(WrongInvoiceState):
        invoices.issue(open_invoice, by=desk)
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(open_invoice.booking)
    assert numbering.last("invoice", open_invoice.year) == 1


def test_what_was_issued_stays_as_it_was(open_invoice: Any) -> None:
    before = open_invoice.snapshot["buyer"]["name"]
    open_invoice.unit.name = "Tên mới"
    db.session.flush()
    assert open_invoice.snapshot["buyer"]["name"] == before
    assert open_invoice.snapshot["words"].endswith("đồng chẵn.")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE invoice SET number = NULL",
        "UPDATE invoice SET status = 'draft'",
        "UPDATE invoice SET total_minor = total_minor + 1",
        "UPDATE invoice SET paid_minor = total_minor + 1",
        "UPDATE invoice SET status = 'paid'",
        "UPDATE invoice SET status = 'void', credited_minor = 1",
        "UPDATE invoice SET snapshot = NULL",
        "UPDATE number_counter SET last = 0",
    ],
)
def test_the_database_itself_refuses_impossible_invoices(open_invoice: Any, harm: str) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.text(harm))


def test_part_payments_add_up_until_nothing_is_left(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(10_000_000), by=desk)
    assert open_invoice.status is InvoiceStatus.OPEN
    code = transfers.code(open_invoice)
    assert code is not None
    assert vietqr.parse(code).amount == open_invoice.left.minor
    cash = NewPayment(PaymentMethod.CASH, open_invoice.left)
    payments.record(open_invoice, cash, by=desk)
    assert open_invoice.status is InvoiceStatus.PAID
    assert sum(p.amount_minor for p in payments.of(open_invoice)) == open_invoice.total_minor


def test_over_payment_is_refused_with_what_to_do(open_invoice: Any, desk: Member) -> None:
    with pytest.raises(OverPayment, match="return the rest") as refusal:
        payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor + 1), by=desk)
    assert refusal.value.details["open"] == open_invoice.total.as_json()
    assert payments.of(open_invoice) == []


def test_the_same_slip_is_recorded_once(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(1_000), by=desk)
    with pytest.raises(PaymentRepeated):
        payments.record(open_invoice, paid_by_transfer(1_000, " FT1 "), by=desk)
    payments.record(open_invoice, paid_by_transfer(1_001), by=desk)
    assert open_invoice.paid_minor == 2_001


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (paid_by_transfer(0), BadAmount),
        (paid_by_transfer(-1), BadAmount),
        (paid_by_transfer(1, "   "), Invalid),
        (paid_by_transfer(1, "x" * 101), Invalid),
        (
            NewPayment(PaymentMethod.CASH, Money(1), "", datetime(2999, 1, 1, tzinfo=UTC)),
            Invalid,
        ),
    ],
)
def test_values_that_are_no_payment_are_refused(
    open_invoice: Any, desk: Member, new: NewPayment, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        payments.record(open_invoice, new, by=desk)


def test_a_draft_takes_no_payment(booking: Booking, desk: Member) -> None:
    with pytest.raises(WrongInvoiceState, match="issue it first"):
        payments.record(invoices.draft_for(booking), paid_by_transfer(1), by=desk)


def test_a_void_invoice_frees_its_charges_for_another(open_invoice: Any, desk: Member) -> None:
    invoices.void(open_invoice, by=desk, reason="sai đơn vị")
    again = invoices.issue(invoices.draft_for(open_invoice.booking), by=desk)
    assert again.number == 2
    assert again.total == open_invoice.total
    with pytest.raises(WrongInvoiceState):
        payments.record(open_invoice, paid_by_transfer(1), by=desk)


def test_a_paid_invoice_cannot_be_voided(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(1), by=desk)
    with pytest.raises(WrongInvoiceState, match="credit note"):
        invoices.void(open_invoice, by=desk, reason="?")


def test_money_may_come_after_a_write_off(open_invoice: Any, desk: Member) -> None:
    invoices.write_off(open_invoice, by=desk, reason="giải thể")
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    assert open_invoice.status is InvoiceStatus.PAID


def test_a_credit_note_has_its_own_number_and_shares_the_tax(
    open_invoice: Any, desk: Member
) -> None:
    note = credit_notes.issue(open_invoice, NewCredit("giảm giá", Money(1_000_001)), by=desk)
    assert note.number == 1
    assert note.symbol != open_invoice.symbol
    assert note.total == Money(1_000_001)
    assert open_invoice.left == open_invoice.total - Money(1_000_001)
    rest = credit_notes.issue(open_invoice, NewCredit("hủy"), by=desk)
    assert rest.number == 2
    assert (note.net + rest.net, note.vat + rest.vat) == (open_invoice.net, open_invoice.vat)
    assert open_invoice.status is InvoiceStatus.PAID
    assert all(line.left == Money(0) for line in open_invoice.lines)


def test_no_more_is_credited_than_is_left(open_invoice: Any, desk: Member) -> None:
    line = open_invoice.lines[1]
    with pytest.raises(OverCredit):
        credit_notes.issue(
            open_invoice, NewCredit("x", lines=[LineCredit(line.id, Money(1_296_001))]), by=desk
        )
    credit_notes.issue(
        open_invoice, NewCredit("x", lines=[LineCredit(line.id, Money(1_296_000))]), by=desk
    )
    with pytest.raises(OverCredit):
        credit_notes.issue(open_invoice, NewCredit("x", Money(9_000_001)), by=desk)
    assert credit_notes.creditable(open_invoice) == Money(9_000_000)


def test_a_credit_after_payment_is_owed_back(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=desk)
    assert open_invoice.refund_due == Money(500_000)


@pytest.mark.parametrize(
    "new",
    [
        NewCredit("", Money(1)),
        NewCredit("x", Money(0)),
        NewCredit("x", Money(-1)),
        NewCredit("x", lines=[LineCredit(999_999, Money(1))]),
        NewCredit("x", Money(1), [LineCredit(1, Money(1))]),
    ],
)
def test_a_credit_without_reason_amount_or_line_is_refused(
    open_invoice: Any, desk: Member, new: NewCredit
) -> None:
    with pytest.raises(Invalid):
        credit_notes.issue(open_invoice, new, by=desk)
    assert numbering.last("credit_note", open_invoice.year) == 0


def test_an_interruption_becomes_a_credit_line_on_the_draft(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    interrupt(booking, 0, 60, 120)
    credit = charges.live(booking, ChargeKind.CREDIT)[0]
    assert credit.amount == Money(-2_250_000)
    assert [line.total.minor for line in draft.lines][-1] == -2_250_000
    invoice = invoices.issue(draft, by=desk)
    assert invoice.lines[0].total + invoice.lines[2].total == Money(6_750_000)


def test_an_interruption_before_any_draft_waits_for_it(booking: Booking) -> None:
    interrupt(booking, 0, 60, 120)
    assert len(invoices.draft_for(booking).lines) == 3


def test_an_interruption_after_issue_becomes_a_credit_note(
    booking: Booking, open_invoice: Any
) -> None:
    interrupt(booking, 0, 60, 120)
    (note,) = credit_notes.of(open_invoice)
    assert note.total == Money(2_250_000)
    assert note.reason.startswith("Giảm trừ gián đoạn Hội trường lớn, 10:00–11:00")
    assert open_invoice.left == open_invoice.total - Money(2_250_000)


def test_the_same_interruption_gives_back_once(booking: Booking) -> None:
    interrupt(booking, 0, 60, 120)
    gone = db.session.scalars(sa.select(Interruption)).one()
    period = Period(gone.began_at, gone.ended_at or gone.began_at)
    rental_interrupted.send(booking, line=booking.lines[0], interruption=gone, period=period)
    assert len(charges.live(booking, ChargeKind.CREDIT)) == 1


def test_all_interruptions_together_give_back_the_price_and_no_more(
    booking: Booking, open_invoice: Any
) -> None:
    interrupt(booking, 0, 0, 200)
    interrupt(booking, 0, 100, 240)
    assert open_invoice.lines[0].left == Money(0)
    assert open_invoice.lines[1].left == open_invoice.lines[1].total


def test_a_short_interruption_is_remembered_but_gives_nothing(booking: Booking) -> None:
    interrupt(booking, 0, 0, 10)
    assert charges.live(booking, ChargeKind.CREDIT) == []
    interrupt(booking, 0, 10, 20)
    # Together they last twenty minutes, and the hall's terms begin at fifteen.
    assert charges.live(booking, ChargeKind.CREDIT)[0].amount == Money(-750_000)
    assert len(interruption_credits.of(booking.lines[0])) == 2


def test_a_cancelled_booking_on_an_issued_invoice_keeps_it(
    booking: Booking, open_invoice: Any, desk: Member
) -> None:
    bookings.cancel(booking, by=desk, reason="hoãn")
    assert booking.status is BookingStatus.CANCELLED
    assert open_invoice.status is InvoiceStatus.OPEN


def test_numbers_restart_each_year(booking: Booking) -> None:
    assert [numbering.take("invoice", year).number for year in (2026, 2026, 2027)] == [1, 2, 1]
    assert numbering.take("invoice", 2027).symbol == "1C27TMC"
    assert numbering.take("credit_note", 2027).number == 1


@pytest.mark.slow
def test_eight_issuers_and_ten_per_cent_rolled_back_leave_no_gap(house: Any) -> None:
    kept: list[int] = []
    lock = threading.Lock()

    def issue_many(seed: int) -> None:
        chance = Random(seed)
        with house.app_context():
            for _ in range(40):
                try:
                    with transaction():
                        number = numbering.take("invoice", 2026).number
                        if chance.random() < 0.1:
                            raise RolledBackError
                except RolledBackError:
                    continue
                with lock:
                    kept.append(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(issue_many, range(8)))
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert 200 < len(kept) < 320
    assert numbering.last("invoice", 2026) == len(kept)


@pytest.mark.slow
def test_eight_clerks_recording_the_same_slip_record_it_once(open_invoice: Any, house: Any) -> None:
    db.session.commit()
    invoice_id, total = open_invoice.id, open_invoice.total_minor

    def pay(number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    payments.record(invoices.get(invoice_id), paid_by_transfer(total // 2), by=None)
            except PaymentRepeated:
                return "repeated"
            return "recorded"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay, range(8)))
    assert sorted(answers) == ["recorded"] + ["repeated"] * 7
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


@pytest.mark.slow
def test_eight_clerks_invoicing_one_booking_make_one_invoice(booking: Booking, house: Any) -> None:
    db.session.commit()
    booking_id = booking.id

    def invoice(number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    draft = invoices.draft_for(db.session.get_one(Booking, booking_id))
                    invoices.issue(draft, by=None)
            except (NothingToInvoice, WrongInvoiceState):
                return "refused"
            return "issued"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(invoice, range(8)))
    assert sorted(answers) == ["issued"] + ["refused"] * 7
    assert [one.number for one in invoices.recent()] == [1]


@pytest.mark.slow
def test_whatever_happens_at_once_every_charge_is_invoiced_reversed_or_waiting(
    booking: Booking, desk: Member, house: Any
) -> None:
    """Issue, cancel and interruption race over one booking: no deadlock, nothing lost."""
    db.session.commit()
    booking_id, desk_id = booking.id, desk.id

    def attempt(number: int) -> None:
        with house.app_context():
            row = db.session.get_one(Booking, booking_id)
            try:
                with transaction():
                    if number == 0:
                        bookings.cancel(row, by=db.session.get_one(Member, desk_id), reason="hoãn")
                    elif number % 2:
                        invoices.issue(invoices.draft_for(row), by=None)
                    else:
                        interrupt(row, 0, number * 10, number * 10 + 9)
            except Conflict:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(8)))
    db.session.expire_all()
    for charge in db.session.scalars(sa.select(Charge)):
        assert not (charge.reversed_at and charge.invoice_id)
    for one in invoices.recent():
        taken = [line.charge_id for line in one.lines]
        assert len(taken) == len(set(taken))
        assert one.total_minor == sum(line.total.minor for line in one.lines)


def test_no_draft_is_left_empty_by_a_change(booking: Booking, desk: Member) -> None:
    invoices.draft_for(booking)
    line = WantedLine("CAM", 2, Period(STARTS, STARTS + timedelta(hours=4)))
    bookings.change(booking, Changes(lines=[line]), by=desk)
    (draft,) = invoices.for_booking(booking)
    assert [one.net.minor for one in draft.lines] == [2_400_000]
