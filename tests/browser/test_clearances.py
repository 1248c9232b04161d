"""A press conference and its notice: asked for, lodged, answered; with the keyboard alone."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import files
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, MEMBER, far_day, request_hall

CONFIRMED = "Đã xác nhận"


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    """The notice as a file on the member's machine."""
    path = tmp_path / "Thông báo họp báo.pdf"
    path.write_bytes(files.pdf("thông báo họp báo"))
    return path


def upload(page: Page, path: Path) -> None:
    """Open the dialog, choose the file and send it, all by keyboard."""
    # A page behind another opens no window to choose a file.
    page.bring_to_front()
    tab_to(page, "[data-opens^=lodge-]")
    page.keyboard.press("Enter")
    chosen = page.locator("dialog[open] input[type=file]")
    expect(chosen).to_be_focused()
    # The window that chooses a file is the browser's own.
    chosen.set_input_files(path)
    assert axe.violations(page, "dialog[open]") == []
    tab_to(page, "dialog[open] button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#clearances .state").first).to_have_text("Đã nộp")


def test_a_unit_reads_the_deadline_uploads_its_notice_and_the_desk_confirms(
    sign_in: SignIn, complaints: list[str], notice: Path
) -> None:
    page = sign_in(MEMBER)
    day = far_day(50)
    page.goto(f"/bookings/new?resource=H100&starts_at={day}T09:00&ends_at={day}T11:00")
    tab_to(page, "#title")
    page.keyboard.type("Họp báo ra mắt cầu đi bộ")
    tab_to(page, "#event_kind")
    expect(page.locator("#clearances-due")).to_contain_text(
        f"{date.fromisoformat(day) - timedelta(days=1):%d/%m/%Y} 09:00"
    )
    expect(page.locator("#clearances-due")).to_contain_text("237/2026/NĐ-CP, Điều 22")
    expect(page.locator("#clearances-due")).to_contain_text("Cần xác minh")
    picture(page, "clearances-form")
    assert axe.violations(page) == []
    tab_to(page, "form[data-booking-form] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    expect(page.locator("#clearances")).to_contain_text("còn ")
    picture(page, "clearances-needed")
    assert axe.violations(page) == []
    reference = page.url.rsplit("/", 1)[1]
    desk = sign_in(DESK)
    desk.goto("/desk")
    picture(desk, "clearances-queue")
    confirm = desk.get_by_role("button", name="Xác nhận Họp báo ra mắt cầu đi bộ")
    expect(confirm).to_be_disabled()
    upload(page, notice)
    picture(page, "clearances-lodged")
    desk.goto(f"/bookings/{reference}")
    tab_to(desk, "form[action$='/confirm'] button")
    desk.keyboard.press("Enter")
    expect(desk.locator(".page-head .state")).to_have_text(CONFIRMED)
    assert complaints == []


def test_the_form_follows_the_kind_of_event_and_takes_an_exemption(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    day = far_day(51)
    page.goto(f"/bookings/new?resource=H50&starts_at={day}T09:00&ends_at={day}T11:00")
    page.fill("#title", "Họp báo thường kỳ của người phát ngôn")
    page.select_option("#event_kind", "seminar")
    expect(page.locator("#clearances-due section")).to_have_count(0)
    page.select_option("#event_kind", "press_conference")
    page.select_option("#organiser", "foreign")
    expect(page.locator("#clearances-due")).to_contain_text("262/2026/NĐ-CP")
    expect(page.locator("#clearances-due [name=exempt]")).to_have_count(0)
    page.select_option("#organiser", "domestic")
    tab_to(page, "#clearances-due [name=exempt]")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.locator("#exempt_reason")).to_be_focused()
    page.keyboard.type("Người phát ngôn của Ủy ban nhân dân Thành phố")
    picture(page, "clearances-form-exempt")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    expect(page.locator("#clearances")).to_contain_text("Người phát ngôn của Ủy ban")
    picture(page, "clearances-exempt")
    assert complaints == []


def test_what_the_authority_refuses_is_cancelled_by_the_desk_in_one_step(
    sign_in: SignIn, complaints: list[str], notice: Path
) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Họp báo bị từ chối", far_day(52), kind="press_conference")
    upload(page, notice)
    desk = sign_in(DESK)
    desk.goto("/clearances")
    picture(desk, "clearances-list")
    assert axe.violations(desk) == []
    desk.get_by_role("link", name="Họp báo bị từ chối").click()
    desk.click("form[action$='/confirm'] button")
    expect(desk.locator(".page-head .state")).to_have_text(CONFIRMED)
    tab_to(desk, "[data-opens^=refuse-]")
    desk.keyboard.press("Enter")
    desk.keyboard.type("Nội dung ngoài tôn chỉ")
    tab_to(desk, "dialog[open] button[type=submit]")
    desk.keyboard.press("Enter")
    expect(desk.locator("#notes")).to_contain_text("Đơn vị sẽ được báo")
    expect(desk.locator(".page-head .state")).to_have_text(CONFIRMED)
    picture(desk, "clearances-refused")
    assert axe.violations(desk) == []
    tab_to(desk, "[data-opens^=cancel-refused-]")
    desk.keyboard.press("Enter")
    picture(desk, "clearances-cancel")
    tab_to(desk, "dialog[open] button[type=submit]")
    desk.keyboard.press("Enter")
    expect(desk.locator(".page-head .state")).to_have_text("Đã hủy")
    page.goto(f"/bookings/{reference}")
    expect(page.locator("#main")).to_contain_text("Nội dung ngoài tôn chỉ")
    assert complaints == []


def test_on_a_telephone_the_clearance_is_readable(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER, phone=True)
    day = far_day(53)
    page.goto(f"/bookings/new?resource=H100&starts_at={day}T09:00&ends_at={day}T11:00")
    expect(page.locator("#clearances-due section")).to_have_count(1)
    picture(page, "clearances-form-phone")
    request_hall(page, "Họp báo trên điện thoại", day, kind="press_conference")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "clearances-needed-phone")
    desk = sign_in(DESK, phone=True)
    desk.goto("/clearances")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
    picture(desk, "clearances-list-phone")
    assert complaints == []
