"""What events depend on: today's at a glance, and one with every device behind it."""

from datetime import timedelta

from flask import Blueprint, render_template

from config import clock
from monitoring import dependencies, troubles
from monitoring.availability import WORST_FIRST
from monitoring.dependencies import LineNeeds
from monitoring.models import DeviceStatus
from monitoring.troubles import Trouble
from portal.access import allowed, may
from portal.pages.bookings import visible

pages = Blueprint("dependencies", __name__)

AHEAD = timedelta(hours=24)


@pages.get("/devices/events")
@may("see devices")
def index() -> str:
    """The events that run or begin within a day, with the worst state of what each needs."""
    at = clock.now()
    bookings = dependencies.today(at, at + AHEAD)
    needs = dependencies.of_bookings(bookings)
    rows = [(booking, needs[booking.id], worst(needs[booking.id])) for booking in bookings]
    return render_template("dependencies/index.html", rows=rows, at=at)


@pages.get("/bookings/<reference>/monitoring")
@may("see own bookings")
def show(reference: str) -> str:
    """One event: each line with the devices it needs; a renter reads states and no names."""
    booking = visible(reference)
    needs = dependencies.of_booking(booking)
    at = clock.now()
    return render_template(
        "dependencies/show.html",
        booking=booking,
        needs=needs,
        worst=worst(needs),
        troubles=_troubles(needs) if allowed("see devices") else {},
        at=at,
    )


def worst(needs: list[LineNeeds]) -> DeviceStatus | None:
    """The worst state of all lines; None where nothing is measured."""
    found = {need.status for need in needs}
    return next((status for status in WORST_FIRST if status in found), None)


def _troubles(needs: list[LineNeeds]) -> dict[int, list[Trouble]]:
    """What is open on the devices of the event, by device."""
    wanted = {
        device.id for need in needs for one in need.needed for device in (one.device, *one.above)
    }
    found: dict[int, list[Trouble]] = {}
    for trouble in troubles.all_(clock.now()) if wanted else []:
        if trouble.device.id in wanted:
            found.setdefault(trouble.device.id, []).append(trouble)
    return found
