"""A span of time, half-open: `[starts_at, ends_at)`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.errors import Invalid


class BadPeriod(Invalid):
    """The period must have an offset on both times and end after it starts."""


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """Two aware instants; the end itself is outside."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Refuse naive times and empty or reversed spans."""
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise BadPeriod(
                "A time without an offset is ambiguous; write 2026-12-01T09:00:00+07:00."
            )
        if self.starts_at >= self.ends_at:
            raise BadPeriod("The period must end after it starts.")

    def __iter__(self) -> Iterator[datetime]:
        """Start, then end, so that `starts_at, ends_at = period` reads."""
        return iter((self.starts_at, self.ends_at))

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return self.ends_at - self.starts_at

    def overlaps(self, other: "Period") -> bool:
        """Whether they share an instant; ends that touch do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, instant: datetime) -> bool:
        """Whether the instant is inside; the end is not."""
        return self.starts_at <= instant < self.ends_at

    def overlap(self, other: "Period") -> "Period | None":
        """The shared span, if any."""
        starts_at = max(self.starts_at, other.starts_at)
        ends_at = min(self.ends_at, other.ends_at)
        return Period(starts_at, ends_at) if starts_at < ends_at else None

    def widened(self, before: timedelta, after: timedelta) -> "Period":
        """The span with time added at both ends."""
        return Period(self.starts_at - before, self.ends_at + after)
