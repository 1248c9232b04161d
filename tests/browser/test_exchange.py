"""Calendars, the programme, reports, export and import in a browser, by keyboard."""

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_report_is_read_at_any_width_and_on_paper(sign_in: SignIn, complaints: list[str]) -> None:
    for phone in (False, True):
        page = sign_in("director@centre.example", phone=phone)
        page.goto("/reports/utilisation")
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"report{'-phone' if phone else ''}")
        if not phone:
            page.emulate_media(media="print")
            picture(page, "report-print")
    assert complaints == []


def test_a_feed_is_made_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    for phone in (False, True):
        page = sign_in("member@unit-a.example", phone=phone)
        page.goto("/feeds?resource=H100")
        page.get_by_role("button", name="Tạo địa chỉ").focus()
        page.keyboard.press("Enter")
        address = page.locator("#address")
        expect(address).to_be_focused()
        assert "/calendar/mc_feed_" in address.input_value()
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"feeds{'-phone' if phone else ''}")
    assert complaints == []


def _published(page: Page) -> None:
    page.goto("/bookings?status=confirmed")
    page.locator(".row-link").first.click()
    page.get_by_role("button", name="Công bố…").focus()
    page.keyboard.press("Enter")
    note = page.locator("#public-note")
    expect(note).to_be_focused()
    note.fill("Mời phóng viên đăng ký trước 16 giờ.\nCổng số 2, tầng trệt.")
    picture(page, "publish-dialog")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("dialog").get_by_role("button", name="Công bố", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sharing")).to_contain_text("Mời phóng viên")
    assert violations(page) == []
    picture(page, "booking-published")


def test_an_event_is_published_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("desk@centre.example")
    _published(page)
    page.get_by_role("link", name="Xem trên chương trình").click()
    expect(page.locator("article").first).to_be_visible()
    assert violations(page) == []
    picture(page, "programme")
    page.emulate_media(media="print")
    picture(page, "programme-print")
    phone = sign_in("member@unit-a.example", phone=True)
    phone.goto("/programme?lang=en")
    assert _fits(phone)
    picture(phone, "programme-phone-en")
    phone.goto("/programme?month=2026-08")
    picture(phone, "programme-phone-empty")
    assert complaints == []
