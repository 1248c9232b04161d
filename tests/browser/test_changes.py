"""A booking is changed, repeated and given up: seen before it is done, with the keyboard alone."""

import re
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import DESK, MEMBER, far_day, request_hall


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    page.wait_for_load_state()
    for _press in range(120):
        # A page that is only just arriving has no element at all yet.
        if page.evaluate("word => document.activeElement?.matches(word) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_a_member_extends_a_request_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Họp báo mùa nước nổi", far_day(40))
    picture(page, "changes-booking")
    tab_to(page, "a[href$='extend=60']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/edit\?extend=60"))
    expect(page.locator(".compare")).to_contain_text("Kéo dài", ignore_case=True)
    tab_to(page, "#title")
    page.keyboard.press("Control+a")
    page.keyboard.type("Họp báo mùa nước nổi miền Tây")
    page.keyboard.press("Tab")
    expect(page.locator(".compare")).to_have_count(2)
    expect(page.locator("[data-quote] .sums .total").last).to_contain_text("đ")
    picture(page, "changes-edit")
    tab_to(page, "form[data-booking-form] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/bookings/{reference}$"))
    expect(page.locator("h1")).to_have_text("Họp báo mùa nước nổi miền Tây")
    expect(page.locator(".diary")).to_contain_text("→")
    picture(page, "changes-saved")
    assert complaints == []


def test_what_a_colleague_saved_meanwhile_stands_beside_what_was_typed(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Hai người cùng sửa", far_day(41))
    page.goto(f"/bookings/{reference}/edit")
    desk = sign_in(DESK)
    desk.goto(f"/bookings/{reference}/edit?extend=30")
    desk.click("form[data-booking-form] button[type=submit]")
    desk.wait_for_url(re.compile(rf"/bookings/{reference}$"))
    page.fill("#title", "Bản của đơn vị")
    with page.expect_response(lambda answer: answer.status == 409):
        page.click("form[data-booking-form] button[type=submit]")
    expect(page.locator("form .notes")).to_contain_text("Có người đã thay đổi")
    expect(page.locator("#title")).to_have_value("Bản của đơn vị")
    picture(page, "changes-meanwhile")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(rf"/bookings/{reference}$"))
    expect(page.locator("h1")).to_have_text("Bản của đơn vị")
    complaints[:] = [said for said in complaints if "409" not in said]
    assert complaints == []


def test_a_booking_is_repeated_next_week_and_given_up_at_a_price(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(DESK)
    day = far_day(2)
    page.goto(f"/bookings/new?resource=H50&starts_at={day}T18:00&ends_at={day}T20:00")
    page.fill("#title", "Tọa đàm buổi tối")
    page.locator("#unit").select_option("unit-b")
    page.select_option("#event_kind", "seminar")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    page.click("form[action$='/confirm'] button")
    expect(page.locator(".page-head .state")).to_have_text("Đã xác nhận")
    first = page.url
    page.click("form.day-deed[action$='/bookings/new'] button")
    page.wait_for_url(re.compile(r"copy=BK-"))
    week_later = (date.fromisoformat(day) + timedelta(days=7)).isoformat()
    expect(page.locator("[name=starts_at]").first).to_have_value(f"{week_later}T18:00")
    expect(page.locator("#title")).to_have_value("Tọa đàm buổi tối")
    picture(page, "changes-duplicate")
    page.goto(first)
    page.click("[data-opens=cancel]")
    expect(page.locator("#cancel .sums .total").last).to_contain_text("đ")
    picture(page, "changes-cancel")
    page.click("#cancel button[type=submit]")
    expect(page.locator(".notes").first).to_contain_text("theo điều khoản")
    assert complaints == []


def test_on_a_telephone_the_change_is_readable(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER, phone=True)
    reference = request_hall(page, "Họp báo trên điện thoại", far_day(43))
    page.goto(f"/bookings/{reference}/edit?extend=30")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "changes-edit-phone")
    page.goto(f"/bookings/{reference}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "changes-booking-phone")
    assert complaints == []
