"""The counter on a telephone: a hand scanner types, a network fails, a camera sees."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import segno
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from config import clock
from config.database import db, transaction
from rental import bookings, handovers, units
from rental.asking import RequestedBooking, WantedLine
from rental.counting import Piece
from rental.models import Asset, EventKind, Movement
from rental.period import Period
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, chromium_path, picture
from tests.browser.test_changes import tab_to
from tests.files import png

DESK = "desk@centre.example"
FINANCE = "finance@centre.example"
Lend = Callable[..., str]
Moved = Callable[[str], int]
QUIET = re.compile(r"net::ERR_FAILED|ERR_INTERNET_DISCONNECTED")


@pytest.fixture
def lend(centre_app: Flask) -> Lend:
    """Makes a confirmed booking of one resource around now; tags in `given` went already."""

    def make(code: str, quantity: int, *given: str, title: str = "Ghi hình lưu động") -> str:
        with centre_app.app_context(), transaction():
            now = clock.now().replace(second=0, microsecond=0)
            member = units.member_by_email("member@unit-b.example")
            desk = units.member_by_email(DESK)
            period = Period(now - timedelta(minutes=5), now + timedelta(minutes=25))
            lines = [WantedLine(code, quantity, period)]
            wanted = RequestedBooking(member.unit, title, EventKind.BROADCAST, lines)
            with clock.standing_at(now - timedelta(days=2)):
                booking = bookings.request(wanted, by=member)
                bookings.confirm(booking, by=desk)
            if given:
                pieces = [Piece(tag=tag) for tag in given]
                handovers.require_all(handovers.hand_over_pieces(booking, pieces, by=desk))
            return booking.reference

    return make


@pytest.fixture
def moved(centre_app: Flask) -> Moved:
    """How often an asset moved."""

    def count(tag: str) -> int:
        with centre_app.app_context():
            query = sa.select(sa.func.count(Movement.id)).join(Asset).where(Asset.tag == tag)
            return db.session.scalar(query) or 0

    return count


def wedge(page: Page, *codes: str) -> None:
    """What a hand scanner does: types fast, ends with Enter."""
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def kept(page: Page) -> dict[str, list[object]]:
    text = page.evaluate("Object.entries(localStorage).find(([k]) => k.startsWith('counter-'))[1]")
    found: dict[str, list[object]] = json.loads(text)
    return found


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_clerk_hands_over_and_takes_back_with_a_scanner_and_the_keyboard_alone(
    sign_in: SignIn, complaints: list[str], lend: Lend
) -> None:
    reference = lend("PROJ", 2)
    page = sign_in(DESK, phone=True)
    page.goto("/counter")
    expect(page.locator("#code")).to_be_focused()
    picture(page, "counter-start-phone")
    wedge(page, reference)
    expect(page.locator("[data-sheet-of]")).to_contain_text("PROJ")
    wedge(page, "PROJ-01", "https://centre.example/a/PROJ-03", "PROJ-01", "PROJ-99")
    expect(page.locator("[data-pending] li")).to_have_count(2)
    tab_to(page, "[data-undo]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-pending] li")).to_have_count(1)
    tab_to(page, "#code")
    wedge(page, "proj-02")
    expect(page.locator("[data-pending] li").first).to_contain_text("Máy chiếu")
    picture(page, "counter-pending-phone")
    assert violations(page) == []
    fits(page)
    tab_to(page, "[data-submit]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-log] li")).to_have_count(2)
    expect(page.locator("[data-said]")).to_have_text("Đã xong 2")
    expect(page.locator("[data-sheet-of]")).to_contain_text("Đã bàn giao đủ")
    _take_back(page)
    picture(page, "counter-done-phone")
    assert violations(page) == []
    page.goto(f"/bookings/{reference}")
    expect(page.locator("#handover")).to_contain_text("PROJ-02")
    picture(page, "counter-booking-phone")
    fits(page)
    assert complaints == [said for said in complaints if "404" in said]


def _take_back(page: Page) -> None:
    """One as it went, one damaged with a picture."""
    tab_to(page, "[name=mode]:checked")
    page.keyboard.press("ArrowRight")
    wedge(page, "PROJ-01")
    tab_to(page, "#condition")
    for _press in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#condition")).to_have_value("damaged")
    tab_to(page, "#note")
    page.keyboard.type("Bóng đèn vỡ")
    tab_to(page, "#code")
    wedge(page, "PROJ-02")
    expect(page.locator("[data-pending] li").first).to_contain_text("Hư hỏng · Bóng đèn vỡ")
    # What is said of one piece is not said of the next.
    expect(page.locator("#condition")).to_have_value("")
    tab_to(page, "[data-submit]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-log] li")).to_have_count(4)
    with page.expect_file_chooser() as chosen:
        page.locator("[data-log] li .icon-button").first.click()
    chosen.value.set_files({"name": "hong.png", "mimeType": "image/png", "buffer": png(40)})
    expect(page.locator("[data-log] li").first).to_contain_text("1 ảnh")


def test_without_a_network_scans_are_kept_over_a_reload_and_sent_once(
    sign_in: SignIn, complaints: list[str], lend: Lend, moved: Moved
) -> None:
    reference = lend("NOTE", 2, "NOTE-03", "NOTE-04")
    before = moved("NOTE-03")
    page = sign_in(DESK, phone=True)
    page.goto(f"/counter?booking={reference}")
    page.route("**/counter/scans", lambda route: route.abort())
    page.route("**/counter/look*", lambda route: route.abort())
    wedge(page, "NOTE-03")
    page.click("[data-submit]")
    expect(page.locator("[data-trouble]")).to_contain_text("Mất kết nối")
    page.get_by_role("radio", name="Tra cứu").check(force=True)
    wedge(page, "NOTE-04")
    expect(page.locator("[data-said]")).to_contain_text("chưa tra cứu được")
    picture(page, "counter-offline-phone")
    assert violations(page) == []
    page.reload()
    expect(page.locator("[data-trouble]")).to_contain_text("Mất kết nối")
    page.unroute("**/counter/scans")
    answers = []

    def lose_the_answer(route: Route) -> None:
        answers.append(route.fetch().status)
        route.abort()

    page.route("**/counter/scans", lose_the_answer)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-trouble]")).to_contain_text("Mất kết nối")
    while not answers:
        page.wait_for_timeout(50)
    assert len(kept(page)["sealed"]) == 1
    page.unroute("**/counter/scans")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-log] li")).to_have_count(1)
    assert kept(page)["sealed"] == []
    assert moved("NOTE-03") == before
    assert [said for said in complaints if not QUIET.search(said)] == []


def test_a_second_window_stands_still_so_that_no_scan_is_written_over(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(DESK)
    page.goto("/counter")
    wedge(page, "CAM-01")
    expect(page.locator("[data-pending] li")).to_have_count(1)
    second = page.context.new_page()
    second.goto("/counter")
    expect(second.locator("[data-trouble]")).to_contain_text("cửa sổ khác")
    expect(second.locator("#code")).to_be_disabled()
    page.close()
    expect(second.locator("#code")).to_be_enabled()
    expect(second.locator("[data-pending] li")).to_have_count(1)
    assert complaints == []


def video_of(text: str, path: Path) -> None:
    """Half a second of a QR code before a camera, uncompressed: 640 × 480, YUV 4:2:0."""
    wide, high, scale = 640, 480, 8
    rows = [bytearray(b"\xeb" * wide) for _line in range(high)]
    matrix = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    left, top = (wide - len(matrix) * scale) // 2, (high - len(matrix) * scale) // 2
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                for line in range(scale):
                    place = left + x * scale
                    rows[top + y * scale + line][place : place + scale] = b"\x10" * scale
    frame = b"FRAME\n" + b"".join(rows) + b"\x80" * (wide * high // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n" + frame * 5)


@pytest.fixture
def seeing(chromium: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A Chromium whose camera looks at the label of CAM-02."""
    video = tmp_path / "label.y4m"
    video_of("https://centre.example/a/CAM-02", video)
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(),
        args=[
            "--no-sandbox",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )
    yield browser
    browser.close()


