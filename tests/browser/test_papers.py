"""Programme, people and papers of a booking, with the keyboard alone and on a telephone."""

import re

from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, MEMBER, far_day, request_hall


def _type_row(page: Page, *words: str) -> None:
    """Type into one field after the other, from the one that has the focus."""
    for number, word in enumerate(words):
        if number:
            page.keyboard.press("Tab")
        if word:
            page.keyboard.type(word)


def test_a_member_writes_the_programme_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Họp báo mở hội hoa xuân", far_day(77))
    tab_to(page, f"a[href$='{reference}/programme']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/programme$"))
    tab_to(page, "[name=point_starts]")
    page.locator("[name=point_starts]").fill("09:00")
    page.locator("[name=point_ends]").fill("09:30")
    tab_to(page, "[name=point_title]")
    _type_row(page, "Đón khách", "Ban tổ chức")
    tab_to(page, "[data-row-list]:first-of-type [data-add-row]")
    page.keyboard.press("Enter")
    # The next point begins where the one before ended.
    expect(page.locator("[name=point_starts]").nth(1)).to_have_value("09:30")
    expect(page.locator("[name=point_starts]").nth(1)).to_be_focused()
    page.locator("[name=point_title]").nth(1).focus()
    _type_row(page, "Khai mạc", "Bà Nguyễn Thị Hoa")
    tab_to(page, "[name=person_duty]")
    _type_row(page, "Dẫn chương trình", "Trần Văn Minh", "0901 000 111", "minh@unit-a.example")
    assert axe.violations(page) == []
    picture(page, "programme-form")
    tab_to(page, "main form button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/bookings/{reference}#event-programme$"))
    panel = page.locator("#event-programme")
    expect(panel).to_contain_text("09:00–09:30")
    expect(panel).to_contain_text("Bà Nguyễn Thị Hoa")
    expect(panel.locator("a[href='tel:0901000111']")).to_be_visible()
    assert axe.violations(page) == []
    picture(page, "programme-booking")
    assert complaints == []


def test_an_added_row_is_taken_away_again(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Tọa đàm thử hàng", far_day(78))
    page.goto(f"/bookings/{reference}/programme")
    page.locator("[data-add-row]").first.click()
    rows = page.locator(".row-card.points")
    expect(rows).to_have_count(2)
    rows.first.locator("[data-remove-row]").click()
    expect(rows).to_have_count(1)
    expect(rows.first.locator("[data-remove-row]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(0)
    expect(page.locator("[data-add-row]").first).to_be_focused()
    assert complaints == []


def test_the_papers_are_fetched_from_the_booking(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER)
    reference = request_hall(page, "Họp báo có giấy tờ", far_day(79))
    links = page.locator("#papers .what a")
    expect(links).to_have_count(3)
    tab_to(page, "#papers a[href$='quotation.pdf']")
    for address in [link.get_attribute("href") for link in links.all()]:
        found = page.request.get(str(address))
        assert found.headers["content-type"] == "application/pdf"
        assert found.body().startswith(b"%PDF")
    desk = sign_in(DESK)
    desk.goto(f"/bookings/{reference}")
    expect(desk.locator("#papers .what a")).to_have_count(5)
    picture(desk, "papers-panel")
    assert complaints == []


def test_programme_and_papers_fit_a_telephone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER, phone=True)
    reference = request_hall(page, "Họp báo trên điện thoại", far_day(80))
    page.goto(f"/bookings/{reference}/programme")
    page.locator("[name=point_starts]").fill("09:00")
    page.locator("[name=point_title]").fill(
        "Một mục có tên rất dài để xem dòng chữ xuống hàng ra sao"
    )
    page.locator("[name=person_duty]").fill("Điều phối")
    page.click("main form button[type=submit]")
    expect(page.locator(".row-card .wrong")).to_have_count(1)
    wide = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(wide) <= 0
    picture(page, "programme-form-phone")
    page.locator("[name=person_name]").first.fill("Lê Thị Rất Dài Họ Tên Nguyễn Phước")
    page.locator("[name=person_email]").first.fill("mot.dia.chi.rat.dai.de.thu@unit-a.example")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(rf"/bookings/{reference}#"))
    assert page.evaluate(wide) <= 0
    assert axe.violations(page) == []
    picture(page, "programme-booking-phone")
    assert [said for said in complaints if "422" not in said] == []
