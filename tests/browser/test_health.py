"""What IT operations look after and how long devices were available: keyboard, axe, telephone."""

from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import OPERATOR


def fits_a_telephone(page: Page, name: str) -> None:
    """A picture at 390 px, where nothing scrolls sideways."""
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_operator_takes_on_trouble_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto("/devices/troubles")
    picture(page, "troubles")
    assert axe.violations(page) == []
    fits_a_telephone(page, "troubles-telephone")
    buttons = page.locator("#results button[data-opens]")
    if buttons.count():
        tab_to(page, "#results button[data-opens]")
        page.keyboard.press("Enter")
        expect(page.locator("dialog[open]")).to_be_visible()
        page.keyboard.type("đang gọi nhà mạng")
        tab_to(page, "dialog[open] button[type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator("#results")).to_contain_text("đang gọi nhà mạng")
    assert complaints == []


def test_availability_is_read_by_day(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR)
    page.goto("/devices/availability")
    expect(page.locator("h1")).to_have_text("Độ sẵn sàng")
    picture(page, "availability")
    assert axe.violations(page) == []
    fits_a_telephone(page, "availability-telephone")
    page.get_by_role("link", name="Tài nguyên và đường truyền").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#by-device")).to_have_text("Theo tài nguyên")
    assert axe.violations(page) == []
    fits_a_telephone(page, "availability-resources-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    picture(page, "availability-resources")
    assert complaints == []
