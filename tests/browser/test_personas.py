"""Each persona signs in and completes its task, with a picture of every step."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from config import clock
from config.database import db, transaction
from monitoring import devices, violations
from monitoring.policy import Finding
from monitoring.rules import Result, Severity
from tests.browser.conftest import SignIn, picture

MEMBER = "member@unit-a.example"
STRANGER = "member@unit-b.example"
DESK = "desk@centre.example"
FINANCE = "finance@centre.example"
OPERATOR = "operator@centre.example"
DIRECTOR = "director@centre.example"


# Of one run, also where it goes over midnight: another number is always another day.
TODAY = clock.today()


def far_day(days: int) -> str:
    """The nth weekday but Sunday from today."""
    day = TODAY
    for _ in range(days):
        day += timedelta(days=2 if day.weekday() == 5 else 1)
    return day.isoformat()


def request_hall(
    page: Page, title: str, day: str, hall: str = "H100", kind: str = "conference"
) -> str:
    """Ask for a hall from eight to eleven; the booking's reference."""
    page.goto(f"/bookings/new?resource={hall}&starts_at={day}T08:00&ends_at={day}T11:00")
    page.fill("#title", title)
    page.select_option("#event_kind", kind)
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    return page.url.rsplit("/", 1)[1].split("?")[0]


def drag(page: Page, code: str, first: float, last: float) -> None:
    """Drag over a row from one hour of the day to another."""
    track = page.locator(f".tl-track[data-code={code}]")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * (first - 6) / 16 + 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (last - 6) / 16 - 2, y, steps=6)
    page.mouse.up()


def test_a_member_drags_over_free_time_and_sends_a_request(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    picture(page, "unit-home")
    day = far_day(60)
    page.goto(f"/calendar?day={day}")
    drag(page, "H100", 9, 11.5)
    expect(page.locator(".tl-dock [data-period]")).to_contain_text("09:00–11:30")
    picture(page, "unit-calendar-chosen")
    page.click("[data-book]")
    expect(page.locator("[name=starts_at]").first).to_have_value(f"{day}T09:00")
    expect(page.locator("[name=ends_at]").first).to_have_value(f"{day}T11:30")
    expect(page.locator("[data-quote] .sums .total").last).to_contain_text("đ")
    page.fill("#title", "Họp báo công bố lễ hội áo dài")
    page.click("[data-add-line]")
    second = page.locator("[data-lines] .line-card").nth(1)
    second.locator("[name=resource]").select_option("MIC")
    second.locator("[name=quantity]").fill("4")
    second.locator("[name=quantity]").blur()
    expect(page.locator("[data-quote] .quote-line")).to_have_count(2)
    picture(page, "unit-booking-form")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    expect(page.locator("h1")).to_have_text("Họp báo công bố lễ hội áo dài")
    expect(page.locator(".page-head .state")).to_have_text("Chờ xác nhận")
    picture(page, "unit-booking")
    assert complaints == []


def test_the_keyboard_books_what_the_mouse_books(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER)
    day = far_day(62)
    page.goto(f"/calendar?day={day}")
    page.locator(".tl-track").first.focus()
    rows = page.locator(".tl-track").evaluate_all("rows => rows.map(row => row.dataset.code)")
    for _ in range(rows.index("H50")):
        page.keyboard.press("ArrowDown")
    live = page.locator(".tl [aria-live]")
    expect(live).to_contain_text("08:00")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(live).to_contain_text("09:00–10:30")
    page.keyboard.press("Enter")
    expect(page.locator("[data-book]")).to_be_focused()
    picture(page, "unit-calendar-keyboard")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bookings/new?**")
    expect(page.locator("[name=resource]").first).to_have_value("H50")
    expect(page.locator("[name=ends_at]").first).to_have_value(f"{day}T10:30")
    assert complaints == []


def test_escape_drops_the_selection_and_gives_the_focus_back(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    page.goto(f"/calendar?day={far_day(62)}")
    page.locator(".tl-track").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".tl-dock")).to_be_hidden()
    expect(page.locator(".tl-track").first).to_be_focused()


def test_a_tap_on_a_telephone_chooses_an_hour_that_can_be_lengthened(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER, phone=True)
    page.goto(f"/calendar?day={far_day(62)}")
    track = page.locator(".tl-track[data-code=EXCH]")
    box = track.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 3.1 / 16, box["y"] + box["height"] / 2)
    expect(page.locator(".tl-dock [data-period]")).to_contain_text("09:00–10:00")
    page.locator("[data-change='1']").click()
    expect(page.locator(".tl-dock [data-period]")).to_contain_text("09:00–10:15")
    picture(page, "unit-calendar-phone")
    assert complaints == []


def test_a_conflict_says_which_line_and_keeps_what_was_typed(sign_in: SignIn) -> None:
    day = far_day(64)
    request_hall(sign_in(MEMBER), "Đến trước", day)
    page = sign_in(STRANGER)
    page.goto(f"/calendar?day={day}")
    row = page.locator(".tl-track[data-code=H100]")
    expect(row.locator(".is-taken")).to_contain_text("Đã có người đặt")
    assert "Đến trước" not in page.content()
    page.goto(f"/bookings/new?resource=H100&starts_at={day}T10:00&ends_at={day}T12:00")
    expect(page.locator("[data-quote]")).to_contain_text("không còn trống")
    page.fill("#title", "Đến sau")
    page.fill("#note", "Cần màn hình")
    page.click("form[data-booking-form] button[type=submit]")
    expect(page.locator(".note[data-tone=bad]")).to_contain_text("Một phần đã có đơn vị khác giữ")
    expect(page.locator(".line-card .wrong")).to_contain_text("H100")
    expect(page.locator("#title")).to_have_value("Đến sau")
    expect(page.locator("#note")).to_have_value("Cần màn hình")
    picture(page, "unit-booking-conflict")


