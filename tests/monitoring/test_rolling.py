"""Readings become buckets: what is measured counts once, what is not stays unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import rates, rolling
from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import Core, Layout, Port, Reading, Store
from monitoring.rolling import FIVE_MINUTES, HOUR, Bucket, SeriesKind, Told

NOON = datetime(2026, 11, 27, 5, tzinfo=UTC)
GIGABIT = 1_000_000_000


def a_port(name: str = "Gi0/1", index: int = 1, *, is_wide: bool = True) -> Port:
    return Port(index, name, None, None, GIGABIT, None, None, is_wide)


ONE_PORT = Layout(ports=(a_port(),))


def told(second: float, *octets: float | None, layout: Layout = ONE_PORT, **over) -> Told:
    """A reading so many seconds after noon; in and out octets of each port count the same."""
    values = [value for count in octets for value in (1.0, 1.0, count, count, 0.0, 0.0)]
    at = NOON + timedelta(seconds=second)
    uptime = over.get("uptime", 10_000 + second)
    reading = Reading(layout, at, uptime, [*values, *over.get("rest", ())])
    return Told(over.get("layout_id", 1), reading)


def test_a_bucket_has_the_mean_the_lowest_and_the_highest_rate():
    # 8 000 bit/s for a minute, nothing for two, 16 000 for one.
    counts = [0, 60_000, 60_000, 180_000]
    found = list(
        rolling.rolled([told(s, o) for s, o in zip((0, 60, 180, 240), counts, strict=True)], NOON)
    )
    (bucket,) = found
    assert (bucket.starts_at, bucket.polls) == (NOON, 4)
    assert bucket.stats == pytest.approx([6000, 0, 16_000] * 2)
    assert bucket.last.values[2] == 180_000


def test_a_rate_belongs_to_the_bucket_of_the_later_poll():
    readings = [told(-30, 0), told(30, 60_000), told(330, 60_000)]
    first, second = rolling.rolled(readings, NOON)
    assert first.stats == [8000.0] * 6
    assert first.polls == 1, "what came before the stretch only says where the counter stood"
    assert (second.starts_at, second.stats[0]) == (NOON + FIVE_MINUTES, 0.0)


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ([told(0, 5), told(60, 0)], "a counter that fell was reset"),
        ([told(0, 5), told(60, 9, uptime=3)], "a reboot in between"),
        ([told(0, 5), told(1000, 9)], "a gap too long to draw a line over"),
        ([told(0, 5), told(60, None)], "not told"),
        ([told(0, 5), told(60, 1e12)], "faster than the port"),
        ([told(60, 5)], "nothing before it"),
    ],
)
def test_where_no_rate_was_measured_there_is_none_and_not_zero(readings, reason):
    assert all(bucket.stats == [None] * 6 for bucket in rolling.rolled(readings, NOON)), reason


def test_a_port_is_followed_by_its_name_where_the_layout_changed():
    other = Layout(ports=(a_port("Gi0/0", 1), a_port("Gi0/1", 2)))
    readings = [told(0, 0), told(60, 777, 60_000, layout=other, layout_id=2)]
    before, after = rolling.rolled(readings, NOON)
    assert (before.layout_id, after.layout_id) == (1, 2)
    assert after.stats[:6] == [None] * 6, "a port that is new has no rate yet"
    assert after.stats[6:] == [8000.0] * 6


def test_processors_storage_and_sensors_follow_the_ports():
    layout = Layout(
        ports=(a_port(),),
        cores=(Core(1, "CPU"),),
        stores=(Store(1, "/", 4096), Store(2, "empty", 1)),
        gauges=(Gauge("Inlet", "temperature", "°C", -1, "1.3"),),
    )
    kinds = [one.kind for one in rolling.series_of(layout)]
    assert kinds == [
        SeriesKind.IN, SeriesKind.OUT, SeriesKind.LOAD, SeriesKind.USED, SeriesKind.USED,
        SeriesKind.SENSOR,
    ]  # fmt: skip
    readings = [
        told(second, 0, layout=layout, rest=(load, 200, 50, 0, 0, 215 + load))
        for second, load in ((0, 10), (60, 30))
    ]
    (bucket,) = rolling.rolled(readings, NOON)
    # The first poll weighs a second, as nobody knows for how long it held.
    load, used, empty, inlet = (bucket.stats[6 + at : 9 + at] for at in (0, 3, 6, 9))
    assert load[1:] == [10, 30]
    assert 10 < load[0] < 30
    assert used == [25, 25, 25]
    assert empty == [None] * 3, "a part of nothing is unknown"
    assert inlet[1:] == pytest.approx([22.5, 24.5])


def test_a_number_that_the_database_cannot_hold_is_unknown():
    layout = Layout(gauges=(Gauge("x", "other", None, 0, "1.3", is_bounded=False),))
    (bucket,) = rolling.rolled(
        [told(0, layout=layout, rest=(1e300,)), told(9, layout=layout, rest=(float("nan"),))], NOON
    )
    assert bucket.stats == [None] * 3


counts = st.lists(
    st.tuples(st.integers(1, 1200), st.one_of(st.none(), st.integers(0, 2**40)), st.integers(0, 9)),
    min_size=1,
    max_size=40,
)


@given(counts)
def test_every_poll_counts_once_and_a_mean_lies_between_what_was_measured(steps):
    second, readings = 0, []
    for wait, count, reboot in steps:
        second += wait
        readings.append(told(second, count, uptime=1 if reboot == 0 else 1e6 + second))
    buckets = list(rolling.rolled(readings, NOON))
    assert sum(bucket.polls for bucket in buckets) == len(readings)
    assert [b.starts_at for b in buckets] == sorted({b.starts_at for b in buckets})
    for bucket in buckets:
        mean, low, high = bucket.stats[:3]
        assert mean is low is high is None or 0 <= low <= mean <= high <= GIGABIT * 1.1
    measured = [
        rates.between(
            rates.Count(a.reading.at, a.reading.uptime_seconds, a.reading.values[2], None),
            rates.Count(b.reading.at, b.reading.uptime_seconds, b.reading.values[2], None),
            speed_bps=GIGABIT,
        ).in_bps
        for a, b in pairwise(readings)
    ]
    known = [rate for rate in measured if rate is not None]
    highest = [bucket.stats[2] for bucket in buckets if bucket.stats[2] is not None]
    assert max(known, default=None) == max(highest, default=None)
    # Cut at any bucket and rolled in two, it is the same.
    cut = NOON + FIVE_MINUTES * 2
    early = [one for one in readings if one.reading.at < cut]
    late = [one for one in readings if one.reading.at >= cut]
    again = [*rolling.rolled(early, NOON), *rolling.rolled([*early[-1:], *late], cut)]
    assert again == buckets


def test_hours_are_weighed_by_polls_and_keep_the_lowest_and_the_highest():
    parts = [
        Bucket(NOON, 1, 10, [100.0, 50.0, 150.0, None, None, None]),
        Bucket(NOON + FIVE_MINUTES, 1, 30, [200.0, 0.0, 900.0, None, None, None]),
        Bucket(NOON + FIVE_MINUTES, 2, 5, [1.0, 1.0, 1.0]),
        Bucket(NOON + HOUR, 1, 1, [7.0, 7.0, 7.0, 3.0, 3.0, 3.0]),
    ]
    first, other, after = rolling.joined(parts, HOUR)
    assert first == Bucket(NOON, 1, 40, [175.0, 0.0, 900.0, None, None, None])
    assert (other.layout_id, other.polls) == (2, 5)
    assert after == replace(parts[3], last=None)
