"""Months of circuits as finance meets them: the list, the press, the run, the API, the round."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from billing import circuit_months
from billing.models import Charge, CircuitMonth
from config import clock
from config.database import db, transaction
from portal import clock as timetable
from portal.rounds.circuit_months import charge_months
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Member, Role
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of

Person = Callable[..., Member]
Bearer = Callable[[Member], dict[str, str]]


def _day(month: int, day: int) -> datetime:
    return datetime(2030, month, day, 9, tzinfo=clock.LOCAL)


@pytest.fixture
def rented(service: Flask, person: Person) -> Booking:
    """A circuit from 15 January until 11 March 2030."""
    member, desk = person(role=Role.HEAD), person(role=Role.DESK)
    with clock.standing_at(_day(1, 2)), transaction():
        build.a_circuit(code="FIBRE", name="Đường truyền Hội trường 1")
        lines = [WantedLine("FIBRE", 1, Period(_day(1, 15), _day(3, 11)))]
        wanted = RequestedBooking(member.unit, "Thuê đường truyền", EventKind.OTHER, lines)
        booking = bookings.request(wanted, by=member)
        bookings.confirm(booking, by=desk)
    return booking


@pytest.fixture
def february(rented: Booking) -> Iterator[CircuitMonth]:
    """The ninth of February: January is over and late. Gives January."""
    with time_machine.travel(_day(2, 9), tick=False):
        charge_months()
        yield db.session.scalars(sa.select(CircuitMonth).order_by(CircuitMonth.first)).first()


def test_the_round_charges_what_has_begun_and_comes_often(
    service: Flask, february: CircuitMonth
) -> None:
    charge_months()
    assert db.session.scalar(sa.select(sa.func.count(Charge.id))) == 2
    turns = {turn.task for turn in timetable.turns(service.extensions["settings"])}
    assert "charge_months" in turns
    assert february.first == date(2030, 1, 1)


def test_a_booking_that_is_refused_keeps_none_of_the_others_back(
    service: Flask, rented: Booking, person: Person
) -> None:
    member, desk = person(role=Role.HEAD), person(role=Role.DESK)
    with clock.standing_at(_day(1, 2)), transaction():
        build.a_circuit(code="OTHER", name="Đường truyền 2")
        lines = [WantedLine("OTHER", 1, Period(_day(1, 15), _day(3, 11)))]
        wanted = RequestedBooking(member.unit, "Thuê đường truyền", EventKind.OTHER, lines)
        other = bookings.request(wanted, by=member)
        bookings.confirm(other, by=desk)
        # Nothing was promised and no list prices it any more.
        db.session.execute(sa.text("DELETE FROM promised_price WHERE line_id = :line"),
                           {"line": rented.lines[0].id})  # fmt: skip
        db.session.execute(
            sa.update(type(rented.lines[0].resource))
            .where(type(rented.lines[0].resource).code == "FIBRE")
            .values(tariff="nowhere")
        )
    with clock.standing_at(_day(2, 9)):
        charge_months()
        charged = set(db.session.scalars(sa.select(Charge.booking_id)))
    assert other.id in charged


def test_finance_reconciles_a_late_month_and_the_run_takes_it(
    service: Flask, february: CircuitMonth, person: Person
) -> None:
    client = signed_in(service, person(role=Role.FINANCE))
    assert "Tháng đường truyền quá hạn đối soát" in client.get("/").text
    page = client.get("/circuit-months").text
    assert "Trễ hạn" in page
    assert "chưa có số liệu lưu lượng" in page
    assert "tháng 01/2030 · chưa đối soát" in client.get("/invoices/run").text
    where, token = f"/circuit-months/{february.id}/reconcile", token_of(client)
    assert client.post(where, data={"csrf_token": token}).status_code == 409
    form = {"csrf_token": token, "note": "<b>chưa có</b> số đo"}
    assert client.post(where, data=form).status_code == 302
    assert client.post(where, data=form).status_code == 409
    page = client.get("/circuit-months").text
    assert "&lt;b&gt;chưa có&lt;/b&gt; số đo" in page
    assert "Đã đối soát" in page
    run = client.get("/invoices/run").text
    assert "chưa đối soát" not in run
    assert "Thuê đường truyền" in run
    back = f"/circuit-months/{february.id}/reopen"
    assert client.post(back, data={"csrf_token": token, "reason": ""}).status_code == 409
    assert client.post(back, data={"csrf_token": token, "reason": "nhầm"}).status_code == 302
    assert "chưa đối soát" in client.get("/invoices/run").text


def test_the_journal_of_the_booking_says_who_reconciled(
    service: Flask, february: CircuitMonth, rented: Booking, person: Person
) -> None:
    finance = person(role=Role.FINANCE)
    with transaction():
        circuit_months.reconcile(
            circuit_months.get(february.id), by=finance, note="cổng chưa có số đo"
        )
    page = signed_in(service, finance).get(f"/bookings/{rented.reference}").text
    assert "đã đối soát một tháng đường truyền" in page


def test_the_api_lists_and_reconciles(
    service: Flask, february: CircuitMonth, person: Person, bearer: Bearer
) -> None:
    theirs, client = bearer(person(role=Role.FINANCE)), service.test_client()
    listed = client.get("/api/v1/circuit-months", headers=theirs).get_json()
    (told,) = listed["items"]
    assert (told["month"], told["state"], told["due_on"]) == ("2030-01", "late", "2030-02-07")
    assert told["net"]["minor"] == told["rental"]["minor"] > 0
    where = f"/api/v1/circuit-months/{february.id}/reconciliation"
    assert client.post(where, json={}, headers=theirs).status_code == 409
    done = client.post(where, json={"note": "chưa có số đo"}, headers=theirs)
    assert done.get_json()["state"] == "reconciled"
    others = client.get("/api/v1/circuit-months?which=others", headers=theirs).get_json()
    assert {one["state"] for one in others["items"]} == {"running", "reconciled"}
    missing = client.post("/api/v1/circuit-months/9999/reconciliation", json={}, headers=theirs)
    assert missing.status_code == 404
    head = bearer(person(role=Role.HEAD))
    assert client.get("/api/v1/circuit-months", headers=head).status_code == 403
