"""What time it is: one place to ask, so that tests can move it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo = LOCAL) -> date:
    """The calendar day that `zone` lives in now."""
    return now().astimezone(zone).date()


def parse(text: str) -> datetime:
    """An ISO 8601 time with its offset, as UTC; raises ValueError for a naive one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write 2026-12-01T09:00:00+07:00")
    return moment.astimezone(UTC)
