"""The work list of IT operations and the availability of devices, as pages and over the API."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from monitoring import outages, problems, remedy_reasons, states
from monitoring.models import DeviceStatus
from monitoring.problems import NewProblem
from monitoring.reasons import because
from monitoring.rules import Severity
from monitoring.states import Change
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import signed_in, token_of


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR))


@pytest.fixture
def switch(service):
    """A device that was up since yesterday, and down for an hour of it."""
    device = a_switch(name="SW-7")
    began = clock.now() - timedelta(hours=20)
    down = began + timedelta(hours=3)
    for status, at in (
        (DeviceStatus.UP, began),
        (DeviceStatus.DOWN, down),
        (DeviceStatus.UP, down + timedelta(hours=1)),
    ):
        states.turn([Change(device.id, status, at)])
    db.session.commit()
    return device


def test_an_operator_takes_on_what_is_not_well(operator, switch):
    assert "Mọi thứ đều ổn" in operator.get("/devices/troubles").text
    outage = outages.open_(switch, clock.now(), {})
    problem = problems.open_(
        switch, NewProblem("sensor", "<b>inlet</b>", Severity.HIGH, value=47.3, threshold=45)
    )
    db.session.commit()
    page = operator.get("/devices/troubles").text
    assert "Cảm biến: &lt;b&gt;inlet&lt;/b&gt;" in page
    assert "47,3 (ngưỡng 45)" in page
    for kind, record in (("outages", outage), ("problems", problem)):
        place = f"/devices/{kind}/{record.id}/acknowledge"
        form = {"csrf_token": token_of(operator), "note": "đang xem"}
        assert operator.post(place, data=form).status_code == 302
    assert operator.get("/devices/troubles").text.count("đang xem") == 2
    only = operator.get("/devices/troubles?kind=outage&severity=high").text
    assert "không trả lời" in only
    assert "inlet" not in only
    assert "Mọi thứ đều ổn" in operator.get("/devices/troubles?live=1").text
    assert operator.get("/devices/troubles?severity=terrible").status_code == 422


def test_why_a_remediation_went_back_stands_beside_the_problem(operator, switch):
    reason = because(remedy_reasons.SAID, told="<b>rc 1").as_json()
    evidence = {"remediation": 77, "reason": "…", "reasons": [reason]}
    problems.open_(switch, NewProblem("remediation", "L01", Severity.HIGH, evidence=evidence))
    db.session.commit()
    for place in ("/devices/troubles", f"/devices/{switch.id}"):
        assert "Kịch bản gặp lỗi: &lt;b&gt;rc 1." in operator.get(place).text, place
    assert 'href="/remediations/77"' in operator.get("/devices/troubles").text


def test_what_is_over_is_not_taken_on(operator, switch):
    problem = problems.open_(switch, NewProblem("sensor", "inlet", Severity.HIGH))
    problems.clear(problem)
    db.session.commit()
    form = {"csrf_token": token_of(operator)}
    place = f"/devices/problems/{problem.id}/acknowledge"
    assert operator.post(place, data=form).status_code == 409
    assert operator.post("/devices/problems/0/acknowledge", data=form).status_code == 404


def test_a_month_shows_each_day_and_the_share(operator):
    # Up for four hours of a day, one of them lost, at whatever hour this runs.
    today = clock.now().astimezone(clock.LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    began = today - timedelta(hours=4)
    device = a_switch(name="SW-7")
    for status, hours in ((DeviceStatus.UP, 0), (DeviceStatus.DOWN, 1), (DeviceStatus.UP, 2)):
        states.turn([Change(device.id, status, began + timedelta(hours=hours))])
    db.session.commit()
    page = operator.get(f"/devices/availability?month={began:%Y-%m}").text
    assert "SW-7" in page
    assert 'class="day-bad"' in page
    assert operator.get("/devices/availability?month=2026-13").status_code == 422
    assert "SW-7" not in operator.get("/devices/availability?q=nothing").text
    future = operator.get("/devices/availability?month=2031-01")
    assert future.status_code == 200
    assert "SW-7" not in future.text


def test_the_member_reads_what_the_rented_line_had(service, person, switch):
    member = person()
    booking = build.a_booking(
        switch.resource,
        member=member,
        starts_at=clock.now() - timedelta(hours=19),
        hours=10,
        status=BookingStatus.RETURNED,
    )
    db.session.commit()
    page = signed_in(service, member).get(f"/bookings/{booking.reference}").text
    assert "Độ sẵn sàng trong sự kiện" in page
    assert "90" in page
