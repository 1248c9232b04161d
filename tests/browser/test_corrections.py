"""An invoice corrected with the keyboard alone; the page fits a telephone."""

import re

from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import FINANCE


def on_a_telephone(page: Page, name: str) -> None:
    """A picture at 390 px, where nothing scrolls sideways."""
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_finance_adjusts_and_notifies_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto("/invoices?status=open&kind=whole")
    page.goto(page.locator("#results a[href^='/invoices/']").first.get_attribute("href") or "")
    origin = page.url
    tab_to(page, ".page-head a[href$='/corrections']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/corrections")
    picture(page, "correct-notice")
    assert axe.violations(page) == []
    on_a_telephone(page, "correct-notice-telephone")
    page.fill("#correct", "Công ty Truyền thông Ánh Dương")
    page.fill("#reason", "Gõ nhầm tên người mua")
    tab_to(page, "main button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/invoices/\d+$"))
    expect(page.locator("#corrections")).to_contain_text("Công ty Truyền thông Ánh Dương")
    page.goto(f"{origin}/corrections?way=adjust")
    page.fill("main table input >> nth=0", "+250.000")
    page.fill("#reason", "Ghi thiếu nửa giờ")
    page.fill("#agreement", "BB 15/2026")
    page.fill("#agreement_on", "2026-01-05")
    tab_to(page, "main button[name=preview]")
    page.keyboard.press("Enter")
    expect(page.locator("tfoot .total")).to_be_visible()
    picture(page, "correct-adjust")
    assert axe.violations(page) == []
    on_a_telephone(page, "correct-adjust-telephone")
    tab_to(page, "main .panel-foot button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/invoices/\d+$"))
    expect(page.locator("#corrections")).to_contain_text("BB 15/2026")
    page.goto(f"{origin}/corrections?way=replace")
    assert axe.violations(page) == []
    page.goto(origin)
    picture(page, "corrected-invoice")
    on_a_telephone(page, "corrected-invoice-telephone")
    assert complaints == []
