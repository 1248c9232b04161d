"""A long series is asked about in time, kept by its unit, or let go date by date."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
import time_machine

from config.database import db, transaction
from rental import journal, reconfirmation, series, series_changes
from rental.asking import Changes
from rental.models import Booking, BookingStatus, Occupancy, Series
from rental.series import Terms
from rental.series_changes import Scope
from rental.signals import series_let_go, series_reconfirmation_due
from tests import build
from tests.build import TUESDAY
from tests.rental.series_steps import WEEK, ask, lines, starts, weeks

# Confirmed for the first eight weeks, up to and with the date of that day.
EIGHT = Terms(reconfirm_weeks=8)
LONG = "FREQ=WEEKLY;COUNT=20"


@pytest.fixture
def told():
    """What was said of series: the signal's name and how many dates it spoke of."""
    heard: list[tuple[str, int]] = []

    def on_due(_series, *, bookings, **_facts):
        heard.append(("due", len(bookings)))

    def on_let_go(_series, *, bookings, **_facts):
        heard.append(("let go", len(bookings)))

    with (
        series_reconfirmation_due.connected_to(on_due),
        series_let_go.connected_to(on_let_go),
    ):
        yield heard


def long_series(rule=LONG, terms=EIGHT):
    return ask(build.a_member(), lines(build.a_hall()), rule, terms=terms).series


def at(week, **more):
    return time_machine.travel(TUESDAY + week * WEEK + timedelta(**more), tick=False)


@pytest.mark.parametrize(
    ("rule", "weeks_granted", "is_long"),
    [
        ("FREQ=WEEKLY;COUNT=20", 8, True),
        ("FREQ=WEEKLY;COUNT=9", 8, False),  # its last date is the end of the eighth week
        ("FREQ=WEEKLY;COUNT=10", 8, True),
        ("FREQ=WEEKLY;COUNT=20", 0, False),  # nobody is to be asked
    ],
)
def test_only_a_long_series_is_to_be_confirmed_again(house, rule, weeks_granted, is_long):
    held = long_series(rule, Terms(reconfirm_weeks=weeks_granted))
    assert bool(held.reconfirm_weeks) == is_long


def test_its_unit_is_asked_once_three_weeks_before_the_end(house, told):
    held = long_series()
    with at(5, seconds=-1):
        assert reconfirmation.ask_due() == []
    with at(5):
        assert reconfirmation.ask_due() == [held]
        assert reconfirmation.ask_due() == []
        assert reconfirmation.is_asked(held)
    # Those after the eighth week; that of its very end is kept still.
    assert told == [("due", 11)]


def test_a_series_that_is_kept_goes_on_and_is_asked_about_again(house, told):
    held = long_series()
    with at(6):
        reconfirmation.ask_due()
        reconfirmation.reconfirm(held, by=held.member)
        # A second press changes nothing.
        reconfirmation.reconfirm(held, by=held.member)
    assert held.reconfirmed_until == TUESDAY + 16 * WEEK
    with at(8):
        assert reconfirmation.ask_due() == []
        assert reconfirmation.let_go_due() == []
    with at(13):
        assert reconfirmation.ask_due() == [held]
    assert [verb for verb, _ in told] == ["due", "due"]
    assert starts(held) == weeks(*range(20))


def test_what_nobody_keeps_is_let_go_a_week_before_it_would_begin(house, told):
    held = long_series()
    with at(5):
        reconfirmation.ask_due()
    with at(7):
        assert reconfirmation.let_go_due() == []
    with at(8, hours=-1, seconds=-1):
        assert reconfirmation.let_go_due() == []
    # An hour before the last moment, so that seven whole days of notice are left.
    with at(8, hours=-1):
        (gone,) = reconfirmation.let_go_due()
        assert reconfirmation.let_go_due() == []
    assert gone.starts_at == TUESDAY + 9 * WEEK
    assert (gone.status, gone.reason) == (BookingStatus.CANCELLED, reconfirmation.REASON)
    assert starts(held) == weeks(*range(9), *range(10, 20))
    held_by_it = sa.select(sa.func.count(Occupancy.id)).where(
        Occupancy.line_id.in_([line.id for line in gone.lines])
    )
    assert db.session.scalar(held_by_it) == 0
    # Kept after all: what is gone stays gone, the rest stays.
    with at(8):
        reconfirmation.reconfirm(held, by=held.member)
    with at(9):
        assert reconfirmation.let_go_due() == []
    assert told == [("due", 11), ("let go", 1)]
    verbs = [entry.verb for entry in journal.of(held)]
    assert verbs == ["requested", "reconfirmation_asked", "let_go", "reconfirmed"]


def test_whoever_was_asked_late_has_a_week_to_answer(house, told):
    """A service that stood still for weeks asks first, and lets go only after the week."""
    held = long_series()
    with at(10):
        assert reconfirmation.let_go_due() == []
        assert reconfirmation.ask_due() == [held]
        assert reconfirmation.let_go_due() == []
    with at(11, seconds=-1):
        assert reconfirmation.let_go_due() == []
    with at(11):
        assert len(reconfirmation.let_go_due()) == 1


def test_a_round_that_is_killed_is_made_again(house, told):
    with transaction():
        reference = long_series().reference
    with at(5):
        reconfirmation.ask_due()
        db.session.rollback()
        with transaction():
            assert len(reconfirmation.ask_due()) == 1
    with at(8):
        reconfirmation.let_go_due()
        db.session.rollback()
        with transaction():
            assert len(reconfirmation.let_go_due()) == 1
    assert len(starts(series.get(reference))) == 19


def test_a_series_that_is_split_is_asked_about_where_it_goes_on(house, told):
    held = long_series()
    chosen = series.live(held)[2]
    later = lines(chosen.lines[0].resource, starts_at=TUESDAY + 2 * WEEK + timedelta(hours=3))
    series_changes.change(chosen, Changes(lines=later), scope=Scope.FOLLOWING, by=held.member)
    (goes_on,) = series.following(held)
    with at(5):
        assert reconfirmation.ask_due() == [goes_on]


@pytest.mark.slow
def test_two_workers_make_one_round(house):
    with transaction():
        long_series()
    barrier = Barrier(4)

    def worker(_number):
        with house.app_context():
            barrier.wait()
            with transaction():
                asked = len(reconfirmation.ask_due())
            with transaction():
                return asked, len(reconfirmation.let_go_due())

    with at(5), ThreadPoolExecutor(4) as pool:
        done = list(pool.map(worker, range(4)))
    assert sorted(asked for asked, _gone in done) == [0, 0, 0, 1]
    db.session.rollback()
    with at(8), ThreadPoolExecutor(4) as pool:
        done = list(pool.map(worker, range(4)))
    assert sorted(gone for _asked, gone in done) == [0, 0, 0, 1]
    db.session.rollback()
    cancelled = sa.select(sa.func.count(Booking.id)).where(
        Booking.status == BookingStatus.CANCELLED
    )
    assert db.session.scalar(cancelled) == 1
    assert db.session.scalar(sa.select(sa.func.count(Series.id))) == 1
