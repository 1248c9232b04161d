"""The part of the booking form that repeats it: as typed, as a rule, and date by date."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from billing import quotes
from billing.errors import NoPrice, NoVatRate
from billing.money import Money
from config import clock
from config.errors import Invalid, NotFound, Refusal
from portal.access import allowed, current_member
from portal.pages import formats, opening, reading, rules
from portal.pages.sentences import spoken
from rental import catalogue, differences, prospects, repeats, series, series_changes
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.differences import LineValue
from rental.models import Booking, EventKind, OnConflict, Unit
from rental.prospects import Foreseen, ForeseenChange, Prospect
from rental.repeats import LAST, Every, Repeat
from rental.series import Plan, RequestedSeries
from rental.series_changes import Scope

MOST_SHOWN = 400
MOST_NAMED = 8


@dataclass(slots=True)
class TypedRepeat:
    """The fields as typed, and what is wrong with them. Without `every` nothing is repeated."""

    every: str = ""
    interval: str = "1"
    weekdays: list[str] = field(default_factory=list)
    monthly: str = "day"
    ends: str = "count"
    count: str = "10"
    until: str = ""
    on_conflict: str = OnConflict.REFUSE.value
    # Starts of dates that were unticked, as ISO 8601.
    left_out: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Whether the booking is to be repeated."""
        return bool(self.every)


def typed(form: MultiDict[str, str]) -> TypedRepeat:
    """The fields as they came. A date that was shown and is not ticked is left out."""
    shown = form.getlist("shown_date")[:MOST_SHOWN]
    ticked = set(form.getlist("date"))
    return TypedRepeat(
        every=form.get("every", ""),
        interval=form.get("interval", "1"),
        weekdays=form.getlist("weekday")[:7],
        monthly=form.get("monthly", "day"),
        ends=form.get("ends", "count"),
        count=form.get("count", "10"),
        until=form.get("until", ""),
        on_conflict=form.get("on_conflict", OnConflict.REFUSE.value),
        left_out=[at for at in shown if at not in ticked],
    )


def repeat_of(form: TypedRepeat, first: datetime) -> Repeat | None:
    """The repetition; None, with `form.errors` filled, where it cannot be read."""
    day = first.astimezone(clock.LOCAL).date()
    every = _choice(form, "every", Every)
    interval = _number(form, "interval", repeats.LONGEST_INTERVAL)
    count, until = None, None
    if form.ends == "until":
        until = _until(form, day)
    else:
        count = _number(form, "count", 366)
    if form.errors or every is None or interval is None:
        return None
    weekdays, nth, month_day = _which_days(form, every, day)
    return Repeat(every, interval, weekdays, nth, month_day, count, until)


def _which_days(
    form: TypedRepeat, every: Every, day: date
) -> tuple[tuple[int, ...], int | None, int | None]:
    if every is Every.DAY:
        return (), None, None
    if every is Every.WEEK:
        chosen = sorted({int(one) for one in form.weekdays if one in set("0123456")})
        return tuple(chosen) or (day.weekday(),), None, None
    if form.monthly == "nth":
        return (day.weekday(),), repeats.place_in_month(day), None
    if form.monthly == "last":
        return (day.weekday(),), LAST, None
    return (), None, day.day


def _choice(form: TypedRepeat, name: str, words: type[Every]) -> Every | None:
    try:
        return reading.word({name: form.every}, name, words)
    except reading.BadField as wrong:
        form.errors[name] = spoken(wrong)
        return None


def _number(form: TypedRepeat, name: str, most: int) -> int | None:
    try:
        value = reading.integer({name: getattr(form, name)}, name)
    except reading.BadField:
        value = None
    if value is None or not 1 <= value <= most:
        form.errors[name] = _("A whole number between 1 and %(most)s.", most=most)
        return None
    return value


def _until(form: TypedRepeat, first: date) -> date | None:
    try:
        value = reading.day({"until": form.until}, "until")
    except reading.BadField:
        value = None
    if value is None:
        form.errors["until"] = _("Choose the last day.")
    elif value < first:
        form.errors["until"] = _("The last day comes before the first.")
    return value


def requested(form: TypedRepeat, wanted: RequestedBooking) -> RequestedSeries | None:
    """The series that is asked for; None, with errors filled in, where it cannot be read."""
    repeat = repeat_of(form, min(line.period.starts_at for line in wanted.lines))
    if repeat is None:
        return None
    conflict = OnConflict.SKIP if form.on_conflict == OnConflict.SKIP else OnConflict.REFUSE
    return RequestedSeries(wanted, repeat.rrule(), _left_out(form), conflict)


def _left_out(form: TypedRepeat) -> tuple[datetime, ...]:
    found: list[datetime] = []
    for text in form.left_out:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            continue
        if at.tzinfo is not None:
            found.append(at)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ShownDate:
    """One date as the preview shows it."""

    foreseen: Foreseen
    # The words of its state, and beside it who has it or why it is closed.
    words: str
    detail: str
    is_ticked: bool
    # Whether the reader may decide on it.
    is_open: bool


@dataclass(frozen=True, slots=True)
class ShownRepeat:
    """The preview of a series: its rule in words, every date, and what all of it costs."""

    rule: str = ""
    dates: list[ShownDate] = field(default_factory=list)
    total: Money | None = None
    problem: str = ""

    @property
    def asked(self) -> int:
        """How many dates would be requested."""
        return sum(date.is_ticked for date in self.dates)

    @property
    def hindered(self) -> int:
        """How many of them cannot be had."""
        return sum(date.is_ticked and not date.foreseen.is_possible for date in self.dates)


