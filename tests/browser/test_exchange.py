"""Calendars, the programme, reports, export and import in a browser, by keyboard."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from config import clock
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.portal.booking_sheets import a_row, as_csv


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


def _sheet(title: str, days: int, **wrong: str) -> dict[str, object]:
    """A file of two bookings so many days ahead, the second with what is given."""
    day = (clock.today() + timedelta(days=days)).strftime("%d/%m/%Y")
    times = {"starts_at": f"{day} 02:00", "ends_at": f"{day} 03:00"}
    rows = [
        a_row(event="1", title=title, **times),
        a_row(event="1", title="", unit="", resource="CAM", quantity="2", **times),
        a_row(title=f"{title}, phiên hai", resource="H50", unit="unit-b", **times, **wrong),
    ]
    return {"name": "ke-hoach.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}


def test_a_file_is_imported_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    for phone in (False, True):
        page = sign_in("desk@centre.example", phone=phone)
        title = f"Hội nghị nhập từ tệp {'B' if phone else 'A'}"
        ahead = 91 if phone else 90
        page.goto("/imports/bookings")
        assert violations(page) == []
        picture(page, f"import{'-phone' if phone else ''}")
        page.set_input_files("#file", _sheet(title, ahead, quantity="nhiều"))
        expect(page.locator("#preview")).to_contain_text("không phải số nguyên")
        expect(page.get_by_role("button", name="Nhập 2 lượt đặt")).to_have_count(0)
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"import-wrong{'-phone' if phone else ''}")
        page.set_input_files("#file", _sheet(title, ahead))
        button = page.get_by_role("button", name="Nhập 2 lượt đặt")
        expect(button).to_be_visible()
        assert violations(page) == []
        picture(page, f"import-good{'-phone' if phone else ''}")
        page.locator("#file").focus()
        for _key in range(3):
            page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#notes")).to_contain_text("Đã nhập 2 lượt đặt")
        page.goto("/bookings?when=all&q=nh%E1%BA%ADp+t%E1%BB%AB+t%E1%BB%87p")
        expect(page.locator("#results")).to_contain_text(title)
        picture(page, f"bookings-downloads{'-phone' if phone else ''}")
    assert complaints == []
