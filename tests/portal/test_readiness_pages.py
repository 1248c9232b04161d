"""Readiness on the booking's page, at the counter, over the API, as a paper and by mail."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import access_ports
from monitoring.models import (
    ConfigRound,
    Device,
    DeviceRole,
    DeviceStatus,
    PortState,
    PortStatus,
    ReadinessReport,
    ReadinessSignature,
    Verdict,
)
from monitoring.probes.logins import SshLogin
from portal import rounds
from portal.models import Notice
from rental import bookings
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch, with_login
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


def test_readiness_is_told_over_the_api(service, person, bearer, red):
    call = service.test_client()
    desk = bearer(person(role=Role.DESK))
    found = call.get(f"/api/v1/bookings/{red.lower()}/readiness", headers=desk).json
    assert (found["booking"], found["verdict"]) == (red, "red")
    [line] = found["lines"]
    answers = {"kind": "answers", "device": "SW-<1>", "verdict": "red", "found": "down"}
    assert answers in line["checks"]
    assert found["unsigned"] == [answers]
    assert (found["signatures"], found["reports"]) == ([], [])
    assert call.get("/api/v1/bookings/BK-ZZZZ/readiness", headers=desk).status_code == 404


def test_what_is_missing_of_a_configuration_is_said_in_words(service, person, red):
    with transaction():
        device = db.session.scalars(sa.select(Device).filter_by(name="SW-<1>")).one()
        with_login(device, SshLogin("u", "p"))
        at = clock.now()
        db.session.add(ConfigRound(device_id=device.id, since=at, succeeded_at=at, unsaved_lines=4))
    page = signed_in(service, person(role=Role.DESK)).get(f"/bookings/{red}?lang=en").text
    assert "Configuration saved: 4 lines are not" in page
    assert "Configuration backed up: within three days" not in page, "only what is poor is listed"


def test_the_ports_of_circuits_are_listed_over_the_api(service, person, bearer):
    operator = person(role=Role.OPERATOR)
    with transaction():
        switch = a_switch(name="SW-P", resource=None, role=DeviceRole.SWITCH)
        by = db.session.merge(operator)
        circuit = build.a_circuit(code="NET-P")
        kept = access_ports.add(switch, "Gi0/2", circuit, by=by)
        booking = build.a_booking(circuit, starts_at=clock.now(), hours=2)
        booking.status = BookingStatus.CONFIRMED
        kept.is_managed = True
        kept.speed_mbps = 1000
        told = {"template": "{port} is a trunk; only access ports are switched."}
        db.session.add(
            PortState(
                port_id=kept.id,
                line_id=booking.lines[0].id,
                vlan=112,
                status=PortStatus.FAILED,
                attempts=1,
                reasons=[{**told, "values": {"port": "Gi0/2"}}],
            )
        )
        access_ports.add(switch, "Gi0/3", circuit, by=by)
        reference = booking.reference
    call, header = service.test_client(), bearer(operator)
    found = call.get("/api/v1/circuits/ports", headers=header).json
    assert found["total"] == 2
    first, second = found["items"]
    assert (first["device"], first["interface"], first["resource"]) == ("SW-P", "Gi0/2", "NET-P")
    assert (first["booking"], first["vlan"], first["status"]) == (reference, 112, "failed")
    assert first["reasons"] == ["Gi0/2 is a trunk; only access ports are switched."]
    assert (first["speed_mbps"], first["is_held"], first["limited_by"]) == (1000, False, None)
    assert (second["is_managed"], second["status"], second["booking"]) == (False, None, None)
    page = call.get("/api/v1/circuits/ports?per_page=1&page=2", headers=header).json
    assert [each["interface"] for each in page["items"]] == ["Gi0/3"]


def test_a_unit_reads_no_devices_in_the_journal_of_its_booking(service, person, red):
    operator = signed_in(service, person(role=Role.OPERATOR))
    place = f"/bookings/{red}"
    form = {"csrf_token": csrf_of(operator, place), "reason": "telnet bị chặn"}
    operator.post(f"{place}/readiness/sign", data=form)
    assert "telnet bị chặn" in operator.get(place).text
    unit = bookings.get(red).unit
    renter = signed_in(service, person(unit=unit))
    shown = renter.get(place).text
    assert "telnet bị chặn" not in shown
    assert "SW-" not in shown


def test_what_is_red_offers_no_handover_but_the_way_to_its_reasons(service, person, red):
    desk = signed_in(service, person(role=Role.DESK))
    shown = desk.get(f"/bookings/{red}").text
    assert 'href="#readiness"' in shown
    assert "/hand-over" not in shown
