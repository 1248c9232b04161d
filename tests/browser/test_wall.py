"""The wall: at the size of a screen on a wall and of a telephone; it renews itself."""

from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR


def test_the_wall_renews_itself_and_says_when_it_cannot(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/wall")
    expect(page.locator("[data-wall-clock]")).not_to_be_empty()
    picture(page, "wall")
    assert axe.violations(page) == []
    first = page.locator("[data-wall-at]").get_attribute("data-wall-at")
    with page.expect_response("**/wall/now"):
        pass
    expect(page.locator("[data-wall-at]")).not_to_have_attribute("data-wall-at", first or "")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "wall-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 3840, "height": 2160})
    picture(page, "wall-4k")
    assert complaints == []
    # The service does not answer any more.
    page.route("**/wall/now", lambda route: route.abort())
    expect(page.locator("[data-wall-lost]")).to_be_visible(timeout=40_000)
