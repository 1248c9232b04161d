"""The first page of finance, and the page on which a unit finds its money."""

from datetime import timedelta

import pytest

from billing import credit_notes, invoices, months, payments, reminders, worklist, write_offs
from billing.credit_notes import NewCredit
from billing.models import Dispute, PauseCause
from billing.money import Money
from billing.payments import NewPayment, PaymentMethod
from config import clock
from config.database import db, transaction
from portal import cards
from rental import bookings, units
from rental.models import Role
from tests.build import TUESDAY
from tests.portal.test_following_pages import Scene, text


@pytest.fixture
def scene(service, person):
    return Scene(service, person)


def pay(scene, minor, reference="FT1"):
    with transaction():
        new = NewPayment(PaymentMethod.TRANSFER, Money(minor), reference)
        payments.record(invoices.get(scene.id), new, by=None)


def test_the_work_list_names_what_waits_how_many_how_much_and_where(scene):
    page = text(scene.browser("finance").get("/"))
    for told in ("Hóa đơn quá hạn", "/reports/ageing", "Đơn vị tạm ngừng", "/stops"):
        assert told in page
    assert f"{scene.left.minor:,}".replace(",", ".") in page
    # What is empty is not there.
    for absent in ("Bản nháp chờ phát hành", "Hóa đơn đang bị khiếu nại", "Khoản phải hoàn"):
        assert absent not in page


def test_each_kind_of_work_appears_when_it_waits(scene):
    with transaction():
        invoice = invoices.get(scene.id)
        finance = units.member_by_email(scene.people["finance"].email)
        until = clock.today() + timedelta(days=5)
        reminders.pause(invoice, PauseCause.DISPUTED, reason="sai", until=until, by=finance)
        write_offs.propose(invoice, reason="không trả", by=finance)
    assert worklist.disputed().amount == worklist.write_offs().amount == scene.left
    page = text(scene.browser("finance").get("/"))
    assert "Hóa đơn đang bị khiếu nại" in page
    assert "Đề nghị xóa nợ đang chờ" in page
    assert "sai" in text(scene.browser("finance").get("/invoices/paused"))


def test_what_was_paid_and_then_credited_is_owed_back(scene):
    pay(scene, scene.left.minor)
    with transaction():
        credit_notes.issue(invoices.get(scene.id), NewCredit("hủy", Money(300_000)), by=None)
    assert worklist.refunds_due() == worklist.Pile(1, Money(300_000))
    page = text(scene.browser("finance").get("/invoices/refunds-due"))
    assert "300.000" in page
    assert "Khoản phải hoàn" in text(scene.browser("finance").get("/"))


def test_bookings_to_invoice_are_those_that_are_over(scene):
    with transaction():
        invoices.void(invoices.get(scene.id), by=None, reason="sai tên")
    assert not worklist.to_invoice()
    assert worklist.first_to_invoice() == []
    with clock.standing_at(TUESDAY + timedelta(hours=3, minutes=1)):
        ((booking, amount),) = worklist.first_to_invoice()
        assert worklist.to_invoice() == worklist.Pile(1, amount)
    assert booking.unit.slug == "unit-a"


def test_everything_done_is_said_so(service, person):
    person(role=Role.DESK)
    finance = person(role=Role.FINANCE)
    scene = Scene.__new__(Scene)
    scene.service, scene.people = service, {"finance": finance}
    assert "Đã xong mọi việc" in text(scene.browser("finance").get("/"))


def test_months_add_up_invoices_less_credit_and_payments(scene):
    pay(scene, 1_000_000)
    with transaction():
        credit_notes.issue(invoices.get(scene.id), NewCredit("giảm", Money(500_000)), by=None)
    found = months.latest()
    assert len(found) == 12
    assert (found[-1].invoiced, found[-1].received) == (
        scene.left - Money(500_000),
        Money(1_000_000),
    )
    assert {one.invoiced for one in found[:-1]} == {Money(0)}
    assert [one.first.day for one in found] == [1] * 12


