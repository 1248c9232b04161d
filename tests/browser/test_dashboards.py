"""Dashboards of IT operations: circuits, busiest ports, events and their devices, screens."""

import re

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def test_an_operator_reads_the_dashboards(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR)
    for path, name in (
        ("/devices/circuits", "circuits"),
        ("/devices/talkers", "talkers"),
        ("/devices/events", "events-and-devices"),
    ):
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)
        picture(page, name)
        assert axe.violations(page) == [], path
        page.set_viewport_size({"width": 390, "height": 844})
        picture(page, f"{name}-telephone")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/devices/events")
    page.locator("#main table a.row-link").first.click()
    expect(page).to_have_url(re.compile("/monitoring$"))
    picture(page, "event-monitoring")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "event-monitoring-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/devices?q=SW-PRESS-02")
    page.locator("#main table a.row-link").first.click()
    expect(page.locator(".states-bar")).to_be_visible()
    picture(page, "device-story")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "device-story-telephone")
    assert complaints == []


def test_a_port_is_added_by_keyboard_alone_and_a_screen_shown(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto("/devices/circuits")
    page.locator('[data-opens="add-port"]').focus()
    page.keyboard.press("Enter")
    page.get_by_label("Thiết bị chuyển mạch hoặc định tuyến").select_option(label="SW-PRESS-02")
    page.locator("#interface").focus()
    page.keyboard.type("GigabitEthernet1/0/4")
    page.locator("#circuit").select_option("LAN")
    picture(page, "add-port")
    page.locator("#interface").press("Enter")
    expect(page.locator("#uses")).to_contain_text("GigabitEthernet1/0/4")
    page.goto("/wall/screens")
    page.locator("#place").focus()
    page.keyboard.type("Phòng điều khiển")
    page.keyboard.press("Enter")
    expect(page.locator("#address")).to_have_value(re.compile("/wall/screens/mc_wall_"))
    picture(page, "wall-screens")
    assert axe.violations(page) == []
    assert complaints == []
