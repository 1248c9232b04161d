"""Readiness on the booking's page, at the counter, over the API, as a paper and by mail."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring.models import DeviceStatus, ReadinessReport, ReadinessSignature, Verdict
from portal import rounds
from portal.models import Notice
from rental import bookings
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import csrf_of, signed_in


@pytest.fixture
def red(service) -> str:
    """A confirmed booking of a circuit whose switch is down; its reference."""
    with transaction():
        device = a_switch(name="SW-<1>", status=DeviceStatus.DOWN)
        booking = build.a_booking(
            device.resource, starts_at=clock.now() + timedelta(minutes=50), hours=2
        )
        booking.status = BookingStatus.CONFIRMED
        return booking.reference


def test_red_stops_the_desk_until_an_operator_has_signed(service, person, red):
    desk, operator = (signed_in(service, person(role=role)) for role in (Role.DESK, Role.OPERATOR))
    place = f"/bookings/{red}"
    shown = desk.get(place).text
    assert "SW-&lt;1&gt;" in shown
    assert "không trả lời" in shown
    assert "Chưa thể bàn giao" in shown
    form = {"csrf_token": csrf_of(desk, place)}
    stopped = desk.post(f"{place}/hand-over", data=form)
    assert stopped.status_code == 409
    assert "kỹ thuật viên ký xác nhận" in stopped.text
    assert desk.post(f"{place}/readiness/sign", data={**form, "reason": "x"}).status_code == 403
    form = {"csrf_token": csrf_of(operator, place)}
    assert operator.post(f"{place}/readiness/sign", data=form).status_code == 422
    signed = operator.post(f"{place}/readiness/sign", data={**form, "reason": "Dùng <máy> khác"})
    assert signed.status_code == 302
    assert "Dùng &lt;máy&gt; khác" in desk.get(place).text
    assert db.session.scalar(sa.select(sa.func.count(ReadinessSignature.id))) == 1
    form = {"csrf_token": csrf_of(desk, place)}
    found = desk.post(f"{place}/hand-over", data=form)
    assert "kỹ thuật viên ký xác nhận" not in found.text


def test_the_api_is_stopped_too_and_a_unit_reads_nothing_of_it(service, person, bearer, red):
    call = service.test_client()
    desk = bearer(person(role=Role.DESK))
    found = call.post(f"/api/v1/bookings/{red}/hand-over", headers=desk, json={})
    assert found.status_code == 409
    assert "not ready" in found.json["detail"]
    member = bookings.get(red).member
    with transaction():
        member.password_hash = None
    unit = bearer(member)
    for name, status in (("readiness", (403,)), ("run-sheet", (200,))):
        paper = call.get(f"/api/v1/bookings/{red}/papers/{name}.pdf", headers=unit)
        assert paper.status_code in status, name
    operator = bearer(person(role=Role.OPERATOR))
    paper = call.get(f"/api/v1/bookings/{red}/papers/readiness.pdf", headers=operator)
    assert paper.status_code == 200
    assert paper.get_data()[:5] == b"%PDF-"


def test_operators_are_written_to_an_hour_and_a_day_before_and_once(service, person, red):
    person(role=Role.OPERATOR, email="op@example.com", locale="en")
    person(role=Role.DESK, email="desk@example.com")
    person(role=Role.OPERATOR, email="gone@example.com", is_active=False)
    for _ in range(2):
        rounds.readiness.look_ahead()
    verdicts = list(db.session.scalars(sa.select(ReadinessReport.verdict)))
    assert verdicts == [Verdict.RED, Verdict.RED], "a day and an hour, both are due"
    told = list(db.session.scalars(sa.select(Notice).where(Notice.about == red)))
    assert {notice.recipient for notice in told} == {"op@example.com"}
    assert "is not ready" in told[0].subject
    assert "SW-<1>: Connection, does not answer" in told[0].body
