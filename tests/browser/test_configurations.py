"""Configurations by version: seen, compared and searched by keyboard, at both widths."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _versions(page: Page) -> Any:
    page.goto("/devices?q=SW-PRESS-02")
    page.wait_for_load_state()
    page.get_by_role("link", name="SW-PRESS-02").first.click()
    expect(page.locator("#configurations-title")).to_be_visible()
    return page.locator("#configurations")


def test_an_operator_sees_what_changed_and_what_is_not_saved(
    sign_in: SignIn, complaints: list[str]
) -> None:
    for phone in (False, True):
        end = "-phone" if phone else ""
        page = sign_in(OPERATOR, phone=phone)
        panel = _versions(page)
        expect(panel).to_contain_text("Chưa lưu")
        panel.scroll_into_view_if_needed()
        picture(page, f"configurations-panel{end}")
        assert violations(page) == []
        panel.get_by_role("link", name="Tất cả phiên bản").click()
        expect(page.locator("h1")).to_have_text("Cấu hình")
        expect(page.locator("tbody tr")).to_have_count(3)
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"configurations{end}")
        page.get_by_role("link", name="Phiên bản 3", exact=True).click()
        expect(page.locator("pre.config")).to_contain_text("enable secret 9 <removed>")
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"configuration-version{end}")
        page.get_by_role("link", name="So sánh").click()
        expect(page.locator(".hunk h3").first).to_have_text("interface GigabitEthernet1/0/3")
        expect(page.locator('li[data-sign="-"]').first).to_contain_text("Livestream tang 2")
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"configuration-diff{end}")
    assert complaints == []


def test_two_versions_are_compared_by_keyboard(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR, language="en")
    panel = _versions(page)
    panel.get_by_role("link", name="All versions").focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.get_by_role("link", name="Compare").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What changed")
    page.locator("#from").focus()
    # The last of the list: what the switch would start with.
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Compare")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**from=startup**")
    expect(page.locator('li[data-sign="+"]').first).to_contain_text("logging buffered 64000")
    assert complaints == []


def test_the_text_is_scrolled_and_downloaded_by_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR, language="en")
    _versions(page).locator("dd a").first.click()
    text = page.locator("pre.config")
    text.focus()
    expect(text).to_be_focused()
    page.keyboard.press("End")
    link = page.get_by_role("link", name="Download")
    link.focus()
    with page.expect_download() as given:
        page.keyboard.press("Enter")
    written = given.value.path().read_text("utf-8")
    assert "hostname SW-PRESS-02" in written
    assert "N0t4realHash" not in written
    assert complaints == []


def test_lines_are_searched_in_all_devices_by_keyboard(
    sign_in: SignIn, complaints: list[str]
) -> None:
    for phone in (False, True):
        end = "-phone" if phone else ""
        page = sign_in(OPERATOR, phone=phone)
        page.goto("/devices/configurations")
        page.wait_for_load_state()
        assert violations(page) == []
        page.locator("#q").focus()
        page.keyboard.type("transport input .*telnet")
        page.keyboard.press("Tab")
        # The second way: a regular expression.
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**how=pattern**")
        hit = page.locator(".hits li").first
        expect(hit.locator(".path")).to_have_text("line vty 0 4")
        assert _fits(page)
        assert violations(page) == []
        picture(page, f"configurations-search{end}")
        hit.get_by_role("link").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".line:target")).to_contain_text("transport input")
        assert _fits(page)
        page.goto("/devices/configurations?q=(&how=pattern")
        page.wait_for_load_state()
        expect(page.locator("#q")).to_have_attribute("aria-invalid", "true")
        assert violations(page) == []
        picture(page, f"configurations-search-wrong{end}")
    # The refused search is a 422 that the browser notes by itself.
    assert [one for one in complaints if "422" not in one] == []
