"""Finance finds what the provider refused and hands it in again, with the keyboard alone."""

import re

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import FINANCE


def test_finance_hands_a_refused_document_in_again_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.wait_for_load_state()
    tab_to(page, "main a[href^='/einvoices']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/einvoices?state=failing")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    picture(page, "einvoices")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "einvoices-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/einvoices?state=refused")
    tab_to(page, "#results a.row-link")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/invoices/\d+#einvoice$"))
    expect(page.locator("#einvoice")).to_contain_text("Bị nhà cung cấp từ chối")
    picture(page, "einvoice-refused")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "einvoice-refused-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    tab_to(page, "#einvoice form button")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Chứng từ được gửi lại trong vài giây.")
    expect(page.locator("#einvoice")).to_contain_text("Chờ gửi")
    assert complaints == []


def test_finance_hands_all_in_again_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto("/einvoices")
    expect(page.locator("#results tbody tr").first).to_be_visible()
    tab_to(page, ".page-head button")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    picture(page, "einvoices-asked")
    assert axe.violations(page, "dialog[open]") == []
    tab_to(page, "dialog[open] button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Số chứng từ được gửi lại trong vài giây")
    assert complaints == []
