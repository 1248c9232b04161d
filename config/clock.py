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
