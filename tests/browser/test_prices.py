"""Prices with the keyboard alone: lists, calculator, an add-on, a discount of two people."""

from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_agreements import fill
from tests.browser.test_changes import tab_to
from tests.browser.test_personas import DESK, DIRECTOR, FINANCE, MEMBER, far_day

PRESS = "main button[type=submit]"


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_finance_reads_the_lists_and_reckons_with_the_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto("/tariffs")
    expect(page.locator("h1")).to_have_text("Biểu giá")
    picture(page, "prices-lists")
    assert axe.violations(page) == []
    tab_to(page, "main a[href='/tariffs/calculator']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tariffs/calculator")
    tab_to(page, "#resource")
    page.select_option("#resource", "H100")
    day = far_day(90)
    page.fill("#starts_at", f"{day}T08:00")
    page.fill("#ends_at", f"{day}T17:00")
    tab_to(page, PRESS)
    page.keyboard.press("Enter")
    page.wait_for_url("**resource=H100**")
    expect(page.locator(".quote")).to_contain_text("2 buổi × 9.000.000")
    expect(page.locator(".quote")).to_contain_text("2 sessions × 9")
    tab_to(page, "input[value='H100#1:sound_light']")
    page.keyboard.press("Space")
    tab_to(page, PRESS)
    page.keyboard.press("Enter")
    page.wait_for_url("**sound_light**")
    expect(page.locator(".quote")).to_contain_text("20.000.000")
    picture(page, "prices-calculator")
    assert axe.violations(page) == []
    assert complaints == []


def test_the_price_pages_fit_a_telephone(sign_in: SignIn) -> None:
    page = sign_in(FINANCE, phone=True)
    times = f"starts_at={far_day(91)}T08:00&ends_at={far_day(92)}T12:00"
    reckoned = f"/tariffs/calculator?resource=H100&unit=class:partner&quantity=1&{times}"
    for path, name in (("/tariffs", "lists"), (reckoned, "reckoned")):
        page.goto(path)
        page.wait_for_load_state()
        assert _fits(page)
        picture(page, f"prices-{name}-phone")
        assert axe.violations(page) == []


def _ask_with_sound(page: Page) -> str:
    day = far_day(93)
    page.goto(f"/bookings/new?resource=H100&starts_at={day}T08:00&ends_at={day}T11:00")
    page.fill("#title", "Họp báo có âm thanh")
    expect(page.locator("[data-quote]")).to_contain_text("Âm thanh và ánh sáng màu")
    tab_to(page, "input[value='H100#1:sound_light']")
    page.keyboard.press("Space")
    expect(page.locator("[data-quote] .why").first).to_contain_text("(Âm thanh và ánh sáng màu)")
    expect(page.locator("input[value='H100#1:sound_light']")).to_be_checked()
    picture(page, "prices-add-ons")
    assert axe.violations(page, "form[data-booking-form]") == []
    tab_to(page, "form[data-booking-form] .quote button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bookings/BK-*")
    expect(page.locator("main")).to_contain_text("+ Âm thanh và ánh sáng màu")
    return page.url.rpartition("/")[2]


def test_a_unit_ticks_an_add_on_and_two_people_take_something_off(
    sign_in: SignIn, complaints: list[str]
) -> None:
    reference = _ask_with_sound(sign_in(MEMBER))
    desk = sign_in(DESK)
    desk.goto(f"/bookings/{reference}")
    tab_to(desk, "[data-opens=propose-discount]")
    desk.keyboard.press("Enter")
    assert axe.violations(desk, "dialog[open]") == []
    fill(desk, "dialog[open] #discount-size", "10")
    fill(desk, "dialog[open] #discount-reason", "Sự kiện thường niên")
    picture(desk, "prices-discount-asked")
    tab_to(desk, "dialog[open] button[type=submit]")
    desk.keyboard.press("Enter")
    expect(desk.locator("#notes")).to_contain_text("Đã gửi đề nghị")
    expect(desk.locator("#discounts")).to_contain_text("Sự kiện thường niên")
    picture(desk, "prices-discount-waits")
    assert axe.violations(desk, "#discounts") == []
    director = sign_in(DIRECTOR)
    director.goto("/discounts")
    picture(director, "prices-discounts")
    assert axe.violations(director) == []
    row = director.locator("tr", has_text="Họp báo có âm thanh")
    opener = row.locator("[data-opens^=approve-discount]").get_attribute("data-opens")
    tab_to(director, f"[data-opens={opener}]")
    director.keyboard.press("Enter")
    tab_to(director, "dialog[open] button[type=submit]")
    director.keyboard.press("Enter")
    expect(director.locator("#notes")).to_contain_text("Đã duyệt")
    director.goto(f"/bookings/{reference}")
    expect(director.locator("main")).to_contain_text("giảm 10")
    picture(director, "prices-discount-approved")
    assert complaints == []


def test_a_discount_and_its_reason_fit_a_telephone(sign_in: SignIn) -> None:
    page = sign_in(DIRECTOR, phone=True)
    page.goto("/discounts")
    page.wait_for_load_state()
    assert _fits(page)
    picture(page, "prices-discounts-phone")
    assert axe.violations(page) == []
