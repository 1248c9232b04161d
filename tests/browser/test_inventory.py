"""An operator keeps the inventory: by keyboard alone, and on a telephone."""

import threading

from flask import Flask
from playwright.sync_api import expect

from monitoring import device_tests, devices
from portal import keys
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def test_a_device_is_added_and_taken_out_of_use_by_keyboard_alone(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR, language="en")
    page.goto("/devices/new")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("SW-LOBBY-09")
    page.keyboard.press("Tab")
    page.keyboard.type("lobby")
    picture(page, "device-form")
    assert axe.violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#address-error")).to_be_visible()
    expect(page.locator("#name")).to_have_value("SW-LOBBY-09")
    picture(page, "device-form-refused")
    assert axe.violations(page) == []
    complaints.clear()  # The browser notes the refusal.
    page.locator("#address").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("127.0.0.2")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("SW-LOBBY-09")
    picture(page, "device-new")
    page.get_by_role("button", name="Take out of use").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#retire")).to_be_visible()
    assert axe.violations(page, "dialog#retire") == []
    page.locator("dialog#retire [type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Out of use since")).to_be_visible()
    assert axe.violations(page) == []
    assert complaints == []


def test_the_inventory_on_a_telephone_and_as_a_tree(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR, phone=True)
    for place, name in (
        ("/devices", "devices-telephone"),
        ("/devices/tree", "devices-tree-telephone"),
        ("/devices/1", "device-telephone"),
        ("/devices/1/edit", "device-form-telephone"),
    ):
        page.goto(place)
        page.wait_for_load_state()
        picture(page, name)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), place
    page.set_viewport_size({"width": 1440, "height": 900})
    for place, name in (("/devices", "devices"), ("/devices/tree", "devices-tree")):
        page.goto(place)
        page.wait_for_load_state()
        picture(page, name)
        assert axe.violations(page) == []
    assert complaints == []


def test_a_device_is_tested_live_and_each_failure_says_what_to_do(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    def work() -> None:
        """What a worker of the site does, in a thread without Playwright's loop."""
        with centre_app.app_context():
            site_id = devices.get(1).site_id
            device_tests.run_waiting(site_id, keys.keyring(centre_app.extensions["settings"]))

    page = sign_in(OPERATOR, language="en")
    page.goto("/devices/1")
    page.get_by_role("button", name="Test this device").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The test goes on")).to_be_visible()
    worker = threading.Thread(target=work)
    worker.start()
    expect(page.get_by_text("no SNMP agent listens there")).to_be_visible(timeout=30_000)
    expect(page.locator("#test[hx-get]")).to_have_count(0, timeout=60_000)
    worker.join()
    picture(page, "device-test")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "device-test-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []


def test_a_credential_is_sealed_by_keyboard_alone_and_never_shown(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR, language="en")
    page.goto("/devices/credentials/new")
    assert axe.violations(page) == []
    page.goto("/devices/credentials/new?kind=snmp_v3")
    page.wait_for_load_state()
    assert axe.violations(page) == []
    page.locator("#name").focus()
    page.keyboard.type("Reception")
    page.keyboard.press("Tab")
    page.keyboard.type("reader")
    page.locator("#auth_password").focus()
    page.keyboard.type("never-seen-again")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The credential is sealed")).to_be_visible()
    picture(page, "credentials")
    assert axe.violations(page) == []
    page.goto("/devices/credentials/1")
    page.wait_for_load_state()
    picture(page, "credential")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "credential-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []
