"""Following up in a browser, by keyboard alone: pause, write-off, stops, ageing, statement, pay."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from billing.models import Invoice, InvoiceStatus
from config.database import db, transaction
from portal.demo import arrears
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, DIRECTOR, FINANCE, MEMBER, far_day

STOPPED = "head@ban-xanh.example"


def press(page: Page, selector: str) -> None:
    """Reach it with Tab and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def oldest_of(app: Flask, slug: str) -> int:
    """The id of the oldest open invoice of a unit."""
    with app.app_context(), transaction():
        return db.session.scalars(
            sa.select(Invoice.id)
            .where(Invoice.unit.has(slug=slug), Invoice.status == InvoiceStatus.OPEN)
            .order_by(Invoice.id)
        ).first()


def test_finance_finds_its_work_and_follows_it_to_the_invoice(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    expect(page.locator("#work")).to_have_text("Việc hôm nay")
    assert violations(page) == []
    picture(page, "finance-home")
    press(page, ".worklist a[href='/reports/ageing']")
    page.wait_for_url("**/reports/ageing")
    assert violations(page) == []
    picture(page, "ageing")
    press(page, f"tbody a.row-link[href$='{arrears.STOPPED}']")
    page.wait_for_url(re.compile(arrears.STOPPED))
    expect(page.locator("tbody tr")).to_have_count(1)
    assert violations(page) == []
    picture(page, "ageing-unit")
    press(page, "tbody a.row-link")
    page.wait_for_url(re.compile(r"/invoices/\d+"))
    expect(page.locator("#following .diary li").first).to_be_visible()
    picture(page, "invoice-following")
    assert complaints == []


def test_finance_pauses_by_keyboard_and_what_is_missing_is_asked_for(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto(f"/invoices/{oldest_of(centre_app, 'dai-cuu-long')}")
    press(page, "[data-opens=pause]")
    expect(page.locator("dialog#pause")).to_be_visible()
    assert violations(page, "dialog#pause") == []
    picture(page, "pause-dialog")
    press(page, "#pause button[type=submit]")
    # The browser keeps the form: a reason is needed.
    expect(page.locator("#pause-reason")).to_be_focused()
    page.keyboard.type("Hẹn trả sau Tết")
    press(page, "#pause button[type=submit]")
    expect(page.locator("#following .note")).to_contain_text("Hẹn trả sau Tết")
    assert violations(page) == []
    page.goto("/invoices/paused")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert violations(page) == []
    picture(page, "paused")
    page.goto(f"/invoices/{oldest_of(centre_app, 'dai-cuu-long')}")
    press(page, "#following form[action$='/resume'] button")
    expect(page.locator("#following")).to_contain_text("Lần nhắc tiếp theo")
    assert complaints == []


def test_the_director_decides_what_finance_proposed(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(DIRECTOR)
    page.goto("/write-offs")
    assert violations(page) == []
    picture(page, "write-offs")
    press(page, "[data-opens^=refuse]")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert violations(page, "dialog[open]") == []
    page.keyboard.type("Gọi lại một lần nữa")
    press(page, "dialog[open] button[type=submit]")
    expect(page.locator("#notes")).to_contain_text("tiếp tục được thu")
    expect(page.locator("tbody")).to_contain_text("Gọi lại một lần nữa")
    picture(page, "write-offs-decided")
    assert complaints == []


def request(page: Page, day: str) -> None:
    """Ask for a room from eight to eleven by keyboard."""
    page.goto(f"/bookings/new?resource=EXCH&starts_at={day}T08:00&ends_at={day}T11:00")
    tab_to(page, "#title")
    page.keyboard.type("Tọa đàm cây xanh")
    page.locator("#event_kind").select_option("seminar")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_a_stopped_unit_is_told_and_the_desk_lets_it_go_on(
    sign_in: SignIn, complaints: list[str]
) -> None:
    unit, desk = sign_in(STOPPED), sign_in(DESK)
    request(unit, far_day(118))
    expect(unit.locator("#title")).to_have_value("Tọa đàm cây xanh")
    expect(unit.locator(".note[data-tone=bad]").first).to_contain_text("còn nợ")
    assert violations(unit) == []
    picture(unit, "stopped-form")
    desk.goto("/stops")
    assert violations(desk) == []
    picture(desk, "stops")
    press(desk, "[data-opens^=grace]")
    expect(desk.locator("dialog[open]")).to_be_visible()
    assert violations(desk, "dialog[open]") == []
    tab_to(desk, "dialog[open] textarea")
    desk.keyboard.type("Đã có ủy nhiệm chi")
    press(desk, "dialog[open] button[type=submit]")
    expect(desk.locator("tbody")).to_contain_text("Đã có ủy nhiệm chi")
    request(unit, far_day(118))
    unit.wait_for_url(re.compile(r"/bookings/BK-"))
    press(desk, "form[action$='/grace/end'] button")
    expect(desk.locator("tbody")).to_contain_text("Tạm ngừng nhận yêu cầu mới")
    assert [said for said in complaints if "status of 422" not in said] == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_unit_finds_what_to_pay_and_opens_the_way_to_pay(
    sign_in: SignIn, complaints: list[str], *, phone: bool
) -> None:
    page = sign_in(STOPPED, phone=phone)
    page.goto("/money")
    expect(page.locator(".payables details").first).to_have_attribute("open", "")
    expect(page.locator(".payables img").first).to_be_visible()
    assert violations(page) == []
    assert fits(page)
    picture(page, f"money{'-phone' if phone else ''}")
    tab_to(page, ".payables summary")
    page.keyboard.press("Enter")
    expect(page.locator(".payables img").first).to_be_hidden()
    page.goto(f"/units/{arrears.STOPPED}/statement")
    assert violations(page) == []
    assert fits(page)
    picture(page, f"statement{'-phone' if phone else ''}")
    assert complaints == []


def test_the_pages_of_finance_fit_a_phone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE, phone=True)
    for path, name in {
        "/": "finance-home-phone",
        "/reports/ageing": "ageing-phone",
        f"/reports/ageing/{arrears.STOPPED}": "ageing-unit-phone",
        "/stops": "stops-phone",
        "/write-offs": "write-offs-phone",
        "/invoices/paused": "paused-phone",
    }.items():
        page.goto(path)
        assert fits(page), path
        assert violations(page) == [], path
        picture(page, name)
    assert complaints == []


def test_finance_sends_a_statement_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE)
    page.goto("/units/so-do-thi/statement")
    press(page, "[data-opens=mail]")
    expect(page.locator("dialog#mail")).to_be_visible()
    assert violations(page, "dialog#mail") == []
    press(page, "#mail button[type=submit]")
    expect(page.locator("#notes")).to_contain_text("Lý Hoàng Long")
    picture(page, "statement-finance")
    assert complaints == []


def test_a_member_of_another_unit_finds_no_statement(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    answer = page.goto(f"/units/{arrears.STOPPED}/statement")
    assert answer is not None
    assert answer.status == 404
