"""The invoice run as finance meets it: preview, press, progress; and from the command line."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from billing import invoices
from billing.models import Invoice, InvoiceRun, InvoiceStatus
from config import clock
from config.database import db, transaction
from portal.rounds.invoice_runs import run_invoices
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of


@pytest.fixture
def over(service, person):
    """A hall booking that ended yesterday, confirmed and never invoiced."""
    member = person(email="payer@example.com")
    with transaction():
        build.a_hall(code="H100")
        begins = (clock.now() - timedelta(days=1)).replace(hour=2, minute=0)
        with clock.standing_at(begins - timedelta(days=20)):
            lines = [WantedLine("H100", 1, Period(begins, begins + timedelta(hours=3)))]
            wanted = RequestedBooking(member.unit, "Hội thảo", EventKind.SEMINAR, lines)
            booking = bookings.request(wanted, by=member)
            bookings.confirm(booking, by=build.desk())
    return booking


@pytest.fixture
def finance(service, person):
    return signed_in(service, person(role=Role.FINANCE))


def press(client, **fields):
    return client.post("/invoices/run", data={"csrf_token": token_of(client), **fields})


def test_the_preview_writes_nothing_and_the_run_writes_once(over, finance):
    text = finance.get("/invoices/run").get_data(as_text=True)
    assert "Hội thảo" in text
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 0
    answer = press(finance, issues="yes")
    assert answer.status_code == 302
    assert press(finance, issues="yes").status_code == 409
    waiting = finance.get(answer.location, headers={"HX-Request": "true"})
    assert "hx-trigger" in waiting.get_data(as_text=True)
    run_invoices()
    run_invoices()
    db.session.expire_all()
    (invoice,) = db.session.scalars(sa.select(Invoice))
    assert invoice.status is InvoiceStatus.OPEN
    through = finance.get(answer.location).get_data(as_text=True)
    assert "hx-trigger" not in through
    assert "1 hóa đơn" in through
    assert press(finance).status_code == 409


@pytest.mark.parametrize("until", ["9999-01-01", "gestern", "2026-13-01"])
def test_a_day_that_cannot_be_is_refused(over, finance, until):
    assert finance.get(f"/invoices/run?until={until}").status_code == 422
    assert press(finance, until=until).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(InvoiceRun.id))) == 0


def test_the_api_previews_starts_and_shows(over, service, person, bearer):
    client, headers = service.test_client(), bearer(person(role=Role.FINANCE))
    found = client.get("/api/v1/invoice-runs/preview?per=unit", headers=headers)
    (item,) = found.json["items"]
    assert item["invoices"][0]["bookings"] == [over.reference]
    made = client.post("/api/v1/invoice-runs", json={"per": "unit"}, headers=headers)
    assert made.status_code == 201
    run_invoices()
    shown = client.get(f"/api/v1/invoice-runs/{made.json['id']}", headers=headers).json
    assert shown["finished_at"]
    assert shown["invoices"] == 1
    (invoice,) = db.session.scalars(sa.select(Invoice))
    assert invoice.status is InvoiceStatus.DRAFT
    assert invoices.bookings_of(invoice)[0].id == over.id
