"""A unit pays by card on Stripe's page; finance uses, gives back and takes back money by keys."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from billing import invoices
from billing.models import InvoiceStatus
from config.database import transaction
from rental import bookings
from tests import build, stripe_fake
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, FINANCE, MEMBER, far_day, request_hall
from tests.stripe_fake import StripeFake


@pytest.fixture
def stripe(centre_app: Flask, address: str) -> Iterator[StripeFake]:
    """The service with cards on, and a Stripe that tells it."""
    fake = StripeFake(webhook=f"{address}/webhooks/stripe")
    server = stripe_fake.served(fake)
    before = centre_app.extensions["settings"]
    centre_app.extensions["settings"] = before.model_copy(
        update={
            "stripe_key": SecretStr(stripe_fake.KEY),
            "stripe_webhook_secret": SecretStr(stripe_fake.SECRET),
            "stripe_api": fake.address,
        }
    )
    centre_app.extensions.pop("card_gateway", None)
    yield fake
    centre_app.extensions["settings"] = before
    centre_app.extensions.pop("card_gateway", None)
    server.shutdown()
    server.server_close()


def invoiced(app: Flask, page: Page, title: str, day: str) -> int:
    """A hall asked for in the browser, confirmed and invoiced behind it."""
    reference = request_hall(page, title, day)
    with app.app_context(), transaction():
        booking = bookings.get(reference)
        bookings.confirm(booking, by=build.desk())
        return invoices.issue(invoices.draft_for(booking), by=None).id


def enter(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


def test_a_member_pays_by_card_with_the_keyboard(
    sign_in: SignIn, complaints: list[str], centre_app: Flask, stripe: StripeFake
) -> None:
    page = sign_in(MEMBER)
    invoice_id = invoiced(centre_app, page, "Hội thảo thanh toán thẻ", far_day(110))
    page.goto(f"/invoices/{invoice_id}")
    assert axe.violations(page) == []
    picture(page, "collecting-card")
    enter(page, "#card button[type=submit]")
    page.wait_for_url(re.compile("/pay/"))
    page.get_by_role("button", name="Pay").press("Enter")
    page.wait_for_url(re.compile(f"/invoices/{invoice_id}\\?card=done"))
    expect(page.locator(".page-head .state")).to_have_text("Đã thanh toán")
    expect(page.locator("#card")).to_have_count(0)
    picture(page, "collecting-paid")
    assert complaints == []


def test_finance_keeps_uses_and_gives_back_by_keys(
    sign_in: SignIn, complaints: list[str], centre_app: Flask
) -> None:
    invoice_id = invoiced(centre_app, sign_in(MEMBER), "Hội thảo trả thừa", far_day(111))
    finance = sign_in(FINANCE)
    finance.goto("/payments")
    assert axe.violations(finance) == []
    picture(finance, "collecting-payments")
    enter(finance, "[data-opens=receive]")
    finance.locator("#receive-unit").select_option(label="Báo Nhịp Phố (mẫu)")
    finance.fill("#receive-amount", "20.000.000")
    finance.fill("#receive-reference", "FT26330111")
    finance.locator("#receive-reference").press("Enter")
    expect(finance.locator("#notes")).to_contain_text("số dư")
    assert axe.violations(finance) == []
    picture(finance, "collecting-payment")
    place = finance.url
    finance.goto(f"/invoices/{invoice_id}")
    enter(finance, "form[action$='/balance'] button")
    expect(finance.locator(".page-head .state")).to_have_text("Đã thanh toán")
    finance.goto(place)
    enter(finance, "[data-opens=refund]")
    tab_to(finance, "#refund-reason")
    finance.keyboard.type("đơn vị trả thừa")
    enter(finance, "dialog[open] button[type=submit]")
    expect(finance.locator("#notes")).to_contain_text("hoàn tiền")
    picture(finance, "collecting-refund")
    with centre_app.app_context():
        assert invoices.get(invoice_id).status is InvoiceStatus.PAID
    assert complaints == []


def test_payments_and_the_run_fit_a_phone(sign_in: SignIn) -> None:
    finance = sign_in(FINANCE, phone=True)
    for path, name in (
        ("/payments", "collecting-payments-phone"),
        ("/invoices/run", "collecting-run-phone"),
    ):
        finance.goto(path)
        picture(finance, name)
        assert axe.violations(finance) == []
    assert sign_in(DESK).goto("/payments").status == 403


def test_finance_runs_invoices_by_keys(sign_in: SignIn, complaints: list[str]) -> None:
    finance = sign_in(FINANCE)
    finance.goto("/invoices")
    enter(finance, "a[href$='/invoices/run']")
    finance.wait_for_url(re.compile("/invoices/run"))
    assert axe.violations(finance) == []
    picture(finance, "collecting-run")
    enter(finance, "form[method=post] .form-foot button[type=submit]")
    finance.wait_for_url(re.compile(r"/invoices/run/\d+"))
    expect(finance.locator("#run progress")).to_be_visible()
    picture(finance, "collecting-run-goes-on")
    assert complaints == []