def foreseen(form: TypedRepeat, lines: Sequence[WantedLine], unit: Unit) -> ShownRepeat | None:
    """Every date of what is typed so far, None where nothing is repeated; writes nothing."""
    if not form.is_on or not lines:
        return None
    wanted = RequestedBooking(unit, "–", EventKind.OTHER, lines)
    try:
        asked = requested(form, wanted)
        if asked is None:
            return ShownRepeat(problem=next(iter(form.errors.values()), ""))
        planned = _plan(asked)
        dates = [_shown(one, form) for one in prospects.foresee(planned)]
    except Invalid as refusal:
        return ShownRepeat(problem=spoken(refusal))
    ticked = [date.foreseen.at for date in dates if date.is_ticked]
    rule = rules.in_words(planned.rrule, planned.template.since, planned.zone)
    return ShownRepeat(rule[:1].upper() + rule[1:], dates, _total(planned, ticked, unit))


def _plan(asked: RequestedSeries) -> Plan:
    """The plan; where every date was unticked, with none left out, so that all can be seen."""
    whole = series.plan(RequestedSeries(asked.booking, asked.rrule))
    out = {at for at in asked.exdates if at in set(whole.dates)}
    if len(out) == len(whole.dates):
        return Plan(whole.rrule, whole.zone, [], whole.dates, whole.template)
    return series.plan(asked)


def _shown(one: Foreseen, form: TypedRepeat) -> ShownDate:
    is_skipped = form.on_conflict == OnConflict.SKIP and one.prospect in (
        Prospect.TAKEN,
        Prospect.CLOSED,
    )
    is_impossible = one.prospect in (Prospect.PAST, Prospect.REFUSED)
    return ShownDate(
        foreseen=one,
        words=_state(one),
        detail=_detail(one),
        is_ticked=not (one.is_left_out or is_skipped or is_impossible),
        is_open=not (is_skipped or is_impossible),
    )


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One date of a series as a change would make it, with its state in words."""

    change: ForeseenChange
    words: str


def changed_dates(
    booking: Booking, lines: Sequence[WantedLine] | None, scope: Scope
) -> list[ShownChange]:
    """Every date that the change is meant for; empty while it cannot be told."""
    if booking.series is None or scope is Scope.THIS or lines is None:
        return []
    stands = list(map(LineValue.of, lines)) == list(differences.of(booking).lines)
    changes = Changes(lines=None if stands else lines)
    try:
        wanted = series_changes.outcome(booking, changes, scope=scope)
        found = prospects.foresee_change(wanted)
    except (Invalid, NotFound):
        return []
    return [ShownChange(one, _("Stays as it is") if one.is_kept else _state(one)) for one in found]


def _state(one: Foreseen | ForeseenChange) -> str:
    return {
        Prospect.FREE: _("Free"),
        Prospect.OUTSIDE: _("Outside opening hours"),
        Prospect.REFUSED: _("Closed at that time"),
        Prospect.TAKEN: _("Taken"),
        Prospect.CLOSED: _("Off the calendar"),
        Prospect.PAST: _("In the past"),
    }[one.prospect]


def _detail(one: Foreseen) -> str:
    if one.prospect is Prospect.TAKEN:
        titles = [_holder(booking) for booking in one.holders]
        known = list(dict.fromkeys(title for title in titles if title))
        return ", ".join(known[:2]) or ", ".join(
            dict.fromkeys(str(short["resource"]) for short in one.conflicts)
        )
    if one.prospect in (Prospect.OUTSIDE, Prospect.REFUSED):
        return opening.holiday(one.starts_at.astimezone(clock.LOCAL).date())
    return ""


def _holder(booking: Booking) -> str:
    """The title, where who asks may read it."""
    own = booking.unit_id == current_member().unit_id
    return booking.title if own or allowed("see every unit's bookings") else ""


def _total(planned: Plan, dates: Sequence[datetime], unit: Unit) -> Money | None:
    """Each date quoted by itself, as it will be."""
    resources = catalogue.by_codes(line.resource for line in planned.template.lines)
    total: Money | None = None
    for at in dates:
        wanted = planned.template.lines_on(at, planned.zone)
        people = planned.template.attendees
        rented = [
            quotes.rented(resources[w.resource], w.period, w.quantity, people, w.add_ons)
            for w in wanted
        ]
        try:
            price = quotes.quote(unit.unit_class, rented).total
        except (NoPrice, NoVatRate):
            return None
        total = price if total is None else total + price
    return total


def note_refusal(errors: dict[str, str], refusal: Refusal) -> None:
    """Say above the form which dates stand in the way; the preview shows them one by one."""
    days = sorted(
        {
            datetime.fromisoformat(str(short["starts_at"])).astimezone(clock.LOCAL).date()
            for short in refusal.details.get("conflicts", [])
        }
    )
    if not days:
        errors["form"] = spoken(refusal)
        return
    named = ", ".join(formats.short_day(day) for day in days[:MOST_NAMED])
    if len(days) > MOST_NAMED:
        named = _("%(days)s and %(more)s more", days=named, more=len(days) - MOST_NAMED)
    errors["form"] = _(
        "These dates are taken: %(days)s. Leave them out, or choose another time.", days=named
    )
