"""Availability: the parts of a period are all of it, and what is not known is not counted."""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import availability
from monitoring.availability import Availability, Segment
from monitoring.models import DeviceStatus
from monitoring.states import Stretch
from rental.period import Period
from tests.build import TUESDAY

UP, DEGRADED, DOWN, UNKNOWN = (
    DeviceStatus.UP,
    DeviceStatus.DEGRADED,
    DeviceStatus.DOWN,
    DeviceStatus.UNKNOWN,
)
HOUR = timedelta(hours=1)
DAY = Period(TUESDAY, TUESDAY + 24 * HOUR)


def at(hours: float):
    """So many hours after the day began."""
    return TUESDAY + hours * HOUR


def stretch(status: DeviceStatus, began: float, ended: float | None = None) -> Stretch:
    """A status between two hours of the day."""
    return Stretch(status, at(began), None if ended is None else at(ended))


def span(began: float, ended: float) -> Period:
    """Between two hours of the day."""
    return Period(at(began), at(ended))


def test_an_outage_of_six_hours_is_a_quarter_of_the_day():
    history = [stretch(UP, -5, 10), stretch(DOWN, 10, 16), stretch(UP, 16)]
    told = availability.total(availability.segments(history, DAY))
    assert told == Availability(up=18 * HOUR, down=6 * HOUR)
    assert told.ratio == Fraction(3, 4)


@pytest.mark.parametrize(
    ("history", "told"),
    [
        # Nothing is known of a device that was never polled, and nothing is claimed.
        ([], Availability(unknown=24 * HOUR)),
        ([stretch(UP, 12)], Availability(unknown=12 * HOUR, up=12 * HOUR)),
        (
            [stretch(UP, 0, 6), stretch(UNKNOWN, 6, 20), stretch(UP, 20)],
            Availability(up=10 * HOUR, unknown=14 * HOUR),
        ),
        (
            [stretch(DEGRADED, 0, 3), stretch(UP, 3)],
            Availability(degraded=3 * HOUR, up=21 * HOUR),
        ),
    ],
)
def test_what_is_not_known_counts_neither_way(history, told):
    assert availability.total(availability.segments(history, DAY)) == told


def test_an_outage_within_planned_maintenance_is_maintenance():
    history = [stretch(UP, 0, 8), stretch(DOWN, 8, 12), stretch(UP, 12)]
    told = availability.total(availability.segments(history, DAY, [span(9, 13)]))
    assert told == Availability(up=19 * HOUR, down=HOUR, maintenance=4 * HOUR)


def test_one_part_down_is_the_whole_circuit_down():
    switch = [stretch(UP, 0, 10), stretch(DOWN, 10, 12), stretch(UP, 12)]
    encoder = [
        stretch(UP, 0, 11),
        stretch(DOWN, 11, 14),
        stretch(DEGRADED, 14, 15),
        stretch(UP, 15),
    ]
    assert availability.together([switch, encoder], DAY) == [
        Segment(span(0, 10), UP),
        Segment(span(10, 14), DOWN),
        Segment(span(14, 15), DEGRADED),
        Segment(span(15, 24), UP),
    ]


def test_the_seconds_are_exact_where_floats_would_not_be():
    third = timedelta(microseconds=1)
    history = [Stretch(DOWN, at(0), at(0) + third), Stretch(UP, at(0) + third, None)]
    told = availability.total(availability.segments(history, DAY))
    assert told.down == third
    assert told.ratio == 1 - Fraction(1, 24 * 3600 * 10**6)


@st.composite
def histories(draw):
    """Statuses one after the other, with holes, and the last one open now and then."""
    edges = sorted(draw(st.sets(st.integers(-600, 2400), max_size=12)))
    found = []
    for began, ended in pairwise(edges):
        if draw(st.booleans()):
            found.append(stretch(draw(st.sampled_from(list(DeviceStatus))), began / 60, ended / 60))
    return found


@given(
    st.lists(histories(), max_size=3), st.lists(st.tuples(st.integers(0, 1400), st.integers(1, 99)))
)
def test_the_parts_are_the_whole_whatever_happened(several, pauses):
    maintenance = [span(at_ / 60, (at_ + long) / 60) for at_, long in pauses]
    parts = availability.together(several, DAY, maintenance)
    assert parts[0].period.starts_at == DAY.starts_at
    assert parts[-1].period.ends_at == DAY.ends_at
    assert all(
        a.period.ends_at == b.period.starts_at and a.status is not b.status
        for a, b in pairwise(parts)
    )
    told = availability.total(parts)
    assert told.whole == DAY.duration
    assert told.ratio is None or 0 <= told.ratio <= 1
    morning, evening = span(0, 9.5), span(9.5, 24)
    halves = [availability.total(availability.clipped(parts, half)) for half in (morning, evening)]
    assert halves[0] + halves[1] == told
