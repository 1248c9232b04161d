"""Hours of a day on a wall clock, as operators write them: `08:00-18:00` or `closed`."""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator


def parsed(written: str) -> tuple[time, time] | None:
    """When it opens and closes; None where it does not. Raises ValueError for anything else."""
    if written == "closed":
        return None
    opens, _, closes = written.partition("-")
    try:
        first, last = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError as wrong:
        raise ValueError(f"{written!r} is neither HH:MM-HH:MM nor closed") from wrong
    if first >= last:
        raise ValueError(f"{written!r} closes before it opens")
    return first, last


def _readable(written: str) -> str:
    parsed(written)
    return written


ClockHours = Annotated[str, AfterValidator(_readable)]
