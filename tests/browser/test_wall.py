"""The wall: at the size of a screen on a wall and of a telephone; it renews itself."""

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring import outages, problems
from monitoring.models import Device, DeviceStatus
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def test_what_nobody_is_woken_for_is_read_as_well_as_the_rest(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    with centre_app.app_context(), transaction():
        behind = db.session.scalars(sa.select(Device).where(Device.parent_id.is_not(None))).first()
        assert behind is not None
        assert behind.parent is not None
        was, behind.parent.status = behind.parent.status, DeviceStatus.DOWN
        outage = outages.open_(behind.parent, clock.now(), {})
        problem = problems.open_(behind, NewProblem("sensor", "quiet", Severity.HIGH))
    page = sign_in(OPERATOR)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/wall")
    expect(page.locator(".wall-troubles .quiet").first).to_be_visible(timeout=15_000)
    assert axe.violations(page) == []
    picture(page, "wall-quiet")
    assert complaints == []
    with centre_app.app_context(), transaction():
        problems.clear(db.session.merge(problem))
        ended = db.session.merge(outage)
        outages.close(ended, clock.now())
        ended.device.status = was


def test_the_wall_renews_itself_and_says_when_it_cannot(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/wall")
    expect(page.locator("[data-wall-clock]")).not_to_be_empty()
    picture(page, "wall")
    assert axe.violations(page) == []
    first = page.locator("[data-wall-at]").get_attribute("data-wall-at")
    with page.expect_response("**/wall/now"):
        pass
    expect(page.locator("[data-wall-at]")).not_to_have_attribute("data-wall-at", first or "")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "wall-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 3840, "height": 2160})
    picture(page, "wall-4k")
    assert complaints == []
    # The service does not answer any more.
    page.route("**/wall/now", lambda route: route.abort())
    expect(page.locator("[data-wall-lost]")).to_be_visible(timeout=40_000)
