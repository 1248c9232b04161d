"""Charts on a device's page and over the API: what is drawn, what is refused."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config.database import db, transaction
from monitoring import discovery
from monitoring.models import Device, Outage
from rental.models import Role
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rolling import ONE_PORT
from tests.monitoring.test_rollups import NOON, all_rolled, measured
from tests.portal.conftest import signed_in


@pytest.fixture
def device(service) -> Device:
    """It was polled from noon to two o'clock, and was out for a minute."""
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 7200, 30))
    all_rolled(NOON + timedelta(hours=3))
    with transaction():
        row_id = discovery.keep([ONE_PORT])[ONE_PORT.digest]
        db.session.execute(sa.update(Device).values(layout_id=row_id))
        db.session.add(
            Outage(
                device_id=device.id,
                began_at=NOON + timedelta(minutes=30),
                ended_at=NOON + timedelta(minutes=31),
            )
        )
    return device


def test_the_chart_tells_lines_bands_and_marks(service, person, device):
    page = signed_in(service, person(role=Role.OPERATOR))
    since = NOON.timestamp()
    told = page.get(
        f"/devices/{device.id}/chart.json?of=port:Gi0/1&from={since}&to={since + 86_400}"
    ).json
    assert (told["level"], told["unit"], told["zone"]) == (
        "five_minutes",
        "bit/s",
        "Asia/Ho_Chi_Minh",
    )
    assert [line["name"] for line in told["series"]] == ["Vào", "Ra"]
    assert told["series"][0]["values"][:3] == [8000.0] * 3
    assert told["series"][0]["low"] == told["series"][0]["high"]
    assert told["times"][0] == since
    assert [(mark["kind"], mark["to"] - mark["from"]) for mark in told["marks"]] == [("outage", 60)]


@pytest.mark.parametrize(
    "window",
    [
        "from=0&to=5",
        "from=5&to=1",
        "from=x&to=9",
        "from=nan&to=nan",
        "from=1e99&to=2e99",
        "from=0&to=9e9",
        "from=inf&to=0",
    ],
)
def test_a_window_that_is_no_window_is_refused(service, person, device, window):
    page = signed_in(service, person(role=Role.OPERATOR))
    for path in ("chart.json", "chart"):
        assert page.get(f"/devices/{device.id}/{path}?of=port:Gi0/1&{window}").status_code == 422


def test_an_unknown_key_draws_nothing(service, person, device):
    page = signed_in(service, person(role=Role.OPERATOR))
    told = page.get(f"/devices/{device.id}/chart.json?of=<script>").json
    assert (told["times"], told["series"]) == ([], [])
    assert page.get("/devices/99999/chart.json?of=x").status_code == 404


def test_the_table_says_the_same_in_words(service, person, device):
    page = signed_in(service, person(role=Role.OPERATOR))
    since = NOON.timestamp()
    window = f"from={since}&to={since + 86_400}"
    table = page.get(f"/devices/{device.id}/chart?of=port:Gi0/1&{window}").text
    assert table.count("<tr>") == 25
    assert "8 kbit/s" in table.replace("\xa0", " ").replace("\u202f", " ")


def test_the_page_offers_what_can_be_drawn_and_keeps_the_choice(service, person, device):
    page = signed_in(service, person(role=Role.OPERATOR))
    shown = page.get(f"/devices/{device.id}?interface=Gi0/1&span=month").text
    assert "of=port:Gi0/1&amp;span=month" in shown
    assert 'aria-current="true">30 ngày' in shown
    assert 'value="port:Gi0/1" selected' in shown
    assert "data-live" not in shown
    assert "data-live" in page.get(f"/devices/{device.id}?chart=nothing").text


def test_the_api_names_the_keys_and_tells_the_samples(service, person, bearer, device):
    call, headers = service.test_client(), bearer(person(role=Role.OPERATOR))
    keys = call.get(f"/api/v1/devices/{device.id}/charts", headers=headers).json
    assert keys["items"] == [
        {"key": "port:Gi0/1", "kind": "port", "name": "Gi0/1", "unit": "bit/s"}
    ]
    at = f"/api/v1/devices/{device.id}/chart?of=port:Gi0/1&from=2026-11-27T12:00:00%2B07:00"
    told = call.get(f"{at}&to=2026-11-27T15:00:00%2B07:00&step=hour", headers=headers).json
    assert (told["step"], len(told["lines"][0]["samples"])) == ("hour", 2)
    sample = told["lines"][0]["samples"][0]
    assert sample == {
        "at": "2026-11-27T12:00:00+07:00", "mean": 8000.0, "low": 8000.0, "high": 8000.0,
    }  # fmt: skip
    for rest in ("2026-12-27T15:00:00%2B07:00&step=poll", "2040-12-27T15:00:00%2B07:00",
                 "2026-11-27T15:00:00%2B07:00&limit=0"):  # fmt: skip
        assert call.get(f"{at}&to={rest}", headers=headers).status_code == 422, rest
