"""What joins and closing in a browser: by keyboard alone, for everybody, at both widths."""

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from billing.models import InvoiceLine, TrafficEvidence
from config.database import db
from tests.browser import axe
from tests.browser.conftest import SignIn, picture

PLACES = ("/closing", "/reports/vat", "/reports/revenue", "/traffic", "/interruptions")


@pytest.mark.parametrize("width", ["wide", "phone"])
@pytest.mark.parametrize("place", PLACES)
def test_every_page_is_for_everybody(sign_in: SignIn, place: str, width: str) -> None:
    page = sign_in("finance@centre.example", phone=width == "phone")
    page.goto(place)
    page.wait_for_load_state()
    expect(page.locator("h1")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    picture(page, f"closing{place.replace('/', '-')}-{width}")
    assert axe.violations(page) == []


def test_finance_closes_a_month_and_the_director_opens_it_by_keyboard(sign_in: SignIn) -> None:
    finance = sign_in("finance@centre.example")
    finance.goto("/closing")
    finance.wait_for_load_state()
    # Long ago, so that no other page of the demo writes into it.
    row = finance.locator("tbody tr").last
    opener = row.get_by_role("button")
    opener.focus()
    finance.keyboard.press("Enter")
    dialog = finance.locator("dialog[open]")
    expect(dialog).to_be_visible()
    assert axe.violations(finance, "dialog[open]") == []
    dialog.get_by_role("button", name="Khóa sổ tháng").focus()
    finance.keyboard.press("Enter")
    expect(finance.locator("tbody tr").last).to_contain_text("Đã khóa sổ")
    director = sign_in("director@centre.example")
    director.goto("/closing")
    director.wait_for_load_state()
    director.locator("tbody tr").last.get_by_role("button").focus()
    director.keyboard.press("Enter")
    expect(director.locator("dialog[open]")).to_be_visible()
    director.keyboard.type("Thiếu một sao kê")
    director.locator("dialog[open] button[type=submit]").focus()
    director.keyboard.press("Enter")
    expect(director.locator("tbody tr").last).to_contain_text("Đang mở")


def test_an_operator_judges_an_interruption_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in("operator@centre.example")
    page.goto("/interruptions")
    page.wait_for_load_state()
    page.locator("tbody tr").first.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.locator("dialog[open] select").focus()
    page.keyboard.press("ArrowDown")
    page.locator("dialog[open] textarea").focus()
    page.keyboard.type("Đơn vị tự ngắt nguồn")
    page.locator("dialog[open] button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text("Đơn vị tự ngắt nguồn")


def test_a_unit_opens_the_evidence_from_its_invoice_line(
    sign_in: SignIn, centre_app: Flask
) -> None:
    with centre_app.app_context():
        invoice_id, position = db.session.execute(
            sa.select(InvoiceLine.invoice_id, InvoiceLine.position)
            .join(TrafficEvidence, TrafficEvidence.charge_id == InvoiceLine.charge_id)
            .order_by(InvoiceLine.id)
        ).first() or (0, 0)
    for width in ("wide", "phone"):
        page = sign_in("finance@centre.example", phone=width == "phone")
        page.goto(f"/invoices/{invoice_id}")
        page.wait_for_load_state()
        page.get_by_role("link", name="Chứng cứ đã niêm phong").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/lines/{position}/traffic")
        expect(page.locator(".note[data-tone=good]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        picture(page, f"closing-evidence-{width}")
        assert axe.violations(page) == []
