"""How often something is repeated, as people say it: a rule of RFC 5545 both ways."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rental import repetition
from rental.recurrence import BadRecurrence

LONGEST_INTERVAL = 52
LAST = -1
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class Every(StrEnum):
    """The unit of a repetition."""

    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repetition that ends: by `count` or on the day `until`, never both.

    `weekdays` (0 is Monday) belong to weeks, or as a single one with `nth` (1 to 5, or -1 for the
    last) to months; `month_day` (1 to 31) belongs to months.
    """

    every: Every
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int | None = None
    month_day: int | None = None
    count: int | None = None
    until: date | None = None

    def rrule(self) -> str:
        """The rule as RFC 5545 writes it; its UNTIL is a day of the site's calendar."""
        parts = {"FREQ": self.every.value.upper()}
        if self.interval != 1:
            parts["INTERVAL"] = str(self.interval)
        if self.weekdays:
            nth = "" if self.nth is None else str(self.nth)
            parts["BYDAY"] = ",".join(nth + repetition.WEEKDAYS[day] for day in self.weekdays)
        if self.month_day is not None:
            parts["BYMONTHDAY"] = str(self.month_day)
        if self.count is not None:
            parts["COUNT"] = str(self.count)
        if self.until is not None:
            parts["UNTIL"] = f"{self.until:%Y%m%d}"
        return repetition.written(parts)


def of_rule(rrule: str, first: datetime, zone: ZoneInfo) -> Repeat | None:
    """The rule of a series that starts at `first`; None where it says more than a `Repeat` can.

    Raises BadRecurrence for what is no rule.
    """
    parts = repetition.parts_of(rrule)
    day = first.astimezone(zone).date()
    read = {
        "FREQ=DAILY": _daily,
        "FREQ=WEEKLY": _weekly,
        "FREQ=MONTHLY": _monthly,
    }.get(f"FREQ={parts.get('FREQ', '')}")
    rest = parts.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
    found = read(parts, day) if read is not None else None
    if found is None or rest - {"BYDAY", "BYMONTHDAY"}:
        return None
    every, weekdays, nth, month_day = found
    return Repeat(
        every=every,
        interval=int(parts.get("INTERVAL", "1")),
        weekdays=weekdays,
        nth=nth,
        month_day=month_day,
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=_day_of(parts["UNTIL"], zone) if "UNTIL" in parts else None,
    )


_Read = tuple[Every, tuple[int, ...], int | None, int | None]


def _daily(parts: dict[str, str], _day: date) -> _Read | None:
    return None if {"BYDAY", "BYMONTHDAY"} & parts.keys() else (Every.DAY, (), None, None)


def _weekly(parts: dict[str, str], day: date) -> _Read | None:
    if "BYMONTHDAY" in parts:
        return None
    found = _weekdays(parts.get("BYDAY", repetition.WEEKDAYS[day.weekday()]))
    if found is None or any(nth is not None for nth, _weekday in found):
        return None
    return Every.WEEK, tuple(sorted({weekday for _nth, weekday in found})), None, None


def _monthly(parts: dict[str, str], day: date) -> _Read | None:
    if "BYDAY" in parts:
        found = _weekdays(parts["BYDAY"])
        if found is None or len(found) != 1 or found[0][0] is None or "BYMONTHDAY" in parts:
            return None
        nth, weekday = found[0]
        return (Every.MONTH, (weekday,), nth, None) if nth in (1, 2, 3, 4, 5, LAST) else None
    text = parts.get("BYMONTHDAY", str(day.day))
    return (Every.MONTH, (), None, int(text)) if re.fullmatch(r"[1-9]\d?", text) else None


def _weekdays(text: str) -> list[tuple[int | None, int]] | None:
    found = [_DAY.fullmatch(piece) for piece in text.split(",")]
    if not all(found):
        return None
    return [
        (int(one[1]) if one[1] else None, repetition.WEEKDAYS.index(one[2])) for one in found if one
    ]


def _day_of(until: str, zone: ZoneInfo) -> date:
    form = "%Y%m%dT%H%M%SZ" if until.endswith("Z") else "%Y%m%d"
    try:
        moment = datetime.strptime(until, form).replace(tzinfo=UTC)
    except ValueError as wrong:
        raise BadRecurrence(
            "UNTIL={value} is not a time; write 20261231T170000Z.", value=until
        ) from wrong
    return moment.astimezone(zone).date() if until.endswith("Z") else moment.date()


def place_in_month(day: date) -> int:
    """Which of its weekday in the month the day is: the 8th to the 14th are the second."""
    return (day.day - 1) // 7 + 1


def with_end(rrule: str, *, count: int | None = None, until: date | None = None) -> str:
    """The rule with another end."""
    parts = repetition.parts_of(rrule)
    for name in ("COUNT", "UNTIL"):
        parts.pop(name, None)
    if count is not None:
        parts["COUNT"] = str(count)
    if until is not None:
        parts["UNTIL"] = f"{until:%Y%m%d}"
    return repetition.written(parts)
