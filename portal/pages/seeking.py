"""What somebody looks for, as the address of the search page says it: days, times, a basket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from config import clock
from portal.pages import opening, reading
from portal.pages.reading import BadField
from portal.pages.sentences import spoken
from rental import asking
from rental.finding import Sought
from rental.models import ResourceKind
from rental.period import Period

Value = TypeVar("Value")

BEGINS, ENDS = time(8), time(11, 30)
MOST_DAYS = 31
# How many different things a basket holds: it lives in the address.
MOST_WANTED = 30
# How many of a group are shown at first, and after how many presses of "more".
ROWS, MOST_ROWS = 15, 1_000
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `errors` say, by field, what of it could not be read."""

    day: date
    last: date | None = None
    begins: time = BEGINS
    ends: time = ENDS
    people: int | None = None
    kind: ResourceKind | None = None
    site: str | None = None
    q: str | None = None
    rows: int = ROWS
    # Code to pieces, in the order they were put in.
    basket: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    # Whose event it is, where who asks may book for one unit alone.
    unit_id: int | None = None

    @property
    def days(self) -> list[date]:
        """The days of the event."""
        length = ((self.last or self.day) - self.day).days + 1
        return [self.day + timedelta(days=number) for number in range(length)]

    @property
    def periods(self) -> tuple[Period, ...]:
        """One a day, on the Centre's clock; none where something could not be read."""
        if self.errors:
            return ()
        return tuple(
            Period(*(_instant(day, at) for at in (self.begins, self.ends))) for day in self.days
        )

    @property
    def sought(self) -> Sought:
        """The wish as the search takes it; there is none where something could not be read."""
        return Sought(self.periods, self.people, self.kind, self.site, self.q, self.unit_id)

    def query(self, **changes: Any) -> dict[str, Any]:
        """The address's query with some of it changed: what is empty or usual is left out."""
        basket = changes.pop("basket", self.basket)
        query: dict[str, Any] = {
            "day": self.day.isoformat(),
            "last": self.last.isoformat() if self.last else None,
            "from": self.begins.isoformat("minutes"),
            "to": self.ends.isoformat("minutes"),
            "people": self.people,
            "kind": self.kind.value if self.kind else None,
            "site": self.site,
            "q": self.q,
            "rows": self.rows if self.rows != ROWS else None,
            "want": list(basket),
            "pieces": list(basket.values()),
        }
        return {name: value for name, value in (query | changes).items() if value not in (None, [])}

    def at(self, period: Period) -> dict[str, Any]:
        """The query of the same wish at another time of one day."""
        begins, ends = (instant.astimezone(clock.LOCAL) for instant in period)
        return self.query(
            **{
                "day": begins.date().isoformat(),
                "last": None,
                "from": begins.strftime("%H:%M"),
                "to": ends.strftime("%H:%M"),
            }
        )


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, clock.LOCAL).astimezone(UTC)


def next_morning() -> Period:
    """From 08:00 to 11:30 on the next day that is neither a Sunday nor a public holiday."""
    day = clock.today() + timedelta(days=1)
    while day.weekday() == SUNDAY or opening.holiday(day):
        day += timedelta(days=1)
    return Period(_instant(day, BEGINS), _instant(day, ENDS))


def read(query: MultiDict[str, str], unit_id: int | None = None) -> Asked:
    """The address as a wish; never refuses: what cannot be read is noted in `errors`."""
    errors: dict[str, str] = {}

    def tried(name: str, reads: Callable[[Mapping[str, str], str], Value | None]) -> Value | None:
        try:
            return reads(query, name)
        except BadField as wrong:
            errors[name] = spoken(wrong)
            return None

    day = tried("day", reading.day) or next_morning().starts_at.astimezone(clock.LOCAL).date()
    last = tried("last", reading.day)
    begins, ends = (
        tried("from", reading.time_of_day) or BEGINS,
        tried("to", reading.time_of_day) or ENDS,
    )
    people = tried("people", reading.integer)
    if people is not None and not 0 < people <= asking.MOST_PIECES:
        errors["people"], people = _("A whole number, at least 1."), None
    kind = tried("kind", lambda fields, name: reading.word(fields, name, ResourceKind))
    rows = tried("rows", reading.integer)
    errors |= _wrong_span((day, last), (begins, ends))
    errors.pop("rows", None)
    return Asked(
        day,
        last if last and last > day else None,
        begins,
        ends,
        people,
        kind,
        _text(query, "site"),
        _text(query, "q"),
        min(max(rows or ROWS, ROWS), MOST_ROWS),
        _basket(query),
        errors,
        unit_id,
    )


def _text(query: Mapping[str, str], name: str) -> str | None:
    return query.get(name, "").replace("\0", "").strip()[:100] or None


def _wrong_span(days: tuple[date, date | None], times: tuple[time, time]) -> dict[str, str]:
    first, last = days
    wrong = {}
    if last is not None and last < first:
        wrong["last"] = _("The last day comes before the first.")
    elif last is not None and (last - first).days >= MOST_DAYS:
        wrong["last"] = _("Look at %(most)s days at most.", most=MOST_DAYS)
    if times[1] <= times[0]:
        wrong["to"] = _("The end must come after the start.")
    return wrong


def _basket(query: MultiDict[str, str]) -> dict[str, int]:
    """What is in the basket, with what the press of a button puts in or takes out.

    Codes and numbers that make no sense are left out: an address may come from anywhere.
    """
    basket: dict[str, int] = {}
    for code, typed in zip(query.getlist("want"), query.getlist("pieces"), strict=False):
        if code and "\0" not in code and typed.strip().isdecimal() and len(typed.strip()) < 7:
            basket[code[:40]] = min(int(typed), asking.MOST_PIECES)
    more = query.get("add")
    if more and "\0" not in more:
        basket[more[:40]] = basket.get(more[:40], 0) + 1
    basket.pop(query.get("drop", ""), None)
    kept = [(code, pieces) for code, pieces in basket.items() if pieces > 0]
    return dict(kept[:MOST_WANTED])