def test_the_camera_reads_a_label(
    seeing: Browser, sign_in: SignIn, address: str, complaints: list[str]
) -> None:
    signed = sign_in(DESK, phone=True)
    context = seeing.new_context(
        base_url=address,
        viewport={"width": 390, "height": 844},
        storage_state=signed.context.storage_state(),
        permissions=["camera"],
        locale="vi-VN",
    )
    page = context.new_page()
    page.on("pageerror", lambda wrong: complaints.append(str(wrong)))
    page.goto("/counter")
    page.get_by_role("radio", name="Tra cứu").check(force=True)
    page.click("[data-camera]")
    expect(page.locator("[data-found-title]")).to_have_text("CAM-02")
    picture(page, "counter-camera-phone")
    page.click("[data-camera]")
    expect(page.locator("#viewfinder")).to_be_hidden()
    assert complaints == []
    context.close()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_pages_around_the_counter_shut_nobody_out(
    sign_in: SignIn, complaints: list[str], *, phone: bool
) -> None:
    width = "phone" if phone else "desktop"
    pages = {
        DESK: {
            "home": "/",
            "show": "/counter",
            "overdue": "/desk/overdue",
            "labels": "/catalogue/labels?resource=CAM",
            "asset": "/a/NOTE-10",
            "resource": "/catalogue/NOTE",
        },
        FINANCE: {
            "finance": "/",
            "proposals": "/proposals",
            "accepted": "/proposals?status=accepted",
        },
        "member@unit-a.example": {"found": "/a/CAM-01"},
    }
    for email, places in pages.items():
        page = sign_in(email, phone=phone)
        for name, place in places.items():
            page.goto(place)
            picture(page, f"counter-{name}-{width}")
            assert violations(page) == [], place
            fits(page)
    assert complaints == []


def test_finance_decides_with_the_keyboard_alone(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in(FINANCE)
    page.goto("/proposals")
    first = page.locator("[data-opens^=accept-]").first
    expect(first).to_be_visible()
    before = page.locator("[data-opens^=accept-]").count()
    tab_to(page, "[data-opens^=accept-]")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] [name=amount]")).to_be_visible()
    picture(page, "counter-accept-desktop")
    assert violations(page, "dialog[open]") == []
    tab_to(page, "dialog[open] [name=amount]")
    page.keyboard.press("Control+a")
    page.keyboard.type("1500000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-opens^=accept-]")).to_have_count(before - 1)
    page.goto("/proposals?status=accepted")
    expect(page.locator(".ledger")).to_contain_text("1.500.000")
    assert complaints == []
