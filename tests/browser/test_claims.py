"""Holds, the waitlist, approvals and kept dates in a browser, with the keyboard alone."""

import re
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from config import clock
from config.database import db, transaction
from rental import hold_ends
from rental.models import Hold
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, DIRECTOR, MEMBER, STRANGER, far_day, request_hall


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def press(page: Page, selector: str) -> None:
    """Reach it with Tab and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def hold_date(page: Page, title: str, day: str, hall: str = "EXCH") -> str:
    """Hold a hall from eight to eleven by keyboard; the hold's reference."""
    page.goto(f"/bookings/new?resource={hall}&starts_at={day}T08:00&ends_at={day}T11:00")
    tab_to(page, "#title")
    page.keyboard.type(title)
    # A press conference would need its notice to the authority before it is confirmed.
    page.locator("#event_kind").select_option("seminar")
    press(page, "button[formaction='/holds']")
    page.wait_for_url(re.compile(r"/holds/HD-"))
    return page.url.rsplit("/", 1)[1]


def lapse(app: Flask, reference: str) -> None:
    """Its time is over, and the worker has come round."""
    with app.app_context(), transaction():
        hold = db.session.scalars(sa.select(Hold).filter_by(reference=reference)).one()
        hold.expires_at = clock.now() - timedelta(seconds=1)
        db.session.flush()
        hold_ends.lapse_overdue()


