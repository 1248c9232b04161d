"""Availability of resources and circuits by the devices that serve them: page, files, API."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import access_ports, states
from monitoring.models import Device, DeviceRole, DeviceStatus
from monitoring.states import Change
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import signed_in

UP, DOWN = DeviceStatus.UP, DeviceStatus.DOWN
# A whole month that is over.
FIRST = datetime(2026, 3, 1, tzinfo=clock.LOCAL).astimezone(UTC)


@pytest.fixture
def circuit(service) -> str:
    """A circuit on a port of a switch that was down for 7 200 seconds of 2 March; its code."""
    with transaction():
        switch = a_switch(name="SW-9")
        switch.role = DeviceRole.SWITCH
        line = build.a_circuit(code="L100", name="=Đường <100>")
        access_ports.add(switch, "Gi0/9", line, by=None)
        build.a_hall(code="H1")
        down = FIRST + timedelta(days=1, hours=6)
        for status, at in ((UP, FIRST), (DOWN, down), (UP, down + timedelta(hours=2))):
            states.turn([Change(switch.id, status, at)])
    return "L100"


def test_a_circuit_is_judged_by_the_devices_of_its_ports(service, person, circuit):
    operator = signed_in(service, person(role=Role.OPERATOR))
    page = operator.get("/devices/availability?month=2026-03&of=resources").text
    assert "=Đường &lt;100&gt;" in page
    assert "SW-9" in page
    assert "99,731 %" in page
    assert "H1" not in page, "nothing measures it"
    assert "SW-9" in operator.get("/devices/availability?month=2026-03").text
    none = operator.get("/devices/availability?month=2026-03&of=resources&q=zzz").text
    assert "Ở đây chưa có gì được đo" in none


def test_the_file_has_the_month_and_each_of_its_days(service, person, circuit):
    operator = signed_in(service, person(role=Role.OPERATOR))
    answer = operator.get("/devices/availability.csv?month=2026-03&of=resources")
    assert answer.mimetype == "text/csv"
    told = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    rows = [row for row in told if row[0] == "L100"]
    assert len(rows) == 1 + 31
    whole, second = rows[0], rows[2]
    assert whole[:3] == ["L100", "'=Đường <100>", ""]
    assert [float(number) for number in whole[4:9]] == [31 * 86_400 - 7200, 0, 7200, 0, 0]
    assert second[2] == "2026-03-02"
    assert float(second[6]) == 7200
    book = operator.get("/devices/availability.xlsx?month=2026-03")
    assert book.get_data()[:2] == b"PK"
    assert operator.get("/devices/availability.csv?month=never").status_code == 422


def test_the_api_tells_the_same_to_the_second(service, person, bearer, circuit):
    call, headers = service.test_client(), bearer(person(role=Role.OPERATOR))
    span = "from=2026-03-02T00:00:00%2B07:00&to=2026-03-03T00:00:00%2B07:00"
    told = call.get(f"/api/v1/resources/L100/measured?{span}", headers=headers).json
    assert told["devices"] == ["SW-9"]
    assert (told["down_seconds"], told["up_seconds"]) == (7200, 86_400 - 7200)
    assert told["ratio"] == pytest.approx(1 - 2 / 24)
    for place, status in (("H1", 422), ("NOPE", 404)):
        found = call.get(f"/api/v1/resources/{place}/measured?{span}", headers=headers)
        assert found.status_code == status, place
    long = span.replace("2026-03-03", "2026-09-03")
    assert call.get(f"/api/v1/resources/L100/measured?{long}", headers=headers).status_code == 422


def test_a_device_that_is_not_polled_judges_nothing(service, person, circuit):
    with transaction():
        db.session.query(Device).update({"is_enabled": False})
    operator = signed_in(service, person(role=Role.OPERATOR))
    assert "L100" not in operator.get("/devices/availability?month=2026-03&of=resources").text
