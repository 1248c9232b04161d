"""An operator watches a stream: added by keyboard, seen on the page of its device."""

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def test_an_endpoint_is_added_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR)
    page.goto("/devices?q=ENC-03")
    page.locator("#main table a.row-link").first.click()
    page.locator("#endpoints a", has_text="Thêm").press("Enter")
    expect(page.locator("#name")).to_be_visible()
    page.locator("#name").focus()
    page.keyboard.type("Luồng hội trường")
    page.locator("#kind").select_option("rtmp")
    picture(page, "endpoint-form")
    assert axe.violations(page) == []
    page.locator("#path").press("Enter")
    expect(page.locator("#endpoints")).to_contain_text("rtmp://127.0.0.1:1935")
    for path, name in (
        ("/devices/endpoints", "endpoints"),
        ("/devices/certificates", "certificates"),
    ):
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)
        picture(page, name)
        assert axe.violations(page) == [], path
        page.set_viewport_size({"width": 390, "height": 844})
        picture(page, f"{name}-telephone")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert complaints == []
