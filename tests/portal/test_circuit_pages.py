"""Circuits, busiest ports, what events depend on, and screens without sign-in."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import access_ports, outages
from monitoring.models import AccessPort, DeviceRole, DeviceStatus
from portal.models import WallLink
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.monitoring.test_circuit_use import a_busy_switch
from tests.portal.conftest import csrf_of, signed_in


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR))


def test_a_port_is_added_once_and_taken_away_again(service, operator):
    with service.app_context(), transaction():
        switch, circuit = a_busy_switch(clock.now()), build.a_circuit(code="F-1")
        told = {"device": switch.id, "interface": "Gi0/1", "circuit": circuit.code}
    told["csrf_token"] = csrf_of(operator, "/devices/circuits")
    assert operator.post("/devices/access-ports", data=told).status_code == 302
    assert operator.post("/devices/access-ports", data=told).status_code == 409
    page = operator.get("/devices/circuits?lang=en").text
    assert "nobody has booked it" in page
    assert "8" in page
    with service.app_context():
        port_id = db.session.scalars(db.select(AccessPort)).one().id
    token = {"csrf_token": told["csrf_token"]}
    gone = f"/devices/access-ports/{port_id}/remove"
    assert operator.post(gone, data=token).status_code == 302
    assert operator.post(gone, data=token).status_code == 404
    assert "no port yet" in operator.get("/devices/circuits?lang=en").text


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"device": "x"}, 422),
        ({"device": "²"}, 422),
        ({"device": "99999999999999999999"}, 422),
        ({"device": "999999"}, 404),
        ({"circuit": ""}, 422),
        ({"circuit": "NOWHERE"}, 404),
        ({"interface": ""}, 422),
    ],
)
def test_bad_words_of_a_port_are_refused(service, operator, wrong, status):
    with service.app_context(), transaction():
        switch, circuit = a_busy_switch(clock.now()), build.a_circuit()
        told = {"device": switch.id, "interface": "Gi0/1", "circuit": circuit.code, **wrong}
    told["csrf_token"] = csrf_of(operator, "/devices/circuits")
    assert operator.post("/devices/access-ports", data=told).status_code == status
    with service.app_context():
        assert db.session.scalars(db.select(AccessPort)).all() == []


def test_the_busiest_ports_name_the_circuit(service, operator):
    with service.app_context(), transaction():
        switch, circuit = a_busy_switch(clock.now()), build.a_circuit(name="Cáp quang <1>")
        access_ports.add(switch, "Gi0/1", circuit, by=None)
    page = operator.get("/devices/talkers").text
    assert "Cáp quang &lt;1&gt;" in page
    assert operator.get("/devices/talkers?span=day").status_code == 200
    assert operator.get("/devices/talkers?span=century").status_code == 422


@pytest.fixture
def event(service, person):
    """A running event of a unit on a device that is down behind a switch that is up."""
    with service.app_context(), transaction():
        member = db.session.merge(person(), load=True)
        core = a_switch(name="SW-CORE", resource=None, status=DeviceStatus.UP)
        line = build.a_circuit(name="Đường truyền 100")
        down = a_switch(name="SW-SECRET", resource=line, parent=core, status=DeviceStatus.DOWN)
        outages.open_(down, clock.now(), {})
        booking = build.a_booking(
            line,
            starts_at=clock.now() - timedelta(hours=1),
            member=member,
            title="Họp báo chiều",
            status=BookingStatus.HANDED_OVER,
        )
        return booking.reference


def test_an_operator_sees_every_device_behind_an_event(operator, event):
    page = operator.get(f"/bookings/{event}/monitoring?lang=en").text
    assert "SW-SECRET" in page
    assert "SW-CORE" in page
    assert "does not answer" in page
    assert "Họp báo chiều" in operator.get("/devices/events").text


def test_a_renter_reads_how_its_lines_are_and_no_names(service, person, event):
    with service.app_context():
        booking = db.session.scalars(db.select(build.Booking).filter_by(reference=event)).one()
        mine = signed_in(service, booking.member)
    page = mine.get(f"/bookings/{event}/monitoring?lang=en").text
    assert "credited on your invoice" in page
    assert "SW-SECRET" not in page
    assert "SW-CORE" not in page
    other = signed_in(service, person())
    assert other.get(f"/bookings/{event}/monitoring").status_code == 404


def test_a_screen_shows_the_wall_without_sign_in_until_it_is_revoked(service, operator):
    service.extensions.pop("wall", None)
    token = csrf_of(operator, "/wall/screens")
    page = operator.post("/wall/screens", data={"csrf_token": token, "place": "Phòng <máy>"}).text
    secret = page.split("/wall/screens/mc_wall_")[1].split('"')[0]
    address = f"/wall/screens/mc_wall_{secret}"
    screen = service.test_client()
    shown = screen.get(address)
    assert shown.status_code == 200
    assert f'hx-get="{address}/now"' in shown.text
    assert "/wall/screens/mc_wall_" in shown.text
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in shown.headers["Cache-Control"]
    assert screen.get(f"{address}/now").status_code == 200
    assert screen.get("/wall").status_code in (302, 401)
    # Shown once: the list has the place and not the secret.
    again = operator.get("/wall/screens").text
    assert "Phòng &lt;máy&gt;" in again
    assert secret not in again
    with service.app_context():
        link = db.session.scalars(db.select(WallLink)).one()
        assert link.last_seen_at is not None
        gone = f"/wall/screens/{link.id}/revoke"
    assert operator.post(gone, data={"csrf_token": token}).status_code == 302
    assert operator.post(gone, data={"csrf_token": token}).status_code == 404
    assert screen.get(address).status_code == 404
    assert screen.get(f"{address}/now").status_code == 404


@pytest.mark.parametrize("place", ["", "   ", "x" * 81])
def test_a_screen_says_where_it_hangs(operator, place):
    token = csrf_of(operator, "/wall/screens")
    answer = operator.post("/wall/screens", data={"csrf_token": token, "place": place})
    assert answer.status_code == 422


def test_a_device_page_tells_its_week_and_whom_it_serves(service, operator, event):
    with service.app_context():
        device_id = db.session.scalars(db.select(outages.Outage)).one().device_id
    page = operator.get(f"/devices/{device_id}?lang=en").text
    assert "The last seven days" in page
    assert "Họp báo chiều" in page


def test_a_circuit_handed_out_by_a_switch_names_its_event_on_the_page_of_the_switch(
    service, operator
):
    with service.app_context(), transaction():
        switch, circuit = a_busy_switch(clock.now()), build.a_circuit()
        switch.role = DeviceRole.SWITCH
        access_ports.add(switch, "Gi0/1", circuit, by=None)
        build.a_booking(
            circuit, title="Truyền hình tối", starts_at=clock.now(), status=BookingStatus.CONFIRMED
        )
        device_id = switch.id
    assert "Truyền hình tối" in operator.get(f"/devices/{device_id}").text
