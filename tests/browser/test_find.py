"""Choose the dates, see what is free, fill one basket, send one booking: by keyboard alone."""

import re

from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, FINANCE, MEMBER, far_day, request_hall


def search(day: str) -> str:
    """The address of a morning."""
    return f"/find?day={day}&from=08:00&to=11:00"


def complained(complaints: list[str]) -> list[str]:
    """Without the note that a press has overtaken a question asked before."""
    overtaken = ("htmx:sendAbort", "htmx:afterRequest")
    return [said for said in complaints if not said.startswith(overtaken)]


def press(page: Page, selector: str) -> None:
    """Reach it by Tab and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def test_from_the_search_to_the_request_with_the_keyboard_alone(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    page.goto(search(far_day(71)))
    tab_to(page, "#people")
    page.keyboard.type("80")
    page.keyboard.press("Enter")
    expect(page.locator("#put-H50")).to_have_count(0)
    press(page, "#put-H100")
    expect(page.locator("#basket .basket-line")).to_have_count(1)
    # The focus stays on the button, which now takes the hall out again.
    expect(page.locator("#put-H100")).to_be_focused()
    expect(page.locator("#find-told")).to_contain_text("Trong giỏ: 1")
    press(page, "#put-MIC")
    expect(page.locator("#pieces-MIC")).to_have_value("1")
    tab_to(page, "#pieces-MIC")
    page.keyboard.press("Control+a")
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("pieces=4"))
    assert "add=" not in page.url
    expect(page.locator("#basket .sums .total").last).to_contain_text("đ")
    total = page.locator("#basket .sums .total").last.text_content()
    picture(page, "find-basket")
    assert axe.violations(page) == []
    press(page, "#book-these")
    page.wait_for_url(re.compile(r"/bookings/new"))
    expect(page.locator("[data-lines] .line-card")).to_have_count(2)
    expect(page.locator("[name=quantity]").nth(1)).to_have_value("4")
    expect(page.locator("#attendees")).to_have_value("80")
    expect(page.locator("[data-quote] .sums .total").last).to_have_text(total or "")
    picture(page, "find-form")
    tab_to(page, "#title")
    page.keyboard.type("Họp báo tìm chỗ bằng bàn phím")
    press(page, "form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    expect(page.locator("h1")).to_have_text("Họp báo tìm chỗ bằng bàn phím")
    assert complained(complaints) == []


def test_what_is_taken_says_when_it_is_free_and_what_would_do(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    day = far_day(72)
    request_hall(page, "Hội thảo chiếm hội trường lớn", day)
    page.goto(f"{search(day)}&want=H100&pieces=1")
    expect(page.locator("#basket .wrong")).to_contain_text("Không trống")
    expect(page.locator("#not-free")).to_contain_text("Trống gần nhất")
    assert axe.violations(page) == []
    picture(page, "find-taken")
    page.locator("#not-free .nearby a", has_text="Trống gần nhất").first.click()
    expect(page.locator("#basket .wrong")).to_have_count(0)
    # Back in history the page is whole again.
    page.go_back()
    expect(page.locator("nav.side")).to_have_count(1)
    assert complained(complaints) == []


def test_typing_and_going_back_keeps_a_whole_page(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER)
    page.goto(search(far_day(73)))
    page.fill("#q", "micro")
    page.wait_for_url(re.compile("q=micro"))
    page.click("#put-MIC")
    expect(page.locator("#basket .basket-line")).to_have_count(1)
    page.goto("/catalogue")
    page.go_back()
    expect(page.locator("nav.side")).to_have_count(1)
    expect(page.locator("#basket .basket-line")).to_have_count(1)
    assert complained(complaints) == []


def test_on_a_telephone_the_basket_is_one_press_away(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER, phone=True)
    page.goto(f"{search(far_day(74))}&want=H100&pieces=1&want=CAM&pieces=2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "find-phone")
    page.screenshot(path="build/screenshots/find-phone-first.png")
    page.click(".basket-way a")
    expect(page.locator("#basket")).to_be_in_viewport()
    assert axe.violations(page) == []
    page.click("#book-these")
    expect(page.locator("[data-lines] .line-card")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "find-form-phone")
    assert complained(complaints) == []


def test_without_a_script_the_search_the_basket_and_the_lines_work(
    sign_in: SignIn, complaints: list[str]
) -> None:
    signed = sign_in(DESK)
    browser = signed.context.browser
    assert browser is not None
    plain = browser.new_context(
        base_url=signed.url, java_script_enabled=False, storage_state=signed.context.storage_state()
    )
    page = plain.new_page()
    page.goto(search(far_day(75)))
    page.click("#put-H100")
    page.click("#put-MIC")
    page.fill("#pieces-MIC", "3")
    page.press("#pieces-MIC", "Enter")
    page.wait_for_url(re.compile("pieces=3"))
    page.click("#book-these")
    page.locator("#unit").select_option("unit-b")
    page.fill("#title", "Không cần kịch bản")
    page.click("[data-add-line]")
    assert page.locator(".line-card").count() == 3
    assert page.locator("#title").input_value() == "Không cần kịch bản"
    page.locator(".line-card").nth(2).locator("[data-remove]").click()
    # Enter in a field sends the form and takes no line away.
    page.press("#title", "Enter")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    assert page.locator("h1").text_content() == "Không cần kịch bản"
    plain.close()


def test_the_finance_office_looks_and_has_no_basket(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE, language="en")
    page.goto(search(far_day(76)))
    expect(page.locator("h1")).to_have_text("Find what is free")
    expect(page.locator("#basket")).to_have_count(0)
    picture(page, "find-finance")
    assert axe.violations(page) == []
    assert complained(complaints) == []
