"""Many devices from a file and into one, by keyboard, at both widths."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR
from tests.portal.booking_sheets import as_csv


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _sheet(letter: str, **over: str) -> Any:
    rows = [
        {"name": f"CAM-{letter}-1", "address": "192.0.2.41", "role": "camera", "vendor": "Axis",
         "model": "Q6135-LE", "parent": f"SW-{letter}"},
        {"name": f"SW-{letter}", "address": "192.0.2.40", "role": "switch",
         "parent": "SW-CORE-01", "tags": "tạm, sự kiện"},
        {"name": "UPS-01", "location": f"Phòng máy tầng 5, tủ {letter}", "note": "Thay ắc quy"},
        {"name": "SW-CORE-01", **over},
    ]  # fmt: skip
    return {"name": "thiet-bi.csv", "mimeType": "text/csv", "buffer": as_csv(rows)}


def test_devices_are_imported_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    for phone in (False, True):
        page = sign_in(OPERATOR, phone=phone)
        letter = "PHONE" if phone else "WIDE"
        page.goto("/devices/import")
        page.wait_for_load_state()
        assert violations(page) == []
        assert _fits(page)
        picture(page, f"device-import{'-phone' if phone else ''}")
        page.set_input_files("#file", _sheet(letter, parent="SW-MẤT", snmp_credential="Không có"))
        expect(page.locator("#preview")).to_contain_text("Không có thiết bị “SW-MẤT”")
        expect(page.get_by_role("button", name="Nhập: ")).to_have_count(0)
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"device-import-wrong{'-phone' if phone else ''}")
        page.set_input_files("#file", _sheet(letter))
        button = page.get_by_role("button", name="Nhập: 2 thiết bị mới, 1 thay đổi")
        expect(button).to_be_visible()
        assert violations(page) == []
        assert _fits(page)
        picture(page, f"device-import-good{'-phone' if phone else ''}")
        page.locator("#file").focus()
        for _key in range(8):
            page.keyboard.press("Tab")
            if button.evaluate("button => button === document.activeElement"):
                break
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#notes")).to_contain_text("Đã nhập: 2 thiết bị mới, 1 thay đổi")
        page.goto(f"/devices?q={letter}")
        page.wait_for_load_state()
        expect(page.locator("#results")).to_contain_text(f"CAM-{letter}-1")
        assert violations(page) == []
        assert _fits(page)
        picture(page, f"devices-downloads{'-phone' if phone else ''}")
    assert complaints == []


def test_the_list_is_downloaded_with_its_filters_by_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR, language="en")
    page.goto("/devices?role=ups")
    page.wait_for_load_state()
    link = page.locator("#results").get_by_role("link", name="CSV")
    link.focus()
    with page.expect_download() as given:
        page.keyboard.press("Enter")
    written = given.value.path().read_text("utf-8-sig")
    assert "UPS-01" in written
    assert "SW-CORE-01," not in written.splitlines()[1][:12]
    assert complaints == []
