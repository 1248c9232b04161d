"""The page of a port: bookings are let switch it, what is wanted and done is shown."""

import pytest

from config.database import db, transaction
from monitoring import (
    access_ports,
    enforcing,
    port_holds,
    port_reasons,
    provisioning,
    violations,
)
from monitoring.circuits import Rental
from monitoring.models import AccessPort, DeviceRole, PortChange, PortState, PortStatus
from monitoring.port_reasons import because
from monitoring.rules import Enforce
from portal.rounds import ports as rounds
from rental.models import BookingStatus, JournalEntry, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch
from tests.portal.conftest import signed_in, token_of


@pytest.fixture
def port(service) -> AccessPort:
    with transaction():
        device = a_switch(name="SW-7", role=DeviceRole.SWITCH)
        circuit = build.a_circuit(code="F9", name="Đường <9>")
        return access_ports.add(device, "GigabitEthernet1/0/3", circuit, by=None)


def test_bookings_are_let_switch_a_port_and_it_is_left_alone_again(service, person, port):
    operator = signed_in(service, person(role=Role.OPERATOR))
    place = f"/devices/access-ports/{port.id}"
    assert "Bật tắt thủ công" in operator.get(place).text
    form = {"csrf_token": token_of(operator), "managed": "yes"}
    for _ in range(2):
        assert operator.post(f"{place}/manage", data=form).status_code == 302
    page = operator.get(place).text
    assert "MEDIA_CENTER_SWITCH_PORTS" in page, "it says that nothing is switched at all"
    assert "Đường &lt;9&gt;" in page
    assert "Đang chờ đến lượt" in operator.get("/devices/circuits").text
    form["managed"] = "no"
    operator.post(f"{place}/manage", data=form)
    assert not db.session.get(AccessPort, port.id).is_managed
    verbs = [e.verb for e in db.session.query(JournalEntry).filter_by(subject="access_port")]
    assert verbs.count("managed") == 1
    assert verbs.count("left_alone") == 1
    assert operator.get("/devices/access-ports/99999").status_code == 404


# What a device says is neither markup nor a template.
HOSTILE = because(port_reasons.BROKEN, told="<b>%(x)s {port} {0}").as_json()


def test_what_was_done_and_why_it_failed_is_shown_and_looked_at_again(service, person, port):
    operator = signed_in(service, person(role=Role.OPERATOR))
    place = f"/devices/access-ports/{port.id}"
    with transaction():
        provisioning.manage(db.session.get(AccessPort, port.id), is_managed=True, by=None)
        state = PortState(
            port_id=port.id,
            status=PortStatus.FAILED,
            reasons=[because(port_reasons.LOGIN).as_json(), HOSTILE],
            attempts=3,
            next_at=build.TUESDAY,
        )
        change = PortChange(
            port_id=port.id,
            reference="BK-1",
            is_on=True,
            vlan=110,
            outcome="rolled_back",
            commands=["switchport access vlan 110", "no shutdown"],
            reasons=[because(port_reasons.NOT_HELD, lines="no shutdown").as_json()],
            seconds=1.25,
        )
        db.session.add_all([state, change])
    page = operator.get(place).text
    assert "Thiết bị từ chối đăng nhập" in page
    assert "Phiên làm việc với thiết bị bị ngắt: &lt;b&gt;%(x)s {port} {0}" in page
    assert "Đã gõ lệnh nhưng không giữ được: no shutdown." in page
    assert "Đã đưa về như cũ" in page
    assert "switchport access vlan 110\nno shutdown" in page
    assert "Chưa đúng lượt đặt" in page
    operator.post(f"{place}/again", data={"csrf_token": token_of(operator)})
    assert db.session.get(PortState, port.id).next_at is None


@pytest.mark.parametrize(
    ("status", "is_on", "words"),
    [
        (PortStatus.SETTLED, True, "Đã bật"),
        (PortStatus.FAILED, False, "Chưa bật được"),
        (PortStatus.WAITING, None, "Chưa bật"),
    ],
)
def test_a_renter_reads_whether_the_line_is_on(service, person, port, status, is_on, words):
    unit_member = person()
    with transaction():
        provisioning.manage(db.session.get(AccessPort, port.id), is_managed=True, by=None)
        booking = build.a_booking(port.resource, unit=unit_member.unit, member=unit_member)
        booking.status = BookingStatus.CONFIRMED
        db.session.flush()
        state = PortState(port_id=port.id, line_id=booking.lines[0].id, vlan=110, is_on=is_on)
        state.status = status
        db.session.add(state)
        reference = booking.reference
    page = signed_in(service, unit_member).get(f"/bookings/{reference}/monitoring")
    assert words not in page.text, "where nothing is switched nothing is said of it"
    service.extensions["settings"].__dict__["switch_ports"] = "on"
    try:
        page = signed_in(service, unit_member).get(f"/bookings/{reference}/monitoring")
    finally:
        service.extensions["settings"].__dict__["switch_ports"] = "off"
    assert words in page.text
    assert "SW-7" not in page.text


