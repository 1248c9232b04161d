"""Charts on a device's page: drawn, chosen by keyboard, read as a table; telephone and axe."""

import math
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring import discovery, partitions, readings, rollups
from monitoring.models import Device, HourRow, Outage, RollupLevel
from monitoring.probes.gauges import Gauge
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Reading
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import OPERATOR
from tests.monitoring.test_rolling import a_port

LAYOUT = Layout(
    name="SW-CORE-01",
    ports=(a_port("Gi0/1", 1), a_port("Gi0/2", 2)),
    cores=(Core(1, "CPU"),),
    gauges=(Gauge("Inlet", "temperature", "celsius", 0, "1.3.9"),),
)


def traffic(at: datetime) -> float:
    """Busy by day, quiet by night, in bit/s."""
    return 40e6 + 30e6 * math.sin((at.hour + at.minute / 60) / 24 * math.tau)


@pytest.fixture(scope="module")
def measured(centre_app: Flask) -> int:
    """A device with three hours of polls and a year of hours; its id."""
    now = clock.now().replace(microsecond=0)
    with centre_app.app_context():
        with transaction():
            device_id = db.session.scalar(sa.select(Device.id).where(Device.name == "SW-CORE-01"))
            row_id = discovery.keep([LAYOUT])[LAYOUT.digest]
            db.session.execute(
                sa.update(Device).where(Device.id == device_id).values(layout_id=row_id)
            )
        _poll(device_id, row_id, now)
        while rollups.advance(RollupLevel.FIVE_MINUTES, now) is not None:
            pass
        with transaction():
            _hours(device_id, row_id, now)
            began = now - timedelta(minutes=50)
            db.session.add(
                Outage(device_id=device_id, began_at=began, ended_at=began + timedelta(minutes=6))
            )
    return device_id


def _poll(device_id: int, row_id: int, now: datetime) -> None:
    octets, outcomes = 0.0, []
    for step in range(360):
        at = now - timedelta(hours=3) + timedelta(seconds=30 * step)
        octets += traffic(at) * (1 + 0.2 * math.sin(step)) / 8 * 30
        if timedelta(minutes=44) < now - at < timedelta(minutes=50):
            continue
        values = [1.0, 1.0, octets, octets / 3, 0.0, 0.0] * 2 + [20.0 + step % 9, 24.0]
        reading = Reading(LAYOUT, at, 1e6 + 30 * step, values)
        outcomes.append((Outcome(Target("", device_id=device_id), at, 0.1, reading), row_id))
    with transaction():
        readings.store(outcomes)


def _hours(device_id: int, row_id: int, now: datetime) -> None:
    start = now.replace(minute=0, second=0)
    for nth in range(1, 365 * 24, 2):
        at = start - timedelta(hours=nth)
        bps = traffic(at)
        stats = [bps, bps * 0.6, bps * 1.5, bps / 3, bps / 5, bps / 2] * 2
        db.session.add(
            HourRow(
                device_id=device_id,
                starts_at=at,
                layout_id=row_id,
                polls=120,
                stats=[*stats, 20.0, 15.0, 60.0, 24.0, 22.0, 27.0],
            )
        )


@pytest.fixture(scope="module", autouse=True)
def tidy(centre_app: Flask, measured: int) -> None:
    """Made before Chromium: its thread has an event loop of its own."""
    assert measured
    with centre_app.app_context():
        assert partitions.count_strays(partitions.HOURS) > 0
        db.session.rollback()
    assert datetime.now(UTC)


def test_an_operator_looks_at_an_hour_and_at_a_year(
    sign_in: SignIn, measured: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    for span in ("hour", "six_hours", "year"):
        page.goto(f"/devices/{measured}?chart=port:Gi0/1&span={span}")
        expect(page.locator(".chart canvas")).to_be_visible()
        picture(page, f"chart-{span}")
        assert axe.violations(page) == [], span
    page.goto(f"/devices/{measured}?chart=port:Gi0/1&span=hour")
    expect(page.locator("[data-mark=outage]")).to_have_count(1)
    fits_a_telephone(page, "chart-telephone")
    assert complaints == []


def test_what_is_drawn_is_chosen_by_keyboard_and_read_as_a_table(
    sign_in: SignIn, measured: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/devices/{measured}?span=hour")
    choice = page.locator("select[name=chart]")
    choice.focus()
    choice.select_option("sensor:Inlet")
    page.wait_for_url("**chart=sensor%3AInlet**")
    expect(page.locator("#chart-head")).to_have_text("Inlet")
    summary = page.locator(".chart-table summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chart-table tbody tr").first).to_contain_text("24")
    assert complaints == []


def test_a_stretch_is_looked_at_more_closely_and_back(
    sign_in: SignIn, measured: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/devices/{measured}?chart=port:Gi0/1&span=six_hours")
    over = page.locator(".chart .u-over")
    box = over.bounding_box()
    assert box is not None
    with page.expect_response("**/chart.json?**from=**"):
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60, steps=5)
        page.mouse.up()
    whole = page.get_by_role("button", name="Toàn khoảng")
    expect(whole).to_be_visible()
    picture(page, "chart-closer")
    whole.click()
    expect(whole).to_be_hidden()
    assert complaints == []
