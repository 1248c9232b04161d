"""The whole service for a browser: the demo centre on a database of its own, served on loopback."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from config.database import transaction
from config.settings import Settings
from portal import keys, schema
from portal.app import create_app
from portal.demo import centre

HOME = Path(__file__).parents[2]
PICTURES = HOME / "build" / "screenshots"
MANIFEST = HOME / "portal" / "static" / "dist" / "manifest.json"

SignIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def centre_app(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service with the demo centre loaded."""
    address = sa.make_url(server_url)
    with sa.create_engine(address, isolation_level="AUTOCOMMIT").connect() as link:
        link.exec_driver_sql("CREATE DATABASE browser")
    url = address.set(database="browser").render_as_string(hide_password=False)
    engine = sa.create_engine(url)
    with engine.begin() as link:
        schema.upgrade_on(link)
    engine.dispose()
    data = tmp_path_factory.mktemp("centre")
    settings = Settings(database_url=url, data=data, log_level="ERROR")
    app = create_app(settings)
    with app.app_context(), transaction():
        centre.load(centre.Demo(keys.keyring(settings), data / "hosts"))
    return app


@pytest.fixture(scope="session")
def address(centre_app: Flask) -> Iterator[str]:
    """Where the service answers."""
    server = make_server("127.0.0.1", 0, centre_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def chromium_path() -> str | None:
    """The machine's own Chromium."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


# For a module only: while Playwright runs, its thread has an event loop, and nobody else may.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, the machine's own."""
    found = chromium_path()
    if found is None:
        pytest.skip("no Chromium on this machine; install it or name it in CHROMIUM")
    if not MANIFEST.exists():
        pytest.skip("the front end is not built; run make setup")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of; it must stay empty."""
    return []


@pytest.fixture
def sign_in(chromium: Browser, address: str, complaints: list[str]) -> Iterator[SignIn]:
    """Signs in as somebody and gives their page; `phone=True` is 390 pixels wide."""
    contexts = []

    def signed_in(email: str, *, phone: bool = False, language: str = "vi") -> Page:
        context = chromium.new_context(
            base_url=address,
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            has_touch=phone,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda wrong: complaints.append(str(wrong)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.goto(f"/sign-in?lang={language}")
        page.fill("#email", email)
        page.fill("#password", centre.PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/")
        return page

    yield signed_in
    for context in contexts:
        context.close()


def picture(page: Page, name: str) -> None:
    """Keep how the page looks, as build output."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
