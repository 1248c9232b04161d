"""Devices, readings, violations and outages over the API."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import devices, discovery, enforcement, outages, readings, violations
from monitoring.policy import Finding
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Port, Reading
from monitoring.rules import Result, Severity
from rental import catalogue
from tests.api.conftest import at, booking

ENCODER = {"name": "Encoder 1", "address": "192.0.2.10", "role": "encoder", "resource": "H100"}


@pytest.fixture
def encoder(centre):
    """A device that serves H100."""
    return centre.operator.post("/devices", ENCODER).json


def broken(centre, device, rule="N01"):
    """A violation of high severity on the device, enforced."""
    with centre.app.app_context(), transaction():
        row = devices.get(device["id"])
        finding = Finding(rule, Result.FAIL, Severity.HIGH, ("ip http server",), "HTTP is on")
        found = violations.open_or_refresh(row, finding)
        enforcement.settle(row)
        return found.id


def test_an_operator_adds_a_device_and_finds_it(centre, encoder):
    assert encoder["status"] == "unknown"
    assert encoder["site"] == "hcmc"
    child = {"name": "Camera 1", "address": "2001:DB8::10", "parent": "Encoder 1"}
    added = centre.operator.post("/devices", child)
    assert added.status_code == 201
    assert added.json["address"] == "2001:db8::10"
    assert added.json["parent"] == "Encoder 1"
    assert centre.operator.get(f"/devices/{encoder['id']}").json == encoder
    listed = centre.director.get("/devices").json
    assert [each["name"] for each in listed["items"]] == ["Camera 1", "Encoder 1"]
    assert listed["total"] == 2
    narrowed = centre.operator.get("/devices?role=encoder&status=unknown&site=hcmc&q=encod").json
    assert [each["name"] for each in narrowed["items"]] == ["Encoder 1"]
    assert centre.operator.get("/devices?page=2&per_page=1").json["items"] == [encoder]


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"name": ""}, 422),
        ({"address": "encoder.example"}, 422),  # a name resolves to anything
        ({"address": "0.0.0.0"}, 422),
        ({"address": "192.0.2.300"}, 422),
        ({"snmp_port": 0}, 422),
        ({"snmp_port": "161"}, 422),
        ({"role": "toaster"}, 422),
        ({"platform": "windows"}, 422),
        ({"is_enabled": "yes"}, 422),
        ({"snmp_credential": "nobody's"}, 404),
        ({"parent": "nobody"}, 404),
        ({"resource": "H999"}, 404),
        ({"site": "nowhere"}, 404),
        ({"community": "public"}, 422),
        ({"name": "x\0"}, 422),
    ],
)
def test_a_device_that_cannot_be_is_refused(centre, over, status):
    assert centre.operator.post("/devices", {**ENCODER, **over}).status_code == status
    assert centre.operator.get("/devices").json["total"] == 0


def test_two_devices_of_one_name_are_a_conflict(centre, encoder):
    assert centre.operator.post("/devices", ENCODER).status_code == 409


def test_monitoring_is_the_operators(centre, encoder):
    violation = broken(centre, encoder)
    paths = [
        "/devices",
        f"/devices/{encoder['id']}",
        f"/devices/{encoder['id']}/readings",
        "/violations",
        "/outages",
    ]
    for caller in (centre.member, centre.head, centre.desk, centre.finance):
        for path in paths:
            assert caller.get(path).status_code == 403
        assert caller.post("/devices", ENCODER).status_code == 403
        assert caller.post(f"/violations/{violation}/acknowledge").status_code == 403
    for path in paths:
        assert centre.nobody.get(path).status_code == 401
    assert centre.director.post("/devices", ENCODER).status_code == 403


def test_unknown_ids_are_not_there(centre):
    for number in (999, 2**31, 10**30):
        assert centre.operator.get(f"/devices/{number}").status_code == 404
        assert centre.operator.post(f"/violations/{number}/acknowledge").status_code == 404


def test_readings_are_told_as_the_probe_prints_them(centre, encoder):
    layout = Layout(name="enc1", ports=(Port(1, "eth0", None, None, 10**9, 1500, None, True),))
    now = clock.now()
    with centre.app.app_context(), transaction():
        row = devices.get(encoder["id"])
        keep_readings(row, layout, [now - timedelta(minutes=m) for m in (3, 2, 1)])
    period = {"from": (now - timedelta(minutes=5)).isoformat(), "to": now.isoformat()}
    path = f"/devices/{encoder['id']}/readings"
    found = centre.operator.get(path, query_string=period).json
    assert found["total"] == 3
    assert found["items"][0]["reachable"] is True
    assert found["items"][0]["interfaces"][0]["oper_status"] == "up"
    assert found["items"][0]["at"] < found["items"][1]["at"]
    second = centre.operator.get(path, query_string={**period, "page": 2, "per_page": 2}).json
    assert second == {"items": found["items"][2:], "total": 3}
    assert centre.operator.get(path).status_code == 422
    wide = {"from": at("00:00", "2029-01-01"), "to": at("00:00")}
    assert centre.operator.get(path, query_string=wide).status_code == 422


def keep_readings(row, layout, times):
    """Store a reading of one interface, admin and oper up, at each time."""
    layout_id = discovery.keep([layout])[layout.digest]
    target = Target(row.address, device_id=row.id)
    readings.store(
        (Outcome(target, at, 0.1, Reading(layout, at, 60.0, [1, 1, 8, 8, 0, 0])), layout_id)
        for at in times
    )


def test_a_violation_takes_the_hall_off_the_calendar_until_it_is_waived(centre, encoder):
    violation = broken(centre, encoder)
    listed = centre.operator.get("/violations").json
    assert listed["total"] == 1
    assert listed["items"][0]["evidence"] == ["ip http server"]
    assert listed["items"][0]["resource"] == "H100"
    assert centre.member.post("/bookings", booking()).status_code == 409

    path = f"/violations/{violation}"
    seen = centre.operator.post(f"{path}/acknowledge", {"note": "Kỹ thuật đang xử lý"})
    assert (seen.json["status"], seen.json["note"]) == ("acknowledged", "Kỹ thuật đang xử lý")
    assert centre.operator.post(f"{path}/acknowledge").status_code == 409
    assert centre.member.post("/bookings", booking()).status_code == 409

    until = (clock.now() + timedelta(days=7)).isoformat()
    waived = centre.operator.post(f"{path}/waive", {"reason": "Thay tuần sau", "until": until})
    assert (waived.json["status"], waived.json["waiver"]["status"]) == ("waived", "in_force")
    assert centre.member.post("/bookings", booking()).status_code == 201
    assert centre.operator.get("/violations").json["total"] == 0
    assert centre.operator.get("/violations?status=waived&status=open").json["total"] == 1
    of_encoder = f"/violations?status=waived&device={encoder['id']}"
    assert centre.operator.get(of_encoder).json["total"] == 1
    assert centre.operator.get("/violations?device=999").status_code == 404


@pytest.mark.usefixtures("grave_takes_two")
def test_where_the_terms_say_so_a_waiver_takes_two_people(centre, encoder):
    path = f"/violations/{broken(centre, encoder)}"
    until = (clock.now() + timedelta(days=7)).isoformat()
    asked = centre.operator.post(f"{path}/waive", {"reason": "Thay tuần sau", "until": until})
    assert (asked.json["status"], asked.json["waiver"]["status"]) == ("open", "asked")
    assert centre.member.post("/bookings", booking()).status_code == 409
    assert centre.operator.post(f"{path}/waiver/approve").status_code == 409
    waived = centre.director.post(f"{path}/waiver/approve")
    assert (waived.json["status"], waived.json["waiver"]["status"]) == ("waived", "in_force")
    assert centre.member.post("/bookings", booking()).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "x"},
        {"reason": "", "until": "2030-01-01T00:00:00Z"},
        {"reason": "x", "until": "2020-01-01T00:00:00Z"},  # over already
        {"reason": "x", "until": "2100-01-01T00:00:00Z"},  # for ever
        {"reason": "x", "until": "2030-01-01T00:00:00"},  # naive
    ],
)
def test_a_waiver_has_a_reason_and_an_end(centre, encoder, body):
    violation = broken(centre, encoder)
    assert centre.operator.post(f"/violations/{violation}/waive", body).status_code == 422
    assert centre.operator.get("/violations").json["items"][0]["status"] == "open"


def test_outages_are_listed_newest_first(centre, encoder):
    with centre.app.app_context(), transaction():
        row = devices.get(encoder["id"])
        first = outages.open_(row, clock.now() - timedelta(hours=2), {"lost": 3})
        outages.close(first, clock.now() - timedelta(hours=1))
        outages.open_(row, clock.now(), {"lost": 3})
        db.session.flush()
        assert catalogue.get("H100")
    found = centre.operator.get("/outages").json
    assert found["total"] == 2
    assert found["items"][0]["ended_at"] is None
    assert found["items"][1]["evidence"] == {"lost": 3}
    assert centre.operator.get("/outages?open=true").json["total"] == 1
    assert centre.operator.get("/outages?open=false&page=2&per_page=1").json == {
        "items": [],
        "total": 1,
    }
    assert centre.operator.get(f"/outages?device={encoder['id']}").json["total"] == 2
    assert centre.operator.get("/outages?open=perhaps").status_code == 422


def test_a_device_is_changed_in_part_and_taken_out_of_use(centre, encoder):
    known = {"vendor": "Teradek", "serial": "T-1", "tags": ["Phòng B", "phòng b"], "note": None}
    changed = centre.operator.patch(f"/devices/{encoder['id']}", known)
    assert changed.status_code == 200
    assert changed.json == encoder | known | {"tags": ["phòng b"]}
    listed = centre.operator.get("/devices?tag=Phòng B&q=teradek").json
    assert [each["name"] for each in listed["items"]] == ["Encoder 1"]
    gone = centre.operator.patch(f"/devices/{encoder['id']}", {"is_retired": True}).json
    assert gone["retired_at"] is not None
    assert not gone["is_enabled"]
    assert centre.operator.get("/devices").json["total"] == 0
    assert centre.operator.get("/devices?retired=true").json["total"] == 1
    assert centre.operator.patch(f"/devices/{encoder['id']}", {"model": "x"}).status_code == 409
    back = {"is_retired": False, "is_enabled": True, "resource": None}
    again = centre.operator.patch(f"/devices/{encoder['id']}", back).json
    assert (again["retired_at"], again["is_enabled"], again["resource"]) == (None, True, None)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": None}, 422),
        ({"address": "nowhere"}, 422),
        ({"parent": "Encoder 1"}, 422),  # itself
        ({"asset": "NO-1"}, 404),
        ({"tags": ["x" * 41]}, 422),
        ({"secret": "x"}, 422),
    ],
)
def test_a_change_that_cannot_be_is_refused_whole(centre, encoder, change, status):
    sent = centre.operator.patch(f"/devices/{encoder['id']}", {"vendor": "V", **change})
    assert sent.status_code == status
    assert centre.operator.get(f"/devices/{encoder['id']}").json == encoder
