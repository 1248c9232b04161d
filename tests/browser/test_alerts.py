"""Somebody reads alerts at night on a telephone, and plans the weeks by keyboard."""

from datetime import timedelta

from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring import outages
from monitoring.alerts import review
from monitoring.alerts.policy import policy
from monitoring.models import Device, DeviceStatus
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


def test_alerts_are_taken_up_by_keyboard(
    centre_app: Flask, sign_in: SignIn, complaints: list[str]
) -> None:
    with centre_app.app_context():
        with transaction():
            device = db.session.scalars(db.select(Device).filter_by(name="CAM-02")).one()
            was, device.status = device.status, DeviceStatus.DOWN
            outage = outages.open_(device, clock.now() - timedelta(minutes=9), {})
            outage_id, device_id = outage.id, device.id
        with transaction():
            review.review(clock.now(), policy(), clock.LOCAL)
    page = sign_in(OPERATOR)
    page.goto("/alerts")
    row = page.locator("tr", has_text="CAM-02")
    picture(page, "alerts")
    assert axe.violations(page) == []
    row.get_by_role("button", name="Tiếp nhận").press("Enter")
    page.locator("dialog[open] textarea").fill("Đang kiểm tra nguồn PoE")
    page.locator("dialog[open] [type=submit]").press("Enter")
    expect(page.locator("tr", has_text="CAM-02")).to_contain_text("Đã tiếp nhận")
    for path, name in (
        ("/alerts", "alerts"),
        ("/alerts/history", "alerts-history"),
        ("/alerts/deliveries", "alerts-messages"),
        ("/alerts/silences", "alerts-silences"),
    ):
        page.set_viewport_size(DESK)
        page.goto(path)
        picture(page, name)
        assert axe.violations(page) == [], path
        page.set_viewport_size(PHONE)
        picture(page, f"{name}-telephone")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    with centre_app.app_context(), transaction():
        outages.close(outages.get(outage_id), clock.now())
        db.session.get_one(Device, device_id).status = was
    assert complaints == []


def test_the_weeks_on_call_are_planned_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR)
    page.goto("/on-call")
    page.locator("#weeks").fill("3")
    page.locator("#weeks").press("Enter")
    expect(page.locator("main table tbody tr")).to_have_count(3)
    picture(page, "on-call")
    assert axe.violations(page) == []
    page.set_viewport_size(PHONE)
    picture(page, "on-call-telephone")
    page.get_by_role("button", name="Đổi ca").first.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert complaints == []
