"""What the browser tests of the calendar do again and again."""

from datetime import datetime, timedelta

from flask import Flask
from playwright.sync_api import Locator, Page

from config import clock
from config.database import transaction
from rental import bookings, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind
from rental.period import Period

MEMBER = "member@unit-a.example"
STRANGER = "member@unit-b.example"
DESK = "desk@centre.example"


# Of one run, also where it goes over midnight: another offset is always another day.
TODAY = clock.today()


def day_of(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def book(app: Flask, title: str, day: str, hours: tuple[str, str], **over: object) -> str:
    """A request that stands already; its reference."""
    codes = over.get("codes", ["H100"])
    assert isinstance(codes, list)
    with app.app_context(), transaction():
        member = units.member_by_email(str(over.get("email", MEMBER)))
        starts_at, ends_at = (datetime.fromisoformat(f"{day}T{hour}:00+07:00") for hour in hours)
        lines = [WantedLine(code, 1, Period(starts_at, ends_at)) for code in codes]
        wanted = RequestedBooking(member.unit, title, EventKind.CONFERENCE, lines)
        return bookings.request(wanted, by=member).reference


def lines_of(app: Flask, reference: str) -> list[tuple[str, str, str]]:
    """The lines as they stand: code, start and end on the wall clock."""
    with app.app_context():
        booking = bookings.get(reference)
        return [
            (
                line.resource.code,
                f"{line.starts_at.astimezone(clock.LOCAL):%Y-%m-%d %H:%M}",
                f"{line.ends_at.astimezone(clock.LOCAL):%H:%M}",
            )
            for line in booking.lines
        ]


def bar(page: Page, reference: str, code: str = "H100") -> Locator:
    return page.locator(f".tl-track[data-code={code}] a.of-{reference}")


def drag(
    page: Page, grip: Locator, *, hours: float = 0, to: str | None = None, at: float = 0.5
) -> None:
    """Take hold of a bar at a share of its width and carry it, perhaps to another row."""
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    track = grip.locator("xpath=..").bounding_box()
    assert box is not None
    assert track is not None
    x, y = box["x"] + min(max(box["width"] * at, 3), box["width"] - 3), box["y"] + box["height"] / 2
    if to is not None:
        row = page.locator(f".tl-track[data-code={to}]").bounding_box()
        assert row is not None
        end = row["y"] + row["height"] / 2
    else:
        end = y
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y, steps=2)
    page.mouse.move(x + hours * track["width"] / 16, end, steps=8)
    page.mouse.up()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
