"""What time it is: one place to ask, so that tests and replayed history can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _standing.get() or datetime.now(UTC)


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Let `now` answer `instant` inside the block, in this thread or task only.

    For history that is written after it happened: the demo, or records of another system.
    """
    token = _standing.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _standing.reset(token)


def today(zone: ZoneInfo = LOCAL) -> date:
    """The calendar day that `zone` lives in now."""
    return now().astimezone(zone).date()


def yesterday(zone: ZoneInfo = LOCAL) -> date:
    """The calendar day before `today`."""
    return today(zone) - timedelta(days=1)
