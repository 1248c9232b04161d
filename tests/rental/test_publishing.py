"""What the public programme shows, and what it never does."""

from datetime import timedelta

import pytest

from config.database import db
from rental import journal, publishing
from rental.errors import BadBooking, MovedOn
from rental.models import Booking, BookingStatus, Line
from rental.period import Period
from tests.build import TUESDAY, a_booking, a_hall, desk, equipment

MONTH = Period(TUESDAY - timedelta(days=4), TUESDAY + timedelta(days=26))


@pytest.fixture
def event(house) -> Booking:
    return a_booking(a_hall(), status=BookingStatus.CONFIRMED, note="riêng", attendees=77)


def _publish(booking: Booking, note: str = "", *, named: bool = False) -> None:
    publishing.publish(booking, by=desk(), note=note, is_unit_named=named)


def test_a_confirmed_event_stands_there_with_its_note(event):
    _publish(event, "  Vào cửa tự do\nMời đăng ký ")
    [shown] = publishing.published(MONTH)
    assert (shown.title, shown.note, shown.unit) == (
        event.title,
        "Vào cửa tự do\nMời đăng ký",
        None,
    )
    assert [hall.code for hall in shown.halls] == [event.lines[0].resource.code]
    assert (event.revision, [e.verb for e in journal.of(event)]) == (1, ["published"])


@pytest.mark.parametrize("named", [True, False])
def test_the_unit_is_named_only_where_it_agrees(event, named):
    _publish(event, named=named)
    assert (publishing.published(MONTH)[0].unit == event.unit.name) == named


@pytest.mark.parametrize("status", sorted(set(BookingStatus) - publishing.SHOWN))
def test_what_is_not_confirmed_cannot_be_published(event, status):
    event.status = status
    with pytest.raises(MovedOn, match="Only a confirmed event"):
        _publish(event)


@pytest.mark.parametrize(
    "status", [BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.EXPIRED]
)
def test_what_is_called_off_later_leaves_the_programme(event, status):
    _publish(event)
    event.status = status
    db.session.flush()
    assert publishing.published(MONTH) == []


def test_a_wish_waits_for_the_desk_and_is_answered_once(event):
    publishing.ask(event, by=event.member, is_unit_named=True)
    assert publishing.published(MONTH) == []
    assert event.publishing_asked_at is not None
    _publish(event, named=event.is_unit_named)
    assert event.publishing_asked_at is None
    publishing.decline(event, by=event.member)
    assert publishing.published(MONTH) == []
    verbs = [entry.verb for entry in journal.of(event)]
    assert verbs == ["publishing_asked", "published", "publishing_declined"]


def test_a_note_beyond_measure_is_refused(event):
    with pytest.raises(BadBooking, match="1000"):
        _publish(event, "x" * 1001)


def test_the_public_comes_to_the_hall_and_not_to_the_set_up(event):
    gear = equipment()
    early = event.starts_at - timedelta(hours=5)
    event.lines.append(Line(resource=gear, quantity=1, starts_at=early, ends_at=event.ends_at))
    event.starts_at = early
    _publish(event)
    [shown] = publishing.published(MONTH)
    assert shown.starts_at == TUESDAY
    assert gear not in shown.halls


@pytest.mark.parametrize(
    ("first", "last", "there"),
    [
        (-10, -1, False),
        (-10, 0, False),  # half-open: it begins as the period ends
        (-10, 1, True),
        (3, 10, True),  # it is still on
        (4, 10, False),
    ],
)
def test_a_month_shows_what_overlaps_it(event, first, last, there):
    _publish(event)
    period = Period(TUESDAY + timedelta(hours=first), TUESDAY + timedelta(hours=last))
    assert bool(publishing.published(period)) == there
