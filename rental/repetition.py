"""What a series repeats, and when: rules over values, on the wall clock of its zone.

A date of a series is the instant its rule gives; what happens on it is a template, whose lines keep
their wall-clock distance from the date across summer time.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rental import asking, recurrence
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Organiser, Unit
from rental.period import Period
from rental.recurrence import BadRecurrence

MOST_DATES = 366
LONGEST = timedelta(days=731)
# Far enough to see that a rule goes on for too long, near enough to be soon found out.
HORIZON = timedelta(days=36525)
PARTS = frozenset(
    {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY",
        "BYWEEKNO", "BYSETPOS",
    }
)  # fmt: skip
DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
VALUE = re.compile(r"[0-9A-Z,+-]{1,200}")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def parts_of(rrule: str) -> dict[str, str]:
    """The parts of a rule by name, in capitals; raises BadRecurrence."""
    body = rrule.strip().upper().removeprefix("RRULE:").strip()
    found: dict[str, str] = {}
    for piece in body.split(";"):
        name, _equals, value = piece.partition("=")
        if name not in PARTS or name in found or not VALUE.fullmatch(value):
            raise BadRecurrence(
                "'{piece}' is no part of a rule that a series can have; write such as "
                "FREQ=WEEKLY;BYDAY=MO;COUNT=10.",
                piece=piece[:60],
            )
        found[name] = value
    return found


def written(parts: dict[str, str]) -> str:
    """The parts as a rule."""
    return ";".join(f"{name}={value}" for name, value in parts.items())


def normal(rrule: str, zone: ZoneInfo) -> str:
    """The rule as it is kept: capitals, and UNTIL in UTC; a day there means all of that day."""
    parts = parts_of(rrule)
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise BadRecurrence("A series must end: give its rule either COUNT or UNTIL.")
    if "COUNT" in parts and not 0 < _number(parts["COUNT"]) <= MOST_DATES:
        raise BadRecurrence("A series has between 1 and {most} dates.", most=MOST_DATES)
    if "UNTIL" in parts:
        parts["UNTIL"] = _as_utc(parts["UNTIL"], zone)
    _require_possible(parts)
    return written(parts)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?\d{1,6}", text) else 0


def _as_utc(until: str, zone: ZoneInfo) -> str:
    text = f"{until}T235959" if "T" not in until else until
    try:
        moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC if text.endswith("Z") else zone
        )
    except ValueError as wrong:
        raise BadRecurrence(
            "UNTIL={value} is not a time; write 20261231T170000Z.", value=until
        ) from wrong
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _require_possible(parts: dict[str, str]) -> None:
    """Refuse what no calendar has, before a search for it goes through the centuries."""
    months = [_number(month) for month in parts.get("BYMONTH", "").split(",") if month]
    days = [_number(day) for day in parts.get("BYMONTHDAY", "").split(",") if day]
    longest = max((DAYS_OF_MONTHS[m - 1] for m in months if 1 <= m <= 12), default=31)
    widest = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31}.get(parts.get("FREQ", ""), 366)
    places = [_number(place) for place in parts.get("BYSETPOS", "").split(",") if place]
    if (days and all(abs(day) > longest for day in days)) or (
        places and all(abs(place) > widest for place in places)
    ):
        raise BadRecurrence("The rule matches no date in the period; change the rule or the end.")


def dates(rrule: str, first: datetime, zone: ZoneInfo) -> list[datetime]:
    """The dates of a normal rule in UTC; at most 366 within two years, or BadRecurrence."""
    found = recurrence.dates(rrule, first, zone, first + HORIZON)
    if len(found) > MOST_DATES:
        raise BadRecurrence("A series has between 1 and {most} dates.", most=MOST_DATES)
    if found[-1] - first > LONGEST:
        raise BadRecurrence("A series lasts two years at most; let it end sooner.")
    return [moment.astimezone(UTC) for moment in found]


def without(
    found: Sequence[datetime], exdates: Iterable[date | datetime], zone: ZoneInfo
) -> tuple[list[datetime], list[datetime]]:
    """The dates that stay, and those taken out by instant or by day of the zone's calendar."""
    out = set(exdates)
    gone = [at for at in found if at in out or at.astimezone(zone).date() in out]
    left = [at for at in found if at not in set(gone)]
    if not left:
        raise BadRecurrence("No date is left of the series; leave fewer out.")
    return left, gone


def ended(rrule: str, last: datetime) -> str:
    """The rule, ending with this date."""
    parts = parts_of(rrule)
    parts.pop("COUNT", None)
    parts["UNTIL"] = f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return written(parts)


