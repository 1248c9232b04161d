"""An advance asked for with the keyboard alone; the page fits a telephone."""

import re

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import FINANCE


def test_finance_asks_for_an_advance_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto("/bookings?status=confirmed")
    page.goto(page.locator("#results a[href^='/bookings/BK-']").first.get_attribute("href") or "")
    tab_to(page, "main a[href$='/invoicing']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/invoicing")
    expect(page.locator("h1")).to_have_text("Tạm ứng và từng phần")
    picture(page, "advances")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "advances-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    tab_to(page, ".page-head button")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    picture(page, "advances-asked")
    page.fill("dialog[open] #percent", "30")
    page.locator("dialog[open] #percent").press("Enter")
    page.wait_for_url(re.compile(r"/invoices/\d+$"))
    expect(page.locator("main")).to_contain_text("Hóa đơn tạm ứng")
    picture(page, "advances-invoice")
    assert axe.violations(page) == []
    assert complaints == []
