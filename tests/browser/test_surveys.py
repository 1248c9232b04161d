"""An operator looks through a network and adds what answered, by keyboard alone."""

import threading

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from config.database import transaction
from monitoring import credentials, surveys
from monitoring.probes.logins import SnmpCommunity
from portal import keys
from rental import units
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR
from tests.monitoring.agents import hostile, table_agent
from tests.monitoring.survey_world import a_switch
from tests.ports import free_port

PTZ = "PTZ camera, firmware 4.2"


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.fixture
def login_id(centre_app: Flask) -> int:
    """A community that the agents of the test know."""
    with centre_app.app_context(), transaction():
        known = credentials.find("Phòng lab")
        ring = keys.keyring(centre_app.extensions["settings"])
        return (known or credentials.add("Phòng lab", SnmpCommunity("lab"), ring)).id


@pytest.fixture
def allowed(centre_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation may survey loopback."""
    settings = centre_app.extensions["settings"]
    wider = settings.model_copy(update={"survey_networks": "127.0.0.0/24"})
    monkeypatch.setitem(centre_app.extensions, "settings", wider)


def _work(app: Flask) -> None:
    """What a worker of the site does, in a thread without Playwright's loop."""

    def work() -> None:
        with app.app_context():
            settings = app.extensions["settings"]
            site = units.site("centre").id
            surveys.run_waiting(site, keys.keyring(settings), settings.surveyable)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def _begin(page: Page, port: int, login_id: int) -> None:
    """Ask for a survey of loopback by keyboard."""
    page.goto("/devices/surveys")
    page.wait_for_load_state()
    assert violations(page) == []
    picture(page, "surveys")
    page.locator("#network").focus()
    page.keyboard.type("127.0.0.0/29")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type(str(port))
    page.locator(f"input[name=credential][value='{login_id}']").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")


@pytest.mark.usefixtures("allowed")
def test_a_network_is_surveyed_and_a_device_added_by_keyboard(
    sign_in: SignIn, centre_app: Flask, login_id: int, complaints: list[str]
) -> None:
    port = free_port()
    page = sign_in(OPERATOR)
    _begin(page, port, login_id)
    expect(page.locator("#survey")).to_contain_text("Đang dò mạng")
    assert violations(page) == []
    picture(page, "survey-going-on")
    cameras = table_agent(a_switch("CAM-SURVEY", PTZ))
    with (
        hostile(table_agent(a_switch("SW-SURVEY")), at=("127.0.0.3", port)),
        hostile(cameras, at=("127.0.0.4", port)),
        hostile(lambda _raw: b"HTTP/1.1 400 Bad Request\r\n\r\n", at=("127.0.0.5", port)),
    ):
        _work(centre_app)
    expect(page.locator("#survey")).to_contain_text("Đã hỏi mọi địa chỉ", timeout=15_000)
    assert violations(page) == []
    assert _fits(page)
    picture(page, "survey-done")
    page.locator("input[name=candidate]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("SW-CORE-01")
    page.keyboard.press("Enter")
    wrong = page.locator("#survey .wrong")
    expect(wrong).to_contain_text("SW-CORE-01")
    picture(page, "survey-refused")
    assert violations(page) == []
    complaints.clear()  # The browser notes the refusal.
    page.locator("#survey input[aria-invalid=true]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("SW-SURVEY-3")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã thêm 1 thiết bị")
    expect(page.locator("#survey").get_by_role("link", name="SW-SURVEY-3")).to_be_visible()
    assert complaints == []


def test_surveys_on_a_telephone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(OPERATOR, phone=True)
    for place, name in (
        ("/devices/surveys", "surveys-phone"),
        ("/devices/surveys/1", "survey-phone"),
    ):
        page.goto(place)
        page.wait_for_load_state()
        picture(page, name)
        assert violations(page) == []
        assert _fits(page)
    page.get_by_role("link", name="Chọn tất cả").click()
    page.wait_for_load_state()
    assert page.locator("input[name=candidate]:checked").count() == 3
    page.set_viewport_size({"width": 1440, "height": 900})
    picture(page, "survey-wide")
    assert complaints == []
