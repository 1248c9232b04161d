"""When lost polls become an outage, and counters become rates."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import rates
from monitoring.health import Poll, Threshold, Thresholds, Verdict, judge, pause
from monitoring.rates import Count, Point

START = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)


def polls(story: str) -> list[Poll]:
    """`.` is an answer, `x` a lost poll, one every 30 seconds."""
    return [Poll(START + timedelta(seconds=30 * i), mark == "x") for i, mark in enumerate(story)]


@pytest.mark.parametrize(
    ("story", "is_down", "verdict", "since"),
    [
        ("..x", False, Verdict.STEADY, None),  # one lost poll is weather
        (".xx", False, Verdict.STEADY, None),
        (".xxx", False, Verdict.FIRED, 1),  # three in a row; it began with the first
        ("xx.xx", False, Verdict.STEADY, None),  # an answer between starts anew
        ("xxx.", True, Verdict.STEADY, None),  # one answer may be luck
        ("xxx..", True, Verdict.CLEARED, 3),  # two are not; it ended with the first
        ("xxx.x.", True, Verdict.STEADY, None),  # flapping stays one outage
    ],
)
def test_three_lost_polls_fire_and_two_answers_clear(story, is_down, verdict, since):
    judgement = judge(polls(story), is_down=is_down, thresholds=Thresholds())
    assert judgement.verdict is verdict
    assert judgement.since == (None if since is None else polls(story)[since].at)


def test_three_of_five_catches_a_device_that_comes_and_goes():
    flapping = Thresholds(fire=Threshold(3, 5), clear=Threshold(3, 3))
    judgement = judge(polls("x.x.x"), is_down=False, thresholds=flapping)
    assert judgement.verdict is Verdict.FIRED
    assert judgement.since == START
    # What fired is not remembered against it after it has cleared.
    cleared = judge((*judgement.recent, *polls("...")), is_down=True, thresholds=flapping)
    assert cleared.verdict is Verdict.CLEARED
    again = judge((*cleared.recent, *polls("x")), is_down=False, thresholds=flapping)
    assert again.verdict is Verdict.STEADY


@given(st.text(alphabet=".x", min_size=1, max_size=80))
def test_firing_and_clearing_alternate_whatever_happens(story):
    is_down, recent, changes = False, (), []
    for poll in polls(story):
        judgement = judge((*recent, poll), is_down=is_down, thresholds=Thresholds())
        recent = judgement.recent
        if judgement.verdict is not Verdict.STEADY:
            changes.append(judgement)
            is_down = judgement.verdict is Verdict.FIRED
    assert [c.verdict for c in changes] == [
        Verdict.CLEARED if i % 2 else Verdict.FIRED for i in range(len(changes))
    ]
    sinces = [c.since for c in changes]
    assert sinces == sorted(sinces)
    # An outage is open at the end exactly if the last word was said by three losses.
    assert ("xxx" in story) == bool(changes)


def test_the_dead_are_asked_less_and_less_but_never_forgotten():
    interval = timedelta(seconds=30)
    pauses = [pause(interval, misses).total_seconds() for misses in range(8)]
    assert pauses == [30, 30, 30, 60, 120, 240, 240, 240]


def count(seconds: float, octets: float | None, uptime: float | None = None) -> Count:
    return Count(START + timedelta(seconds=seconds), uptime, octets, octets)


@pytest.mark.parametrize(
    ("before", "after", "is_wide", "bps"),
    [
        (count(0, 1000), count(30, 1000 + 30_000), True, 8000),  # 30 kB in 30 s
        (count(0, 5000), count(30, 100), True, None),  # 64 bits that fall are a reset
        (count(0, 2**32 - 1000), count(30, 29_000), False, 8000),  # 32 bits were full
        (count(0, 0), count(30, 4e9), True, None),  # faster than the port
        (count(0, None), count(30, 100), True, None),  # not told
        (count(0, 1000, 500.0), count(30, 1000 + 32_000, 532.0), True, 8000),  # the agent's clock
        (count(0, 1000, 500.0), count(30, 9000, 12.0), True, None),  # a reboot between
        (count(0, 1000), count(3600, 9000), True, None),  # too long ago
        (count(30, 1000), count(30, 9000), True, None),  # no time between
    ],
)
def test_a_rate_is_a_difference_that_makes_sense(before, after, is_wide, bps):
    point = rates.between(before, after, speed_bps=1_000_000, is_wide=is_wide)
    assert point.in_bps == point.out_bps == (None if bps is None else pytest.approx(bps))


def test_a_series_is_thinned_by_averages():
    points = [Point(START + timedelta(seconds=i), float(i), None) for i in range(100)]
    thin = rates.thinned(points, 10)
    assert len(thin) == 10
    assert thin[0].in_bps == pytest.approx(4.5, abs=0.6)
    assert thin[0].out_bps is None
    assert thin[-1].at == points[-1].at