def test_a_port_that_a_rule_keeps_shut_says_so_to_who_watches_it_and_to_the_renter(
    service, person, port, monkeypatch
):
    monkeypatch.setattr(enforcing, "steps_of", lambda *_: frozenset({Enforce.SHUT_PORT}))
    monkeypatch.setitem(service.extensions["settings"].__dict__, "switch_ports", "on")
    unit_member = person()
    with transaction():
        own = db.session.get(AccessPort, port.id)
        provisioning.manage(own, is_managed=True, by=None)
        booking = build.a_booking(port.resource, unit=unit_member.unit, member=unit_member)
        booking.status, reference = BookingStatus.CONFIRMED, booking.reference
        violations.open_or_refresh(own.device, a_failure("N01"))
        line = booking.lines[0]
        rental = Rental(line.id, line.resource_id, 1, line.starts_at, line.ends_at)
        held = port_holds.held([own])
        port_holds.tell([own], held, [(rental, reference)], line.starts_at)
    operator = signed_in(service, person(role=Role.OPERATOR))
    said = "giữ ở trạng thái tắt chừng nào thiết bị còn vi phạm quy tắc N01"
    shown = operator.get(f"/devices/access-ports/{port.id}").text
    assert said in shown
    assert "tắt; đang bị giữ tắt" in shown
    assert said in operator.get(f"/bookings/{reference}/monitoring").text
    listed = operator.get("/devices/troubles").text
    assert f"F9: bị giữ tắt, ảnh hưởng lượt đặt {reference}" in listed
    assert "cổng bị giữ ở trạng thái tắt" in operator.get(f"/bookings/{reference}").text
    page = signed_in(service, unit_member).get(f"/bookings/{reference}/monitoring").text
    assert "Bị giữ tắt" in page
    assert "N01" not in page
    assert "SW-7" not in page


def test_what_else_limits_a_port_is_noted_on_its_page(service, person, port):
    operator = signed_in(service, person(role=Role.OPERATOR))
    place = f"/devices/access-ports/{port.id}"
    with transaction():
        mine = db.session.get(AccessPort, port.id)
        provisioning.manage(mine, is_managed=True, by=None)
        mine.speed_mbps, mine.resource.unshaped_mbps = 1000, 1000
    assert "không có gì giữ cổng ở mức đó" in operator.get(place).text
    assert "chúng cho qua 1.000 Mbit/s" in operator.get("/catalogue/F9").text
    renter = signed_in(service, person())
    assert "chúng cho qua" not in renter.get("/catalogue/F9").text
    form = {"csrf_token": token_of(operator), "limited_by": "<i>policer</i>"}
    for _ in range(2):
        assert operator.post(f"{place}/limit", data=form).status_code == 302
    page = operator.get(place).text
    assert "&lt;i&gt;policer" in page
    assert "không có gì giữ cổng ở mức đó" not in page
    verbs = [e.verb for e in db.session.query(JournalEntry).filter_by(subject="access_port")]
    assert verbs.count("limited_elsewhere") == 1
    operator.post(f"{place}/limit", data=form | {"limited_by": " "})
    assert db.session.get(AccessPort, port.id).limited_by is None


def test_the_round_tells_rental_what_nothing_keeps_only_where_ports_are_switched(service, port):
    with transaction():
        mine = db.session.get(AccessPort, port.id)
        provisioning.manage(mine, is_managed=True, by=None)
        mine.speed_mbps = 1000
        site = mine.device.site.slug
    noted = []
    try:
        for mode in ("off", "trial", "on", "off"):
            service.extensions["settings"].__dict__["switch_ports"] = mode
            with service.app_context():
                rounds.reconcile_ports(site)
                noted.append(db.session.get(AccessPort, port.id).resource.unshaped_mbps)
    finally:
        service.extensions["settings"].__dict__["switch_ports"] = "off"
    assert noted == [None, None, 1000, None]
