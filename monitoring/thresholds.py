"""When a measured value is a problem, and when it is one no longer. Pure rules over values.

Firing and clearing have thresholds and patience of their own, so that a value that hovers makes
one problem and not ten; what still turns too often is called flapping and told once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Level(IntEnum):
    """How bad a value is, or a problem that is made of several."""

    WELL = 0
    # Not well enough to clear, not bad enough to fire.
    BETWEEN = 1
    WARNING = 2
    CRITICAL = 3


class Strikes(BaseModel):
    """`count` of the last `of` polls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(ge=1, le=20)
    of: int = Field(ge=1, le=20)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.count > self.of:
            raise ValueError("of so many polls at most that many can count")
        return self


class Limits(BaseModel):
    """From where on a value is a warning or critical, and where it is well again, in its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["above", "below"] = "above"
    warning: float | None = None
    critical: float | None = None
    # Without it, where it fires it also clears.
    clear: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.warning is None and self.critical is None:
            raise ValueError("give `warning`, `critical` or both")
        steps = [s for s in (self.clear, self.warning, self.critical) if s is not None]
        if steps != sorted(steps, reverse=self.direction == "below"):
            raise ValueError(
                "`clear`, `warning` and `critical` rise in this order where the direction is "
                "above, and fall where it is below"
            )
        return self

    def level(self, value: float) -> Level:
        """How bad the value is by itself. A threshold belongs to what it fires."""
        if self._reaches(value, self.critical):
            return Level.CRITICAL
        if self._reaches(value, self.warning):
            return Level.WARNING
        if self.clear is not None and self._reaches(value, self.clear) and value != self.clear:
            return Level.BETWEEN
        return Level.WELL

    def passed(self, level: Level) -> float | None:
        """The threshold behind a level."""
        return self.critical if level is Level.CRITICAL else self.warning

    def _reaches(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return value >= limit if self.direction == "above" else value <= limit


class Patience(BaseModel):
    """How many polls it takes to open a problem and to clear it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fire: Strikes = Strikes(count=3, of=3)
    clear: Strikes = Strikes(count=2, of=2)

    @property
    def memory(self) -> int:
        """How many polls must be remembered."""
        return max(self.fire.of, self.clear.of)


def decide(now: Level, recent: Sequence[Level], patience: Patience) -> Level:
    """The level of the problem after these polls, oldest first; WELL where there is none.

    It rises when enough polls are that bad, falls when enough are well, and never goes from bad to
    less bad on a single poll.
    """
    fire, clear = patience.fire, patience.clear
    for level in (Level.CRITICAL, Level.WARNING):
        if level > now and _count(recent, fire.of, at_least=level) >= fire.count:
            return level
    if now is Level.WELL:
        return Level.WELL
    last = recent[-clear.of :]
    if sum(mark is Level.WELL for mark in last) >= clear.count:
        return Level.WELL
    if now is Level.CRITICAL and sum(mark < Level.CRITICAL for mark in last) >= clear.count:
        return Level.WARNING
    return now


def _count(recent: Sequence[Level], of: int, *, at_least: Level) -> int:
    return sum(mark >= at_least for mark in recent[-of:])


@dataclass(frozen=True, slots=True)
class Damping:
    """So many openings within a span are flapping, until a calm span has passed without one."""

    openings: int = 4
    within: timedelta = timedelta(hours=1)
    calm: timedelta = timedelta(minutes=30)

    def remembered(self, openings: Sequence[datetime], now: datetime) -> list[datetime]:
        """The openings that still matter."""
        return [at for at in openings if now - at < max(self.within, self.calm)]

    def flaps(self, openings: Sequence[datetime], now: datetime, *, flapped: bool) -> bool:
        """Whether it flaps now, given whether it did before."""
        if sum(now - at < self.within for at in openings) >= self.openings:
            return True
        return flapped and any(now - at < self.calm for at in openings)