def test_the_second_hold_moves_up_is_booked_and_confirmed(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = far_day(81)
    first, second = sign_in(MEMBER), sign_in(STRANGER)
    reference = hold_date(first, "Tọa đàm giữ trước", day)
    expect(first.locator(".page-head + .notes, .notes").first).to_contain_text("Đã giữ chỗ")
    assert violations(first) == []
    picture(first, "claims-hold-first")
    hold_date(second, "Tọa đàm đến sau", day)
    expect(second.locator("#notes")).to_contain_text("thứ 2")
    picture(second, "claims-hold-second")
    lapse(centre_app, reference)
    second.reload()
    expect(second.locator(".split")).to_contain_text("Thứ nhất")
    press(second, "[data-opens=convert]")
    expect(second.locator("dialog#convert")).to_be_visible()
    assert violations(second, "dialog#convert") == []
    picture(second, "claims-hold-convert")
    press(second, "#convert button[type=submit]")
    second.wait_for_url(re.compile(r"/bookings/BK-"))
    booked = second.url
    desk = sign_in(DESK)
    desk.goto(booked)
    picture(desk, "claims-booking-from-hold")
    press(desk, ".page-head form[action$='/confirm'] button")
    expect(desk.locator(".page-head .state")).to_have_text("Đã xác nhận")
    first.goto(f"/holds/{reference}")
    expect(first.locator(".page-head .state")).to_have_text("Hết hạn")
    assert complaints == []


def test_a_request_over_a_hold_says_so_and_the_desk_passes_over_it_with_a_reason(
    sign_in: SignIn, complaints: list[str]
) -> None:
    day = far_day(82)
    reference = hold_date(sign_in(STRANGER), "Giữ cho hội nghị", day, "H50")
    page = sign_in(MEMBER)
    page.goto(f"/bookings/new?resource=H50&starts_at={day}T08:00&ends_at={day}T11:00")
    expect(page.locator(".claim-notes")).to_contain_text("Một đơn vị khác đang giữ chỗ")
    assert violations(page) == []
    picture(page, "claims-form-held")
    booked = request_hall(page, "Họp báo trên ngày đã giữ", day, "H50")
    expect(page.locator("#holds")).to_contain_text("Đơn vị khác đang giữ chỗ")
    desk = sign_in(DESK)
    desk.goto("/desk")
    row = desk.locator("tr", has_text="Họp báo trên ngày đã giữ")
    expect(row).to_contain_text("Đơn vị khác đang giữ chỗ")
    assert violations(desk) == []
    picture(desk, "claims-queue")
    desk.goto(f"/bookings/{booked}")
    expect(desk.locator("#holds")).to_contain_text("Giữ cho hội nghị")
    picture(desk, "claims-booking-held")
    press(desk, "[data-opens=override]")
    expect(desk.locator("#override-reason")).to_be_focused()
    desk.keyboard.type("Nhiệm vụ đột xuất của Thành phố")
    assert violations(desk, "dialog#override") == []
    picture(desk, "claims-override")
    press(desk, "#override button.btn-danger")
    expect(desk.locator(".page-head .state")).to_have_text("Đã xác nhận")
    desk.goto(f"/holds/{reference}")
    expect(desk.locator(".split")).to_contain_text("Giữ đến")
    assert complaints == []


def test_one_waits_for_a_taken_date(sign_in: SignIn, complaints: list[str]) -> None:
    day = far_day(83)
    request_hall(sign_in(STRANGER), "Đã lấy mất chỗ", day, "H50")
    page = sign_in(MEMBER)
    page.goto(f"/bookings/new?resource=H50&starts_at={day}T08:00&ends_at={day}T11:00")
    picture(page, "claims-form-taken")
    press(page, "a[href^='/waitlist/new']")
    page.wait_for_url(re.compile(r"/waitlist/new"))
    assert violations(page) == []
    picture(page, "claims-wait-new")
    tab_to(page, "#title")
    page.keyboard.type("Chờ hội trường nhỏ")
    press(page, "main form button[type=submit]")
    page.wait_for_url(re.compile(r"/waitlist$"))
    expect(page.locator(".ledger")).to_contain_text("Kế tiếp trong danh sách")
    assert violations(page) == []
    picture(page, "claims-waitlist")
    press(page, "[data-opens^=leave-]")
    press(page, "dialog[open] button.btn-danger")
    expect(page.locator("#notes")).to_contain_text("rời danh sách chờ")
    assert complaints == []


def test_the_director_answers_what_waits(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(DIRECTOR)
    expect(page.locator(".claims")).to_contain_text("Đang chờ quý vị trả lời")
    picture(page, "claims-home-director")
    page.goto("/approvals")
    assert violations(page) == []
    picture(page, "claims-approvals")
    waiting = page.locator("[data-opens^=yes-]").count()
    assert waiting >= 1
    press(page, "[data-opens^=no-]")
    expect(page.locator("dialog[open] textarea")).to_be_focused()
    page.keyboard.type("Chưa có văn bản của Sở Ngoại vụ")
    assert violations(page, "dialog[open]") == []
    picture(page, "claims-refuse")
    press(page, "dialog[open] button.btn-danger")
    expect(page.locator("[data-opens^=yes-]")).to_have_count(waiting - 1)
    expect(page.locator("main")).to_contain_text("Chưa có văn bản của Sở Ngoại vụ")
    page.locator("section", has_text="Vừa trả lời").locator("a.row-link").first.click()
    expect(page.locator("#approvals")).to_contain_text("Không đồng ý")
    picture(page, "claims-booking-approvals")
    press(page, "#approvals [data-opens^=yes-]")
    press(page, "dialog[open] button.btn-primary")
    expect(page.locator("#approvals")).to_contain_text("Đồng ý")
    assert complaints == []


def test_the_desk_keeps_a_date_for_a_unit(sign_in: SignIn, complaints: list[str]) -> None:
    day = far_day(84)
    desk = sign_in(DESK)
    desk.goto("/catalogue/BOOTH")
    press(desk, "[data-opens=close]")
    expect(desk.locator(".reserved-for")).to_be_hidden()
    desk.locator("#close-kind").select_option("reserved")
    expect(desk.locator(".reserved-for")).to_be_visible()
    desk.fill("#close-from", f"{day}T08:00")
    desk.fill("#close-to", f"{day}T18:00")
    tab_to(desk, "input[name=units]")
    desk.keyboard.press("Space")
    desk.fill("#close-reason", "Tuần lễ thông tin đối ngoại")
    assert violations(desk, "dialog#close") == []
    picture(desk, "claims-keep")
    press(desk, "#close button.btn-danger")
    expect(desk.locator("#notes")).to_contain_text("Đã tạm đóng")
    page = sign_in("head@hoi-so.example")
    page.goto(f"/bookings/new?resource=BOOTH&starts_at={day}T08:00&ends_at={day}T11:00")
    picture(page, "claims-form-kept")
    desk.goto(f"/calendar?day={day}")
    picture(desk, "claims-calendar-kept")
    assert complaints == []


def test_every_page_of_claims_is_read_at_any_width(sign_in: SignIn, complaints: list[str]) -> None:
    seen = {
        "member@unit-b.example": ["/", "/holds", "/holds?when=ended", "/waitlist"],
        DESK: ["/", "/holds", "/waitlist", "/approvals", "/desk"],
        DIRECTOR: ["/", "/approvals", "/holds"],
    }
    for email, paths in seen.items():
        for phone in (False, True):
            page = sign_in(email, phone=phone)
            for path in paths:
                page.goto(path)
                assert fits(page), path
                assert violations(page) == [], path
                name = re.sub(r"\W+", "-", path).strip("-") or "home"
                picture(page, f"claims-{email[:4]}-{name}{'-phone' if phone else ''}")
    assert complaints == []


def test_a_hold_and_its_questions_fit_a_telephone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER, phone=True)
    day = far_day(85)
    page.goto(f"/bookings/new?resource=EXCH&starts_at={day}T08:00&ends_at={day}T11:00")
    page.fill("#title", "Giữ chỗ trên điện thoại")
    assert fits(page)
    picture(page, "claims-form-phone")
    page.click("button[formaction='/holds']")
    page.wait_for_url(re.compile(r"/holds/HD-"))
    assert fits(page)
    picture(page, "claims-hold-phone")
    page.click("[data-opens=convert]")
    picture(page, "claims-convert-phone")
    assert complaints == []