def test_another_units_booking_answers_as_if_it_did_not_exist(sign_in: SignIn) -> None:
    reference = request_hall(sign_in(MEMBER), "Chỉ của chúng tôi", far_day(65))
    answer = sign_in(STRANGER).goto(f"/bookings/{reference}")
    assert answer is not None
    assert answer.status == 404


def test_the_desk_confirms_declines_hands_over_and_takes_back(
    sign_in: SignIn, complaints: list[str]
) -> None:
    member = sign_in(MEMBER)
    wanted = request_hall(member, "Xin xác nhận", far_day(66))
    refused = request_hall(member, "Xin từ chối", far_day(67))
    page = sign_in(DESK)
    picture(page, "desk-home")
    page.goto("/desk")
    picture(page, "desk-queue")
    page.get_by_role("button", name="Xác nhận Xin xác nhận").click()
    expect(page.locator("#notes")).to_contain_text("Đã xác nhận")
    page.get_by_role("button", name="Từ chối Xin từ chối").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("textarea").fill("Hội trường đang sửa âm thanh")
    picture(page, "desk-decline")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#notes")).to_contain_text("Đã từ chối")
    page.goto(f"/bookings/{wanted}")
    page.get_by_role("button", name="Bàn giao").first.click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".page-head .state")).to_have_text("Đã bàn giao")
    page.get_by_role("button", name="Nhận lại").first.click()
    page.locator("dialog[open] textarea").fill("Đủ, không hư hỏng")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".page-head .state")).to_have_text("Đã hoàn trả")
    picture(page, "desk-booking-returned")
    member.goto(f"/bookings/{refused}")
    expect(member.locator("#main")).to_contain_text("Hội trường đang sửa âm thanh")
    assert complaints == []


def test_finance_drafts_issues_and_records_a_payment(
    sign_in: SignIn, complaints: list[str]
) -> None:
    reference = request_hall(sign_in(MEMBER), "Sự kiện có hóa đơn", far_day(70))
    desk = sign_in(DESK)
    desk.goto(f"/bookings/{reference}")
    desk.get_by_role("button", name="Xác nhận", exact=True).click()
    page = sign_in(FINANCE)
    picture(page, "finance-home")
    page.goto(f"/bookings/{reference}")
    page.get_by_role("button", name="Lập hóa đơn nháp").click()
    page.wait_for_url(re.compile(r"/invoices/\d+"))
    page.get_by_role("button", name="Phát hành").click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"-\d{8}"))
    expect(page.locator(".qr img")).to_have_js_property("complete", value=True)
    picture(page, "finance-invoice")
    document = page.request.get(f"{page.url.split('?')[0]}/invoice.pdf")
    assert document.body().startswith(b"%PDF")
    page.get_by_role("button", name="Ghi nhận thanh toán").click()
    page.locator("dialog[open] [name=reference]").fill("FT26330001")
    picture(page, "finance-payment")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".page-head .state")).to_have_text("Đã thanh toán")
    page.get_by_role("button", name="Hóa đơn điều chỉnh giảm").click()
    page.locator("dialog[open] [name=amount]").fill("100.000")
    page.locator("dialog[open] textarea").fill("Kết thúc sớm")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator("#main")).to_contain_text("cần hoàn lại cho đơn vị")
    picture(page, "finance-credit-note")
    assert complaints == []


@pytest.fixture
def violation_id(centre_app: Flask) -> int:
    """A switch that lets telnet in."""
    with centre_app.app_context(), transaction():
        device = devices.search(devices.Wanted(q="SW-PRESS"))[0]
        finding = Finding(
            "N01", Result.FAIL, Severity.MEDIUM, ("line vty 0 4", " transport input telnet ssh")
        )
        opened = violations.open_or_refresh(device, finding)
        db.session.flush()
        return opened.id


def test_the_operator_reads_the_evidence_acknowledges_and_waives(
    sign_in: SignIn, violation_id: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    picture(page, "operator-home")
    page.goto("/devices")
    picture(page, "operator-devices")
    page.locator("a.row-link").first.click()
    picture(page, "operator-device")
    page.goto(f"/violations/{violation_id}")
    expect(page.locator(".evidence").first).to_contain_text("transport input telnet")
    page.get_by_role("button", name="Tiếp nhận").click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".page-head .state").first).to_have_text("Đã tiếp nhận")
    page.get_by_role("button", name="Miễn áp dụng").click()
    page.locator("dialog[open] textarea").fill("Thay thiết bị trong tháng sau")
    picture(page, "operator-waive")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".page-head .state").first).to_have_text("Được miễn")
    picture(page, "operator-violation")
    assert complaints == []


def test_the_director_sees_the_whole_and_the_journal(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(DIRECTOR)
    expect(page.locator(".figure")).to_have_count(8)
    picture(page, "director-home")
    page.goto("/journal")
    expect(page.locator("table tbody tr").first).to_be_visible()
    picture(page, "director-journal")
    assert complaints == []
