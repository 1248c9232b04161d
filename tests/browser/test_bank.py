"""The bank's bookings decided by keyboard alone; and how the pages look."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from config import clock
from tests.billing.bank_files import camt
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture

FINANCE = "finance@centre.example"


def upload(page: Page, *rows: tuple[int, str, str]) -> None:
    """Send a statement in by its form."""
    day = clock.today() - timedelta(days=2)
    told = camt(*((day, a, f"UP{a}", who, text) for a, text, who in rows))
    page.goto("/bank")
    page.set_input_files(
        "#file", {"name": "kiem-thu.xml", "mimeType": "application/xml", "buffer": told.encode()}
    )
    page.get_by_role("button", name="Nhập và đối soát").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/bank/entries")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_the_keyboard_matches_and_undoes(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE)
    upload(page, (4_321_000, "khong ro", "AN"), (4_322_000, "khong ro 2", "BINH"))
    rows = page.locator("[data-entry]")
    expect(rows.first).to_be_focused()
    before = rows.count()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    # To a booking with suggestions, choose the last offered, match it.
    for _ in range(before):
        here = page.locator(f"#{focused(page)}")
        if here.locator("[name=suggestion]").count():
            break
        page.keyboard.press("j")
    name = focused(page)
    page.keyboard.press("1")
    expect(page.locator(f"#{name} [name=suggestion]").first).to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url("**done=*")
    expect(page.locator("#notes")).to_contain_text("Đã đối soát")
    expect(page.locator(f"#{name}")).to_have_count(0)
    # Undo it: the dialog has a reason, Enter on its button sends it.
    page.keyboard.press("u")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Hoàn tác")
    assert violations(page, "dialog[open]") == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã hoàn tác")
    expect(page.locator(f"#{name}")).to_be_focused()
    assert complaints == []


def test_the_keyboard_searches_and_ignores(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE)
    upload(page, (4_323_000, "khong ro 3", "CHI"))
    unknown = page.locator("[data-entry]", has_text="khong ro 3")
    unknown.focus()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("bao")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=bao*")
    expect(page.locator("h1")).to_have_text("Giao dịch ngân hàng")
    assert violations(page) == []
    picture(page, "bank-entry-1440")
    page.go_back()
    page.go_back()
    unknown = page.locator("[data-entry]", has_text="khong ro 3")
    unknown.focus()
    page.keyboard.press("i")
    expect(page.locator("dialog[open] textarea")).to_be_focused()
    page.keyboard.type("Chuyển khoản nội bộ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã bỏ qua")
    assert complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["1440", "390"])
def test_the_pages_are_readable_by_machines_and_look_right(sign_in: SignIn, *, phone: bool) -> None:
    page = sign_in(FINANCE, phone=phone)
    width = "390" if phone else "1440"
    for path, name in (
        ("/bank", "statements"),
        ("/bank/entries", "queue"),
        ("/bank/entries?state=matched", "matched"),
        ("/bank/entries?state=ignored", "ignored"),
        ("/bank/mapping", "mapping"),
    ):
        page.goto(path)
        page.wait_for_load_state()
        assert violations(page) == [], path
        picture(page, f"bank-{name}-{width}")


def test_the_columns_of_csv_are_previewed_in_place(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE)
    page.goto("/bank/mapping")
    told = "Ngày;Nội dung;Có\n20/11/2026;TT IV4T9QW2M7;7.000.000\n"
    page.set_input_files(
        "#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": told.encode()}
    )
    page.fill("#account", "123")
    for field, column in (("booked_on", "Ngày"), ("text", "Nội dung"), ("credit", "Có")):
        page.fill(f"#{field}", column)
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator("#preview")).to_contain_text("TT IV4T9QW2M7")
    assert violations(page) == []
    picture(page, "bank-mapping-preview-1440")
    assert complaints == []
