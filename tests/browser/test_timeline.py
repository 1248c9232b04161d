"""The calendar as one looks at it: filters, groups, month, list, dark, paper, a thousand rows."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config.database import db, transaction
from rental.models import Resource, ResourceKind, Site
from tests.browser.axe import violations
from tests.browser.conftest import SignIn, picture
from tests.browser.timeline_steps import (
    DESK,
    MEMBER,
    STRANGER,
    book,
    day_of,
)


def test_the_dark_theme_keeps_every_state_readable(sign_in: SignIn) -> None:
    page = sign_in(DESK)
    page.click("[data-theme-choice]")
    for view in ("day", "week", "month"):
        page.goto(f"/calendar?view={view}")
        assert violations(page) == []
        picture(page, f"calendar-dark-{view}")


def test_the_filters_live_in_the_address_and_the_back_button_works(
    sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    page.goto("/calendar")
    page.locator("#kind").focus()
    page.select_option("#kind", "hall")
    page.wait_for_url(re.compile(r"kind=hall"))
    expect(page.locator(".tl-group")).to_have_count(1)
    expect(page.locator("#kind")).to_be_focused()
    page.click("#view-month")
    page.wait_for_url(re.compile(r"view=month"))
    assert "kind=hall" in page.url
    expect(page.locator("#view-month")).to_be_focused()
    page.click("#later")
    page.wait_for_url(re.compile(r"day=\d{4}-\d{2}-\d{2}"))
    expect(page.locator("#day")).not_to_have_value(day_of(0))
    chosen = page.locator("#day").input_value()
    page.click("#view-day")
    page.wait_for_url(re.compile(r"view=day"))
    expect(page.locator("#day")).to_have_value(chosen)
    page.go_back()
    expect(page.locator("#timeline")).to_have_attribute("data-view", "month")
    page.go_back()
    expect(page.locator("#day")).to_have_value(day_of(0))
    page.go_back()
    expect(page.locator("#timeline")).to_have_attribute("data-view", "day")
    expect(page.locator("h1")).to_have_count(1)
    shared = sign_in(STRANGER)
    shared.goto("/calendar?view=week&kind=equipment&group=category&q=micro+không+dây")
    expect(shared.locator("#kind")).to_have_value("equipment")
    expect(shared.locator(".tl-track")).to_have_count(1)
    assert complaints == []


def test_a_folded_group_stays_folded_in_the_address(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    page.goto("/calendar")
    before = page.locator(".tl-track").count()
    page.click("#fold-equipment")
    page.wait_for_url(re.compile(r"folded=equipment"))
    expect(page.locator("#fold-equipment")).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#fold-equipment")).to_be_focused()
    assert page.locator(".tl-track").count() < before
    page.click("#fold-equipment")
    expect(page.locator(".tl-track")).to_have_count(before)


def test_the_month_counts_and_leads_into_the_day(
    sign_in: SignIn, centre_app: Flask, complaints: list[str]
) -> None:
    day = day_of(235)
    book(centre_app, "Sáng", day, ("08:00", "10:00"))
    book(centre_app, "Chiều", day, ("14:00", "16:00"))
    page = sign_in(MEMBER)
    page.goto(f"/calendar?view=month&day={day}")
    cell = page.locator(f".tl-track[data-code=H100] a.tl-day[href*='{day}']")
    expect(cell).to_have_text("2")
    expect(cell).to_have_attribute("aria-label", re.compile("2 sự kiện"))
    assert violations(page) == []
    picture(page, "calendar-month")
    cell.click()
    expect(page.locator("#timeline")).to_have_attribute("data-view", "day")
    expect(page.locator(".tl-track[data-code=H100] a.tl-bar")).to_have_count(2)
    assert complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_list_says_everything_the_drawing_does(
    sign_in: SignIn, centre_app: Flask, complaints: list[str], *, phone: bool
) -> None:
    day = day_of(236 + phone)
    book(centre_app, "Đọc thay vì nhìn", day, ("09:00", "11:00"))
    book(centre_app, "Kín đáo", day, ("14:00", "16:00"), email=STRANGER)
    page = sign_in(MEMBER, phone=phone)
    page.goto(f"/calendar?day={day}")
    page.click("#as-list")
    page.wait_for_url(re.compile(r"as=list"))
    hall = page.locator(".tl-listed[data-code=H100]")
    expect(hall).to_contain_text("09:00–11:00")
    expect(hall).to_contain_text("Đọc thay vì nhìn")
    expect(hall).to_contain_text("14:00–16:00")
    expect(hall).not_to_contain_text("Kín đáo")
    expect(hall.locator(".gaps a").first).to_contain_text("06:00–")
    assert violations(page) == []
    picture(page, f"calendar-list{'-phone' if phone else ''}")
    hall.locator(".gaps a").first.click()
    expect(page.locator("[name=resource]").first).to_have_value("H100")
    assert complaints == []


def test_on_paper_stand_all_rows_and_no_controls(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    for view in ("day", "week", "month"):
        page.goto(f"/calendar?view={view}")
        page.emulate_media(media="print")
        expect(page.locator(".tl-tools")).to_be_hidden()
        expect(page.locator(".side")).to_be_hidden()
        expect(page.locator(".tl-printed")).to_be_visible()
        picture(page, f"calendar-print-{view}")
        page.emulate_media(media="screen")


@pytest.fixture
def long_catalogue(centre_app: Flask) -> Iterator[int]:
    """A thousand halls more, taken away again; how many there are in all."""
    with centre_app.app_context(), transaction():
        site = db.session.scalars(sa.select(Site)).first()
        assert site is not None
        db.session.add_all(
            Resource(site=site, kind=ResourceKind.HALL, code=f"Z{n}", name=f"Phòng số {n}", seats=9)
            for n in range(1000)
        )
    with centre_app.app_context():
        # Nobody books an uplink by itself: it has no row.
        total = db.session.scalar(sa.select(sa.func.count(Resource.id)).filter(~Resource.is_uplink))
    yield total or 0
    with centre_app.app_context(), transaction():
        db.session.execute(sa.delete(Resource).where(Resource.name.like("Phòng số %")))


CODES = "rows => rows.map((row) => row.dataset.code)"
DOWN = """async () => {
  const scroll = document.querySelector('.tl-scroll');
  while (document.querySelector('.tl-further')) {
    const before = document.querySelectorAll('.tl-further').length;
    scroll.scrollTop += scroll.clientHeight * 3;
    await new Promise((resolve) => {
      const seen = new MutationObserver(() => { seen.disconnect(); resolve(); });
      seen.observe(document.querySelector('.tl-grid'), { childList: true });
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    });
    if (scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 1
        && before === document.querySelectorAll('.tl-further').length) scroll.scrollTop = 0;
  }
}"""


def test_of_a_thousand_rows_every_one_comes_and_none_twice(
    sign_in: SignIn, long_catalogue: int, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    page.goto("/calendar")
    tracks = page.locator(".tl-track")
    assert tracks.count() < 200, "the first screenful stands alone"
    height = page.evaluate("document.querySelector('.tl-scroll').scrollHeight")
    # Jump into the middle by the scrollbar: what is there comes, what was skipped stays away.
    page.evaluate("(at) => { document.querySelector('.tl-scroll').scrollTop = at }", height / 2)
    expect(page.locator(".tl-track[data-code=Z500]")).to_have_count(1)
    assert tracks.count() < 500
    page.evaluate(DOWN)
    codes = tracks.evaluate_all(CODES)
    assert len(codes) == len(set(codes)) == long_catalogue
    in_halls = [code for code in codes if code.startswith("Z")]
    assert in_halls == [f"Z{n}" for n in range(1000)], "in natural order"
    drawn = page.evaluate("document.querySelector('.tl-scroll').scrollHeight")
    assert abs(drawn - height) < height * 0.1, "the scrollbar told the truth"
    assert complaints == []


def test_the_arrow_key_walks_beyond_what_is_drawn(sign_in: SignIn, long_catalogue: int) -> None:
    page = sign_in(MEMBER)
    page.goto("/calendar")
    page.locator(".tl-track").last.focus()
    last = page.evaluate("document.activeElement.dataset.code")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
        expect(page.locator(f".tl-track[data-code={last}]:focus")).to_have_count(0)
        last = page.evaluate("document.activeElement.dataset.code")
    assert page.evaluate("document.activeElement.matches('.tl-track')")
    assert long_catalogue > 1000


def test_without_a_script_further_rows_are_links(
    sign_in: SignIn, long_catalogue: int, address: str
) -> None:
    page = sign_in(MEMBER)
    page.context.set_default_timeout(10_000)
    source = page.request.get(f"{address}/calendar?kind=hall").text()
    further = re.findall(r'href="(/calendar\?[^"]*from=\d+[^"]*)"', source)
    assert len(further) >= long_catalogue // 50 - 1
    page.goto(further[-1].replace("&amp;", "&"))
    expect(page.locator(".tl-track[data-code=Z999]")).to_have_count(1)
