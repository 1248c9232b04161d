"""The reports of a month as finance reads and takes them."""

import io
from collections.abc import Callable

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from billing import invoices
from billing.models import Invoice
from config import clock
from config.database import db, transaction
from rental import bookings
from rental.models import Member, Role
from tests import build
from tests.billing.steps import asked
from tests.portal.conftest import signed_in

Person = Callable[..., Member]


@pytest.fixture
def number(service: Flask, person: Person) -> str:
    """The number of an invoice issued today."""
    desk = person(role=Role.DESK)
    with transaction():
        build.a_hall(code="H100", name="Hội trường =1+1")
        booking = asked("H100")
        bookings.confirm(booking, by=desk)
        invoice = invoices.issue(invoices.draft_for(booking), by=None)
        return invoice.display_number or ""


def test_the_reports_name_the_invoice_and_its_amounts(
    service: Flask, person: Person, number: str
) -> None:
    client, this = signed_in(service, person(role=Role.FINANCE)), f"{clock.today():%Y-%m}"
    page = client.get(f"/reports/vat?month={this}").text
    assert number in page
    assert "Không thiếu số nào" in page
    # For an event of 2030: all of it is deferred.
    net = db.session.scalars(sa.select(Invoice)).one().net.minor
    revenue = client.get(f"/reports/revenue?month={this}").text
    assert f"{net:,}".replace(",", ".") in revenue
    assert client.get("/reports/vat").status_code == 200
    assert client.get("/reports/vat?month=nonsense").status_code == 422
    assert client.get("/reports/vat.pdf").status_code == 404


def test_the_files_hold_what_the_pages_show(service: Flask, person: Person, number: str) -> None:
    client, this = signed_in(service, person(role=Role.DIRECTOR)), f"{clock.today():%Y-%m}"
    rows = client.get(f"/reports/vat.csv?month={this}").text.splitlines()
    assert len(rows) == 2
    assert rows[1].startswith(number)
    ledger = client.get(f"/reports/journal.hledger?month={this}")
    assert f"({number}) Hóa đơn" in ledger.text
    book = client.get(f"/reports/journal.xlsx?month={this}")
    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).active
    found = list(sheet.iter_rows(min_row=2, values_only=True))
    assert sum(row[5] for row in found) == sum(row[6] for row in found) == 9_000_000
    assert client.get(f"/reports/revenue.xlsx?month={this}").status_code == 200
