"""An agreement is written down with the keyboard alone, and its unit sees how far it is."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from config import clock
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, MEMBER, far_day

NUMBER = "31/HĐK-THU"


def fill(page: Page, selector: str, words: str) -> None:
    """Go to the field by keyboard and type into it."""
    tab_to(page, selector)
    page.keyboard.type(words)


def _type(page: Page) -> None:
    """Fill in the form, with a discount that cannot be."""
    tab_to(page, "#unit")
    page.select_option("#unit", "unit-b")
    tab_to(page, "#kind")
    page.select_option("#kind", "framework")
    fill(page, "#title", "Hợp đồng khung thử nghiệm")
    fill(page, "#number", NUMBER)
    page.fill("#valid_from", (clock.today() + timedelta(days=1)).isoformat())
    tab_to(page, "#rate_class")
    page.select_option("#rate_class", "partner")
    fill(page, "#discount_percent", "200")
    tab_to(page, "#target-year-1")
    page.keyboard.type(str(clock.today().year + 1))
    fill(page, "#target-goal-1", "8")
    page.keyboard.press("Enter")


def _prices_follow(renter: Page) -> None:
    day = far_day(55)
    renter.goto(f"/bookings/new?resource=H100&starts_at={day}T09:00&ends_at={day}T11:00")
    expect(renter.locator("[data-quote]")).to_contain_text(
        f"giá đơn vị phối hợp theo thỏa thuận {NUMBER}, giảm 12,5 %"
    )
    picture(renter, "agreements-price")


def _end(page: Page) -> None:
    tab_to(page, "[data-opens=end]")
    page.keyboard.press("Enter")
    assert axe.violations(page, "dialog[open]") == []
    picture(page, "agreements-end")
    tab_to(page, "dialog[open] button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Thỏa thuận kết thúc ngày")


def test_the_desk_writes_an_agreement_with_the_keyboard_and_prices_follow(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(DESK)
    page.goto("/agreements")
    picture(page, "agreements-list")
    assert axe.violations(page) == []
    tab_to(page, "a[href='/agreements/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agreements/new")
    picture(page, "agreements-form")
    assert axe.violations(page) == []
    _type(page)
    expect(page.locator("#discount_percent")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#target-goal-1")).to_have_value("8")
    picture(page, "agreements-form-wrong")
    page.fill("#discount_percent", "12,5")
    tab_to(page, ".form-foot button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agreements/*")
    expect(page.locator("h1")).to_have_text("Hợp đồng khung thử nghiệm")
    expect(page.locator("#main")).to_contain_text("12,5 %")
    expect(page.locator(".goal")).to_contain_text("0 / 8")
    picture(page, "agreements-new")
    assert axe.violations(page) == []
    _prices_follow(sign_in("member@unit-b.example"))
    _end(page)
    complaints[:] = [said for said in complaints if "422" not in said]
    assert complaints == []


def test_a_unit_sees_its_own_progress_also_on_a_telephone(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER, phone=True)
    page.goto("/agreements")
    expect(page.locator(".ledger tbody tr")).to_have_count(1)
    picture(page, "agreements-list-phone")
    page.locator(".row-link").click()
    expect(page.locator(".goal")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "agreements-phone")
    assert axe.violations(page) == []
    desk = sign_in(DESK, phone=True)
    desk.goto("/agreements/new")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
    picture(desk, "agreements-form-phone")
    assert complaints == []
