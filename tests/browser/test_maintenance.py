"""Maintenance by keyboard alone: plan it, begin it, finish it; and how the pages look."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture

OPERATOR = "operator@centre.example"
DESK = "desk@centre.example"
PAGES = (
    "/maintenance", "/maintenance/plans", "/maintenance/plans/new", "/maintenance/services/new",
    "/maintenance/history", "/maintenance/history?what=CAM-04", "/catalogue/CAM",
)  # fmt: skip


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def typed(page: Page, field: str, words: str) -> None:
    """Into a field one has come to by Tab."""
    page.wait_for_load_state()
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == field:
            break
        page.keyboard.press("Tab")
    expect(page.locator(f"#{field}")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


def on(page: Page, name: str) -> None:
    """Tab until the button or link of this name has the focus, and press Enter."""
    page.wait_for_load_state()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent.trim()") == name:
            return page.keyboard.press("Enter")
    raise AssertionError(f"Tab never comes to {name!r}")


def test_the_keyboard_plans_begins_and_finishes(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR)
    page.goto("/maintenance/plans/new")
    typed(page, "what", "PRESS")
    typed(page, "title", "Kiểm tra ổ cắm sàn")
    typed(page, "every_days", "45")
    press(page, "Enter")
    page.wait_for_url("**/maintenance/plans")
    expect(page.locator("#results")).to_contain_text("Kiểm tra ổ cắm sàn")
    page.goto("/maintenance")
    row = page.locator("tr", has_text="Kiểm tra ổ cắm sàn")
    expect(row).to_contain_text("Hôm nay")
    row.get_by_role("button", name="Bắt đầu").focus()
    press(page, "Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Kiểm tra ổ cắm sàn")
    assert violations(page, "dialog[open]") == []
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(row.get_by_role("button", name="Bắt đầu")).to_be_focused()
    press(page, "Enter")
    page.keyboard.type("Mang đồng hồ đo")
    on(page, "Bắt đầu")
    running = page.locator("section", has=page.locator("#running"))
    expect(running).to_contain_text("Mang đồng hồ đo")
    expect(page.locator(".notes .note[data-tone=good]")).to_contain_text("PRESS")
    page.goto("/catalogue/PRESS")
    expect(page.locator("main")).to_contain_text("Bảo trì: Kiểm tra ổ cắm sàn")
    page.goto("/maintenance")
    finish = running.locator("tr", has_text="PRESS").get_by_role("button", name="Hoàn tất")
    finish.focus()
    press(page, "Enter")
    picture(page, "maintenance-finish")
    page.keyboard.type("Đạt, siết lại hai ổ")
    on(page, "Hoàn tất")
    expect(running.locator("tr", has_text="PRESS")).to_have_count(0)
    page.goto("/maintenance/history?what=PRESS")
    expect(page.locator("#results")).to_contain_text("Đạt, siết lại hai ổ")
    assert complaints == []


def test_a_wrong_code_is_told_beside_its_field_and_nothing_is_lost(sign_in: SignIn) -> None:
    page = sign_in(DESK)
    page.goto("/maintenance/services/new")
    page.fill("#what", "KHONG-CO")
    page.fill("#note", "Giữ lại")
    page.get_by_role("button", name="Bắt đầu").click()
    expect(page.locator("#what-error")).to_be_visible()
    expect(page.locator("#what")).to_have_value("KHONG-CO")
    expect(page.locator("#note")).to_have_value("Giữ lại")
    assert violations(page) == []
    picture(page, "maintenance-wrong")


def test_the_list_of_plans_narrows_as_one_types(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(DESK)
    page.goto("/maintenance/plans")
    page.fill("#q", "CAM-04")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.wait_for_url("**q=CAM-04**")
    page.reload()
    expect(page.locator("#q")).to_have_value("CAM-04")
    assert complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_every_page_of_the_room_is_for_everybody(
    sign_in: SignIn, complaints: list[str], *, phone: bool
) -> None:
    page = sign_in(OPERATOR, phone=phone)
    for number, path in enumerate(PAGES):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        picture(page, f"maintenance-{number}{'-phone' if phone else ''}")
    assert complaints == []