def moved(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """The instant that stands `by` later on the wall clock, in UTC."""
    wall = at.astimezone(zone).replace(tzinfo=None) + by
    return wall.replace(tzinfo=zone).astimezone(UTC)


def moved_rule(rrule: str, found: Sequence[datetime], by: timedelta, zone: ZoneInfo) -> str:
    """A rule that gives exactly these dates, each `by` later on the wall clock.

    Raises BadRecurrence where no rule of the same kind does.
    """
    wanted = [moved(at, by, zone) for at in found]
    days = wanted[0].astimezone(zone).date() - found[0].astimezone(zone).date()
    parts = parts_of(rrule)
    if "COUNT" in parts:
        parts["COUNT"] = str(len(found))
    else:
        parts["UNTIL"] = f"{wanted[-1]:%Y%m%dT%H%M%SZ}"
    for tried in (parts, _turned(parts, days.days)):
        rule = written(tried)
        try:
            if dates(rule, wanted[0], zone) == wanted:
                return rule
        except BadRecurrence:
            continue
    raise BadRecurrence(
        "This rule cannot move to that day; end the series and request a new one from then on."
    )


def _turned(parts: dict[str, str], days: int) -> dict[str, str]:
    """The parts with weekdays and days of the month so many days later."""
    turned = dict(parts)
    if "BYDAY" in parts:
        turned["BYDAY"] = ",".join(
            day[:-2] + WEEKDAYS[(WEEKDAYS.index(day[-2:]) + days) % 7]
            for day in parts["BYDAY"].split(",")
            if day[-2:] in WEEKDAYS
        )
    if "BYMONTHDAY" in parts:
        numbers = [_number(day) + days for day in parts["BYMONTHDAY"].split(",")]
        turned["BYMONTHDAY"] = ",".join(map(str, numbers))
    return turned


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """One line of each date; times in seconds on the wall clock from the date's start."""

    resource: str
    quantity: int
    starts: int
    ends: int
    add_ons: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> "TemplateLine":
        """What a row kept."""
        return cls(**{**told, "add_ons": tuple(told.get("add_ons", ()))})


@dataclass(frozen=True, slots=True)
class Template:
    """What a date consists of, from the date `since` on."""

    since: datetime
    title: str
    event_kind: EventKind
    organiser: Organiser
    attendees: int | None
    note: str | None
    lines: tuple[TemplateLine, ...]

    @classmethod
    def of(cls, wanted: RequestedBooking, since: datetime, zone: ZoneInfo) -> "Template":
        """What is asked for, seen from its first start."""
        return cls(
            since=since.astimezone(UTC),
            title=wanted.title,
            event_kind=wanted.event_kind,
            organiser=wanted.organiser,
            attendees=wanted.attendees,
            note=wanted.note,
            lines=lines_from(wanted.lines, first_start(wanted.lines), zone),
        )

    def as_json(self) -> dict[str, Any]:
        """The form in which the row keeps it."""
        told = asdict(self)
        return {**told, "since": self.since.isoformat(), "lines": [asdict(x) for x in self.lines]}

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> "Template":
        """What a row kept."""
        return cls(
            since=datetime.fromisoformat(told["since"]),
            title=told["title"],
            event_kind=EventKind(told["event_kind"]),
            organiser=Organiser(told["organiser"]),
            attendees=told["attendees"],
            note=told["note"],
            lines=tuple(map(TemplateLine.of_json, told["lines"])),
        )

    def lines_on(self, at: datetime, zone: ZoneInfo) -> list[WantedLine]:
        """The lines of one date."""
        return [
            WantedLine(line.resource, line.quantity, _period(line, at, zone), line.add_ons)
            for line in self.lines
        ]

    def asked_on(
        self, at: datetime, zone: ZoneInfo, unit: Unit, series_id: int
    ) -> RequestedBooking:
        """The whole booking of one date, as it is requested."""
        return RequestedBooking(
            unit=unit,
            title=self.title,
            event_kind=self.event_kind,
            lines=self.lines_on(at, zone),
            organiser=self.organiser,
            attendees=self.attendees,
            note=self.note,
            series_id=series_id,
            series_at=at,
        )

    def changed(self, changes: Changes, lines: tuple[TemplateLine, ...] | None) -> "Template":
        """The template after a change of the series; what is None stays."""
        attendees = self.attendees if changes.attendees is None else changes.attendees
        return replace(
            self,
            title=self.title if changes.title is None else changes.title,
            event_kind=changes.event_kind or self.event_kind,
            organiser=changes.organiser or self.organiser,
            attendees=None if changes.forgets_attendees else attendees,
            note=self.note if changes.note is None else asking.text(changes.note),
            lines=self.lines if lines is None else lines,
        )


def in_force(templates: Sequence[Template], at: datetime) -> Template:
    """The template of a date: the latest that holds by then."""
    begun = [template for template in templates if template.since <= at]
    return max(begun or templates[:1], key=lambda template: template.since)


def first_start(lines: Sequence[WantedLine]) -> datetime:
    """When the first line starts."""
    return min(line.period.starts_at for line in lines)


def lines_from(
    lines: Sequence[WantedLine], at: datetime, zone: ZoneInfo
) -> tuple[TemplateLine, ...]:
    """The lines as seen from an instant, on the wall clock."""
    return tuple(
        TemplateLine(
            line.resource,
            line.quantity,
            wall_seconds(at, line.period.starts_at, zone),
            wall_seconds(at, line.period.ends_at, zone),
            line.add_ons,
        )
        for line in lines
    )


def wall_seconds(first: datetime, second: datetime, zone: ZoneInfo) -> int:
    """How far the wall clock goes from one instant to another, in seconds."""
    walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in (first, second)]
    return round((walls[1] - walls[0]).total_seconds())


def _period(line: TemplateLine, at: datetime, zone: ZoneInfo) -> Period:
    starts_at = moved(at, timedelta(seconds=line.starts), zone)
    ends_at = moved(at, timedelta(seconds=line.ends), zone)
    if ends_at <= starts_at:
        # The hour that summer time skips lies inside: keep the length.
        ends_at = starts_at + timedelta(seconds=line.ends - line.starts)
    return Period(starts_at, ends_at)


def is_as(template: Template, booking: Booking, at: datetime, zone: ZoneInfo) -> bool:
    """Whether the booking's lines are those of the template; else it was changed by itself."""
    own = [
        (x.resource.code, x.quantity, x.starts_at, x.ends_at, tuple(x.add_ons))
        for x in booking.lines
    ]
    usual = [(x.resource, x.quantity, *x.period, x.add_ons) for x in template.lines_on(at, zone)]
    return sorted(own) == sorted(usual)
