"""Instants as the API writes them: ISO 8601 on the wall clock of the site, with its offset."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from config import clock


def local(instant: datetime, zone: tzinfo = clock.LOCAL) -> str:
    """`2026-12-01T09:00:00+07:00`."""
    return instant.astimezone(zone).isoformat()


def local_or_none(instant: datetime | None, zone: tzinfo = clock.LOCAL) -> str | None:
    """The same, where there may be none."""
    return None if instant is None else instant.astimezone(zone).isoformat()


def writer(zone: tzinfo = clock.LOCAL) -> Callable[[datetime], str]:
    """A `local` that remembers: on a calendar most instants come many times."""
    seen: dict[datetime, str] = {}

    def write(instant: datetime) -> str:
        text = seen.get(instant)
        if text is None:
            text = seen[instant] = instant.astimezone(zone).isoformat()
        return text

    return write
