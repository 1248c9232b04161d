"""Invoicing details in a browser, by keyboard alone."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from config.database import transaction
from tests import build
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import FINANCE

HEAD = "head@unit-a.example"


def typed(page: Page, selector: str, text: str) -> None:
    """Reach it with Tab, and write over what stands there."""
    tab_to(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_a_head_corrects_the_details_and_is_told_while_typing(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(HEAD)
    page.goto("/money")
    tab_to(page, "a[href='/invoicing']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/units/unit-a/invoicing")
    page.wait_for_load_state()
    typed(page, "#tax_code", "MST: 0301.234.567")
    expect(page.locator("#tax_code-check .wrong")).to_contain_text("sai chữ số kiểm tra")
    assert violations(page) == []
    picture(page, "buyer-wrong")
    typed(page, "#tax_code", "0998800002-001")
    expect(page.locator("#tax_code-check .told")).to_contain_text("0998800002-001")
    typed(page, "#name", "Toà soạn Báo Nhịp Phố (mẫu)")
    page.keyboard.press("Enter")
    expect(page.locator("#notes .note")).to_be_visible()
    expect(page.locator("#history tbody tr").first).to_contain_text("0998800002-001")
    assert violations(page) == []
    picture(page, "buyer-kept")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture(page, "buyer-kept-phone")
    assert complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_finance_sees_whose_details_are_to_complete(
    sign_in: SignIn, centre_app: Flask, complaints: list[str], width: int
) -> None:
    with centre_app.app_context(), transaction():
        build.a_unit(slug=f"bao-sai-{width}", name="Báo Sai Mã (mẫu)", tax_code="0301234567")
    page = sign_in(FINANCE)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/units/invoicing")
    assert violations(page) == []
    picture(page, f"buyers-{width}")
    tab_to(page, "tbody a.row-link")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/units/bao-sai-\d+/invoicing"))
    expect(page.locator("#no_code_reason")).to_be_visible()
    assert violations(page) == []
    picture(page, f"buyer-finance-{width}")
    assert complaints == []