def test_money_that_pays_nothing_yet_is_the_units_credit(scene):
    with transaction():
        new = NewPayment(PaymentMethod.TRANSFER, Money(765_432), "FT-free")
        payments.receive(units.get("unit-a"), new, by=None)
    assert worklist.unallocated() == worklist.Pile(1, Money(765_432))
    page = text(scene.browser("ours").get("/money"))
    assert "Số dư có" in page
    assert "765.432" in page
    finance = scene.browser("finance")
    assert "765.432" in text(finance.get("/reports/ageing"))
    assert "765.432" in text(finance.get("/reports/ageing/unit-a"))


def test_a_unit_finds_what_it_has_to_pay_and_how(scene):
    page = text(scene.browser("ours").get("/money"))
    bank = invoices.get(scene.id).snapshot["seller"]["bank"]
    for told in (
        scene.number, f"/invoices/{scene.id}/vietqr.svg", bank["account"], bank["holder"],
        f"TT {invoices.get(scene.id).reference.replace('-', '')}", "Thanh toán ngay",
    ):  # fmt: skip
        assert told in page
    assert "<i>sách</i>" in page
    assert "Ra mắt <i>" not in scene.browser("ours").get("/money").get_data(as_text=True)


def test_a_unit_sees_its_quotes_and_payments_and_nothing_of_others(scene):
    pay(scene, 1_234_567, "FT-ours")
    with transaction():
        # What waited for an answer before the invoice became overdue.
        booking = bookings.find(invoices.get(scene.id).booking.reference)
        booking.status = "requested"
    page = text(scene.browser("ours").get("/money"))
    assert "1.234.567" in page
    assert "FT-ours" in page
    assert "Báo giá của các yêu cầu đang chờ" in page
    assert booking.reference in page
    other = text(scene.browser("theirs").get("/money"))
    for secret in (scene.number, "FT-ours", booking.reference, "1.234.567"):
        assert secret not in other
    assert "Không còn gì phải trả" in other or "Cần thanh toán" in other


def test_a_card_is_offered_where_the_installation_takes_cards(scene, monkeypatch):
    way = f"/invoices/{scene.id}/checkout"
    assert way not in text(scene.browser("ours").get("/money"))
    monkeypatch.setattr(cards, "are_on", lambda: True)
    assert way in text(scene.browser("ours").get("/money"))


def test_what_a_card_does_not_pay_at_once_is_paid_in_parts_on_the_invoice(scene, monkeypatch):
    monkeypatch.setattr(cards, "are_on", lambda: True)
    with transaction():
        # Beyond what one charge may be.
        invoice = invoices.get(scene.id)
        invoice.net_minor += 100_000_000
        invoice.total_minor += 100_000_000
    page = text(scene.browser("ours").get("/money"))
    assert f"/invoices/{scene.id}/checkout" not in page
    assert f"/invoices/{scene.id}#card" in page


def test_free_money_and_disputes_stand_in_the_work_list(scene):
    with transaction():
        new = NewPayment(PaymentMethod.TRANSFER, Money(200_000), "FT-free")
        payment = payments.receive(units.get("unit-a"), new, by=None)
        db.session.add(
            Dispute(
                stripe_id="dp_1", payment_id=payment.id, amount_minor=200_000, reason="fraudulent"
            )
        )
    page = text(scene.browser("finance").get("/"))
    for told in ("Khoản thu chưa cấn trừ hóa đơn", "/payments?state=unspent", "bị tranh chấp"):
        assert told in page
    assert "Không tìm thấy" not in text(scene.browser("finance").get("/payments?state=unspent"))


def test_a_paid_invoice_is_no_longer_to_pay(scene):
    pay(scene, scene.left.minor)
    page = text(scene.browser("ours").get("/money"))
    assert "vietqr.svg" not in page
    db.session.rollback()
    assert not invoices.get(scene.id).left


def test_the_desk_has_no_money_page(scene):
    assert scene.browser("desk").get("/money").status_code == 403
