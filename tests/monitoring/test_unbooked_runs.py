"""Traffic that nobody booked counts once it lasts, and is over once it stops or is booked."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.circuits import UnbookedTerms
from monitoring.rolling import FIVE_MINUTES
from monitoring.unbooked_runs import Heard, RunEnd, Spell, step

NOON = datetime(2026, 11, 27, 5, tzinfo=UTC)
TERMS = UnbookedTerms(threshold_kbps=256, buckets=3, quiet_buckets=2)
LOUD, FAINT = 300_000.0, 64_000.0


def told(buckets: Any, terms: UnbookedTerms = TERMS) -> list[tuple[int, int, str]]:
    """The runs of a row of buckets: first bucket, bucket after the last, how it ended."""
    spell, found = Spell(), []
    for nth, (bps, is_booked) in enumerate(buckets):
        stepped = step(spell, Heard(NOON + nth * FIVE_MINUTES, bps, is_booked), terms)
        if stepped.over is not None:
            found.append((*_places(stepped.over[0]), stepped.over[1].value))
        spell = stepped.spell
    return [*found, (*_places(spell), "")] if spell.is_run else found


def _places(spell: Spell) -> tuple[int, int]:
    assert spell.since is not None
    assert spell.until is not None
    return (spell.since - NOON) // FIVE_MINUTES, (spell.until - NOON) // FIVE_MINUTES


def row(marks: str) -> list[tuple[float | None, bool]]:
    """`#` loud, `-` faint, `?` not measured, `B` loud and booked."""
    kinds = {"#": (LOUD, False), "-": (FAINT, False), "?": (None, False), "B": (LOUD, True)}
    return [kinds[mark] for mark in marks]


@pytest.mark.parametrize(
    ("marks", "runs", "reason"),
    [
        ("##-##-##", [], "never three in a row"),
        ("-###", [(1, 4, "")], "three in a row, and it goes on"),
        ("###-##", [(0, 6, "")], "one faint bucket does not break it"),
        ("###--###", [(0, 3, "quiet"), (5, 8, "")], "two do, and what follows is another"),
        ("###?-", [(0, 3, "quiet")], "what was not measured is no traffic"),
        ("##?#", [], "and makes no row"),
        ("###B##", [(0, 3, "booked")], "a booking ends it at once"),
        ("##B#", [], "what is booked belongs to no row"),
        ("BBBB", [], "it is booked"),
        ("------", [], "a port that chatters"),
    ],
)
def test_a_row_of_buckets_tells_its_runs(
    marks: str, runs: list[tuple[int, int, str]], reason: str
) -> None:
    assert told(row(marks)) == runs, reason


def test_what_goes_on_for_long_is_told_piece_by_piece() -> None:
    terms = UnbookedTerms(longest_days=1)
    day = timedelta(days=1) // FIVE_MINUTES
    assert told(row("#" * (day + 5)), terms) == [(0, day, "cut"), (day, day + 5, "")]


def test_the_loudest_bucket_is_remembered() -> None:
    spell = Spell()
    for nth, bps in enumerate((LOUD, 9e6, LOUD, FAINT)):
        spell = step(spell, Heard(NOON + nth * FIVE_MINUTES, bps, False), TERMS).spell
    assert (spell.peak_bps, spell.loud) == (9e6, 3)


@given(st.text("#-?B", max_size=60))
def test_runs_are_apart_and_never_touch_what_is_booked(marks: str) -> None:
    runs = told(row(marks))
    for (_, ended, why), (begins, _, _) in pairwise(runs):
        assert ended <= begins
        assert why in set(RunEnd)
    for begins, ended, _ in runs:
        assert "B" not in marks[begins:ended]
        assert marks[begins : begins + 3] == "###"
        assert marks[ended - 1] == "#"


@given(st.text("#-?B", max_size=60), st.integers(0, 60))
def test_it_does_not_matter_where_a_look_ends(marks: str, cut: int) -> None:
    spell, buckets = Spell(), row(marks)
    for nth, (bps, is_booked) in enumerate(buckets[:cut]):
        spell = step(spell, Heard(NOON + nth * FIVE_MINUTES, bps, is_booked), TERMS).spell
    kept = Spell(spell.since, spell.until, spell.loud, spell.is_run, spell.peak_bps)
    for nth, (bps, is_booked) in enumerate(buckets[cut:], min(cut, len(buckets))):
        heard = Heard(NOON + nth * FIVE_MINUTES, bps, is_booked)
        first, second = step(spell, heard, TERMS), step(kept, heard, TERMS)
        assert first == second
        spell, kept = first.spell, second.spell
