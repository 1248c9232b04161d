"""The sensors on a device's page: by kind, with words and thresholds; keyboard, axe, telephone."""

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config.database import db, transaction
from monitoring import polling
from monitoring.models import Device
from monitoring.probes.outcomes import Outcome, Target
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import OPERATOR
from tests.monitoring.test_profiles import told_by

TOLD = {"UPS-01": "apc-powernet", "SW-PRESS-02": "cisco", "ENC-01": "encoder"}


# Before Chromium: its thread has an event loop, and the probe wants one of its own.
@pytest.fixture(scope="module", autouse=True)
def polled(centre_app: Flask) -> dict[str, int]:
    """The demo's devices as if they had just told what recordings say."""
    readings = {name: told_by(recording) for name, recording in TOLD.items()}
    ids = {}
    with centre_app.app_context(), transaction():
        for device in db.session.scalars(sa.select(Device).where(Device.name.in_(TOLD))):
            reading = readings[device.name]
            target = Target(device.address, device_id=device.id)
            polling.record([Outcome(target, reading.at, 0.1, reading, was_discovered=True)])
            ids[device.name] = device.id
    return ids


def test_an_operator_sees_at_a_glance_which_sensor_is_not_well(
    sign_in: SignIn, polled: dict[str, int], complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    for name, device_id in polled.items():
        page.goto(f"/devices/{device_id}")
        expect(page.locator("#sensors")).to_have_text("Cảm biến")
        picture(page, f"sensors-{name.lower()}")
        assert axe.violations(page) == [], name
        fits_a_telephone(page, f"sensors-{name.lower()}-telephone")
    page.goto(f"/devices/{polled['UPS-01']}")
    states = page.locator(".sensors details").first
    expect(states.locator("summary")).to_contain_text("2 chưa ổn")
    expect(states.locator("dd").first).to_have_text("đang chạy ắc quy")
    assert complaints == []


def test_a_kind_of_sensors_is_closed_and_opened_by_keyboard(
    sign_in: SignIn, polled: dict[str, int], complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/devices/{polled['UPS-01']}")
    states = page.locator(".sensors details").first
    expect(states).to_have_attribute("open", "")
    states.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(states.locator("dl")).not_to_be_visible()
    page.keyboard.press("Space")
    expect(states.locator("dl")).to_be_visible()
    assert complaints == []
