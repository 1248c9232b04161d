"""When losing polls becomes an outage, and when answering ends it. Pure rules over values.

One lost poll is weather; three in a row is an outage. Firing and clearing have thresholds of their
own, so that a flapping device makes one outage and not ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a device: when, and whether it was lost."""

    at: datetime
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """`count` of the last `of` polls."""

    count: int
    of: int

    def met(self, polls: Sequence[Poll], *, lost: bool) -> datetime | None:
        """When the first of those polls was, if there are enough of them among the last `of`."""
        matching = [poll for poll in polls[-self.of :] if poll.is_lost is lost]
        return matching[0].at if len(matching) >= self.count else None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When an outage fires and when it clears."""

    fire: Threshold = Threshold(3, 3)
    clear: Threshold = Threshold(2, 2)

    @property
    def memory(self) -> int:
        """How many polls must be remembered."""
        return max(self.fire.of, self.clear.of)


class Verdict(StrEnum):
    """What the last poll changed."""

    STEADY = "steady"
    FIRED = "fired"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the last poll changed, since when, and the polls to remember."""

    verdict: Verdict
    since: datetime | None
    recent: tuple[Poll, ...]


def judge(recent: Sequence[Poll], *, is_down: bool, thresholds: Thresholds) -> Judgement:
    """Whether the polls so far, oldest first, open an outage or end one.

    An outage began with the first lost poll of those that count, and ended with the first answer.
    After a change only the polls that speak for it are remembered, so that old losses cannot fire
    twice.
    """
    kept = tuple(recent[-thresholds.memory :])
    threshold = thresholds.clear if is_down else thresholds.fire
    since = threshold.met(kept, lost=not is_down)
    if since is None:
        return Judgement(Verdict.STEADY, None, kept)
    speaking = tuple(poll for poll in kept if poll.is_lost is not is_down)
    return Judgement(Verdict.CLEARED if is_down else Verdict.FIRED, since, speaking)


def pause(interval: timedelta, misses: int, fire: int = 3) -> timedelta:
    """How long until the next poll: the dead are asked less and less, at most 8 intervals apart.

    Until the outage is certain every poll counts, so only later misses stretch the pause.
    """
    doublings = min(max(misses - fire + 1, 0), 3)
    return interval * (1 << doublings)
