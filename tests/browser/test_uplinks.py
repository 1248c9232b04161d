"""Uplinks: listed for the staff, on a page of their own, named by the circuits that share them."""

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import DESK, MEMBER


def test_the_desk_sees_what_is_free_of_an_uplink_and_who_shares_it(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(DESK)
    page.goto("/catalogue?kind=circuit")
    panel = page.locator("section", has=page.get_by_role("heading", name="Đường lên"))
    expect(panel).to_contain_text("F100, F200, F500")
    picture(page, "uplinks")
    assert axe.violations(page) == []
    fits_a_telephone(page, "uplinks-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    panel.get_by_role("link", name="Đường lên Internet").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dl.facts")).to_contain_text("2.000 Mbit/s, hiện còn trống")
    expect(page.locator("a.btn-primary")).to_have_count(0)
    picture(page, "uplink")
    assert axe.violations(page) == []
    fits_a_telephone(page, "uplink-telephone")
    assert complaints == []


def test_a_renter_reads_of_the_uplink_on_the_page_of_a_circuit(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    page.goto("/catalogue?kind=circuit")
    expect(page.locator("main")).not_to_contain_text("Đường lên Internet")
    page.goto("/catalogue/F500")
    expect(page.locator("dl.facts")).to_contain_text("chiếm 500 Mbit/s")
    picture(page, "circuit-with-uplink")
    assert axe.violations(page) == []
    fits_a_telephone(page, "circuit-with-uplink-telephone")
