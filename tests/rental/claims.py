"""What the tests of holds, waitlist, quotas and approvals ask for, in one line each."""

from datetime import timedelta

from rental import bookings, holds, waitlist
from rental.asking import RequestedBooking, WantedLine
from rental.holds import NewHold
from rental.models import EventKind, Role
from rental.period import Period
from rental.waitlist import NewWait
from tests import build
from tests.build import TUESDAY


def at(hour, until, day=0):
    """Hours of the Tuesday, counted from nine in the morning, so many days later."""
    start = TUESDAY + timedelta(days=day)
    return Period(start + timedelta(hours=hour), start + timedelta(hours=until))


MORNING = at(0, 3)


def lines(*resources, period=MORNING, quantity=1):
    return [WantedLine(resource.code, quantity, period) for resource in resources]


def requested(member, *resources, by=None, **over):
    wished = {key: over.pop(key) for key in ("period", "quantity") if key in over}
    kind = over.pop("event_kind", EventKind.CONFERENCE)
    wanted = RequestedBooking(member.unit, "Họp báo", kind, lines(*resources, **wished), **over)
    return bookings.request(wanted, by=by or member)


def held(member, *resources, days=7, **wished):
    new = NewHold(member.unit, "Giữ chỗ", EventKind.SEMINAR, lines(*resources, **wished), days)
    return holds.place(new, by=member)


def waiting(member, resource, **wished):
    line = lines(resource, **wished)[0]
    return waitlist.join(NewWait(member.unit, "Chờ chỗ", EventKind.FORUM, line), by=member)


def head_of(unit):
    return build.a_member(unit=unit, role=Role.HEAD)


def heard(signal):
    """What a signal tells while the list is kept: the caller must keep a reference to both."""
    told = []

    def listen(sender, **facts):
        told.append((sender, facts))

    signal.connect(listen, weak=False)
    return told
