"""A series is asked for, seen date by date, changed and given up, with the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_every_page import NAMELESS
from tests.browser.test_personas import DESK, MEMBER, STRANGER, far_day

HALL = "EXCH"


def begin(page: Page, day: str, title: str) -> None:
    """Fill in the form and let it repeat weekly, six times."""
    page.goto(f"/bookings/new?resource={HALL}&starts_at={day}T18:00&ends_at={day}T19:30")
    tab_to(page, "#title")
    page.keyboard.type(title)
    tab_to(page, "#every")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#every")).to_have_value("weekly")
    tab_to(page, "[name=count]")
    page.keyboard.press("Control+a")
    page.keyboard.type("6")
    page.keyboard.press("Tab")
    expect(page.locator(".dates li")).to_have_count(6)


def test_a_series_is_asked_for_and_a_date_left_out_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    begin(page, far_day(44), "Giao ban báo chí hằng tuần")
    expect(page.locator("#dates h3")).to_contain_text("Hằng tuần")
    tab_to(page, ".dates li:nth-child(2) input[type=checkbox]")
    page.keyboard.press("Space")
    # The list is written anew, and the focus stays where it was.
    expect(page.locator("#dates")).to_contain_text("5 trên 6")
    assert page.evaluate("document.activeElement.matches('.dates input[type=checkbox]')")
    picture(page, "series-form")
    assert violations(page) == []
    tab_to(page, "form[data-booking-form] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/series/SR-"))
    expect(page.locator(".series-dates li")).to_have_count(6)
    picture(page, "series-page")
    assert violations(page) == []
    tab_to(page, ".series-dates form button")
    page.keyboard.press("Enter")
    expect(page.locator(".series-dates form")).to_have_count(0)
    tab_to(page, ".series-dates a.entry")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    expect(page.locator("#series")).to_contain_text("ngày 1 trên 6")
    picture(page, "series-booking")
    assert violations(page) == []
    assert complaints == []


def test_the_following_dates_are_moved_and_then_cancelled(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    begin(page, far_day(45), "Họp nhóm chuyên đề")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/series/SR-"))
    old = page.url
    page.locator(".series-dates a.entry").nth(2).click()
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    page.goto(f"{page.url}/edit?extend=30")
    tab_to(page, "[name=scope]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=scope][value=following]")).to_be_checked()
    expect(page.locator("[data-quote] .dates li")).to_have_count(4)
    picture(page, "series-edit")
    assert violations(page) == []
    tab_to(page, "form[data-booking-form] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/bookings/BK-[^/]+$"))
    expect(page.locator("#notes")).to_contain_text("4")
    page.click("[data-opens=cancel]")
    page.locator("#cancel [name=scope][value=following]").check()
    picture(page, "series-cancel")
    assert violations(page, "#cancel") == []
    page.locator("#cancel button[type=submit]").click()
    page.wait_for_url(re.compile(r"/bookings/BK-[^/]+$"))
    page.goto(old)
    expect(page.locator(".series-dates a.entry")).to_have_count(2)
    expect(page.locator(".series-dates form")).to_have_count(4)
    assert complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_series_of_the_demo_reads_well_everywhere(
    sign_in: SignIn, complaints: list[str], language: str, *, phone: bool
) -> None:
    page = sign_in(STRANGER, phone=phone, language=language)
    page.goto("/bookings?q=Giao ban cộng tác viên")
    page.locator(".ledger a.row-link").first.click()
    page.wait_for_url(re.compile(r"/bookings/BK-"))
    name = f"{language}-{'phone' if phone else 'desktop'}"
    _look_at(page, f"series-demo-booking-{name}")
    page.locator("#series .panel-foot a").click()
    page.wait_for_url(re.compile(r"/series/SR-"))
    _look_at(page, f"series-demo-{name}")
    assert complaints == []


def _look_at(page: Page, name: str) -> None:
    picture(page, name)
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []


def test_the_desk_answers_all_dates_on_a_telephone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(MEMBER, phone=True)
    begin(page, far_day(46), "Lớp bồi dưỡng nghiệp vụ")
    # A press conference would wait for its notice.
    page.select_option("#event_kind", "training")
    picture(page, "series-form-phone")
    page.click("form[data-booking-form] button[type=submit]")
    page.wait_for_url(re.compile(r"/series/SR-"))
    where = page.url
    picture(page, "series-page-phone")
    assert violations(page) == []
    desk = sign_in(DESK)
    desk.goto(where)
    desk.click("form[action$='/confirm'] button")
    expect(desk.locator(".series-dates")).not_to_contain_text("Chờ")
    picture(desk, "series-desk")
    desk.click("[data-opens=cancel]")
    picture(desk, "series-desk-cancel")
    assert complaints == []
