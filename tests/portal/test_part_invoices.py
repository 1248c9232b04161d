"""Advance and part invoices as finance meets them."""

import pytest

from billing import advances, invoices
from billing.models import InvoiceKind
from config.database import db
from rental import bookings
from rental.models import Role
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_collecting import opened


@pytest.fixture
def reference(service, person):
    """A confirmed booking of which nothing is invoiced; its first invoice is void."""
    invoice = invoices.get(opened(person(email="payer@example.com")))
    found = invoice.booking.reference
    invoices.void(invoice, by=None, reason="nhầm")
    db.session.commit()
    return found


def press(client, path, **form):
    return client.post(path, data={"csrf_token": token_of(client), **form})


def test_finance_asks_for_a_percentage_and_the_final_invoice_takes_it_off(
    service, person, reference
):
    finance = signed_in(service, person(role=Role.FINANCE))
    page = finance.get(f"/bookings/{reference}/invoicing")
    assert "Chờ lập hóa đơn" in page.text
    assert f"/bookings/{reference}/invoicing" in finance.get(f"/bookings/{reference}").text
    asked = press(finance, f"/bookings/{reference}/advances", percent="12,5")
    assert asked.status_code == 302
    booking = bookings.get(reference)
    (advance,) = advances.of(booking)
    whole = advance.total + advances.standing(booking).rest
    assert advance.total.minor * 8 == whole.minor
    assert "Hóa đơn tạm ứng" in finance.get(asked.location).text
    draft = press(finance, f"/bookings/{reference}/invoice")
    press(finance, f"{draft.location}/issue")
    shown = finance.get(draft.location).text
    assert "Hóa đơn quyết toán" in shown
    assert "Trừ tạm ứng" in shown
    assert advance.display_number in shown
    db.session.expire_all()
    final = invoices.for_booking(booking)[-1]
    assert final.total + advance.total == whole


@pytest.mark.parametrize("form", [{"percent": "x"}, {"percent": "nan"}, {"percent": "101"}, {}])
def test_what_is_no_part_is_refused(service, person, reference, form):
    finance = signed_in(service, person(role=Role.FINANCE))
    assert press(finance, f"/bookings/{reference}/advances", **form).status_code in (400, 422)
    assert not advances.of(bookings.get(reference))


def test_ticked_charges_become_a_part_invoice(service, person, reference):
    finance = signed_in(service, person(role=Role.FINANCE))
    (charge,) = advances.standing(bookings.get(reference)).waiting
    none = press(finance, f"/bookings/{reference}/part-invoices", charge="x")
    assert none.status_code == 409
    drafted = press(finance, f"/bookings/{reference}/part-invoices", charge=str(charge.id))
    assert "Hóa đơn từng phần" in finance.get(drafted.location).text
    kinds = [one.kind for one in invoices.for_booking(bookings.get(reference))]
    assert kinds == [InvoiceKind.WHOLE, InvoiceKind.PART]


def test_a_surplus_after_a_cancellation_is_credited_by_one_press(service, person, reference):
    finance = signed_in(service, person(role=Role.FINANCE))
    press(finance, f"/bookings/{reference}/advances", percent="100")
    booking = bookings.get(reference)
    bookings.cancel(booking, by=person(role=Role.DESK), reason="x")
    db.session.commit()
    surplus = advances.standing(booking).surplus
    assert surplus
    assert "Lập hóa đơn điều chỉnh giảm" in finance.get(f"/bookings/{reference}/invoicing").text
    pressed = press(finance, f"/bookings/{reference}/advances/give-back")
    assert pressed.status_code == 302
    db.session.expire_all()
    assert advances.of(booking)[0].credited == surplus
    again = press(finance, f"/bookings/{reference}/advances/give-back")
    assert again.status_code == 422


def test_a_unit_asks_itself_for_nothing(service, person, reference):
    member = signed_in(service, person(role=Role.MEMBER))
    assert member.get(f"/bookings/{reference}/invoicing").status_code == 403
    assert press(member, f"/bookings/{reference}/advances", percent="1").status_code == 403
