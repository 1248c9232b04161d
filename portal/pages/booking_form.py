"""The booking form: what was typed is kept as typed, errors stand beside the field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from billing import quotes
from billing.errors import NoPrice, NoVatRate, PriceRefused
from billing.quotes import Quote
from config.errors import Refusal
from portal.pages import form_add_ons, formats, opening, reading, repeat_form, suggested
from portal.pages.repeat_form import ShownRepeat, TypedRepeat
from portal.pages.sentences import spoken
from portal.pages.suggested import Suggested
from rental import asking, catalogue, closures, occupancies, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Member, Organiser, Resource, Unit
from rental.occupancies import Ask
from rental.period import Period

LINE_FIELDS = ("resource", "quantity", "starts_at", "ends_at")


@dataclass(slots=True)
class TypedLine:
    """One line as typed, and what is wrong with it."""

    resource: str = ""
    quantity: str = "1"
    starts_at: str = ""
    ends_at: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    clash: str = ""
    remark: str = ""
    # Whether it clashes only because the date is kept for other units.
    is_kept: bool = False
    add_ons: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether nothing has been chosen yet."""
        return not self.resource


@dataclass(slots=True)
class TypedBooking:
    """The whole form as typed, and what is wrong with it."""

    title: str = ""
    event_kind: str = EventKind.PRESS_CONFERENCE.value
    organiser: str = Organiser.DOMESTIC.value
    attendees: str = ""
    note: str = ""
    unit: str = ""
    # The reference of the booking it repeats.
    copy: str = ""
    lines: list[TypedLine] = field(default_factory=lambda: [TypedLine()])
    repeat: TypedRepeat = field(default_factory=TypedRepeat)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether any field carries an error."""
        return bool(self.errors or self.repeat.errors) or any(line.errors for line in self.lines)


def typed(form: MultiDict[str, str]) -> TypedBooking:
    """The form as it came; the lines are parallel lists of the line fields."""
    columns = [form.getlist(name)[: asking.MOST_LINES] for name in LINE_FIELDS]
    lines = [TypedLine(*values) for values in zip(*columns, strict=False)]
    form_add_ons.read(lines, form.getlist(form_add_ons.FIELD))
    return TypedBooking(
        title=form.get("title", ""),
        event_kind=form.get("event_kind", ""),
        organiser=form.get("organiser", Organiser.DOMESTIC.value),
        attendees=form.get("attendees", ""),
        note=form.get("note", ""),
        unit=form.get("unit", ""),
        copy=form.get("copy", ""),
        lines=lines or [TypedLine()],
        repeat=repeat_form.typed(form),
    )


def wanted_line(line: TypedLine) -> WantedLine | None:
    """The line as a wish; None, with `line.errors` filled, where it cannot be read."""
    if line.is_blank:
        line.errors["resource"] = _("Choose what to rent.")
    quantity = _quantity(line)
    times = {name: _time(line, name) for name in ("starts_at", "ends_at")}
    starts_at, ends_at = times["starts_at"], times["ends_at"]
    if starts_at and ends_at and ends_at <= starts_at:
        line.errors["ends_at"] = _("The end must come after the start.")
    if line.errors or starts_at is None or ends_at is None or quantity is None:
        return None
    return WantedLine(line.resource, quantity, Period(starts_at, ends_at), line.add_ons)


def period_of(line: TypedLine) -> Period | None:
    """When the line is meant to be, where that can be read already; notes no error."""
    try:
        ends = [reading.instant(text) for text in (line.starts_at, line.ends_at)]
    except reading.BadField:
        return None
    if ends[0] is None or ends[1] is None or ends[1] <= ends[0]:
        return None
    return Period(ends[0], ends[1])


def _quantity(line: TypedLine) -> int | None:
    try:
        quantity = reading.integer({"quantity": line.quantity}, "quantity")
    except reading.BadField:
        quantity = None
    if quantity is None or not 1 <= quantity <= asking.MOST_PIECES:
        line.errors["quantity"] = _("A whole number, at least 1.")
        return None
    return quantity


def _time(line: TypedLine, name: str) -> datetime | None:
    try:
        value = reading.instant(getattr(line, name))
    except reading.BadField:
        value = None
    if value is None:
        line.errors[name] = _("Day and time, please.")
    return value


def unit_of(form: TypedBooking, member: Member, *, any_unit: bool) -> Unit:
    """The unit that rents: the member's own, or the one the desk chose; raises UnknownUnit."""
    return units.get(form.unit) if any_unit and form.unit else member.unit


def requested(form: TypedBooking, unit: Unit) -> RequestedBooking | None:
    """The form as a request; None, with errors filled in, where it cannot be read."""
    lines = [wanted_line(line) for line in form.lines]
    if not form.title.strip():
        form.errors["title"] = _("Give the event a title.")
    attendees = None
    try:
        attendees = reading.integer({"attendees": form.attendees}, "attendees")
        event_kind = reading.word({"kind": form.event_kind}, "kind", EventKind)
        organiser = reading.word({"organiser": form.organiser}, "organiser", Organiser)
    except reading.BadField as wrong:
        wrong_field = "attendees" if wrong.details["field"] == "attendees" else "event_kind"
        form.errors[wrong_field] = spoken(wrong)
        return None
    if event_kind is None:
        form.errors["event_kind"] = _("Choose the kind of event.")
    if form.is_wrong or event_kind is None:
        return None
    return RequestedBooking(
        unit=unit,
        title=form.title,
        event_kind=event_kind,
        lines=[line for line in lines if line is not None],
        organiser=organiser or Organiser.DOMESTIC,
        attendees=attendees,
        note=form.note or None,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What the form would cost and where it clashes, before anything is written."""

    lines: list[tuple[TypedLine, Resource | None, Any]]
    quote: Quote | None
    problem: str = ""
    suggestions: list[Suggested] = field(default_factory=list)
    # What it was reckoned from, for other rooms that have something to say of it.
    form: TypedBooking | None = None
    unit: Unit | None = None
    asks: Sequence[Ask] = ()
    apart_from: int | None = None
    series: ShownRepeat | None = None


def preview(
    form: TypedBooking,
    unit: Unit,
    resources: Sequence[Resource],
    *,
    apart_from: int | None = None,
) -> Preview:
    """Price and availability of the lines that can be read already; writes and locks nothing.

    `apart_from` is the id of a booking that is being changed: what it holds is free to it.
    """
    readable: list[tuple[TypedLine, Ask]] = []
    known = {resource.code: resource for resource in resources}
    for line in form.lines:
        wish = None if line.is_blank else wanted_line(line)
        if wish is not None and wish.resource in known:
            line.remark = opening.outside(known[wish.resource], wish.period)
            ask = Ask(known[wish.resource], wish.quantity, wish.period, wish.add_ons)
            readable.append((line, ask))
    _note_clashes(readable, apart_from)
    _note_kept(readable, unit)
    quote, problem = _quoted(unit, [ask for _line, ask in readable], _attendees(form))
    prices = iter(quote.lines if quote else ())
    priced = {id(line): next(prices, None) for line, _ask in readable}
    lines = [(line, known.get(line.resource), priced.get(id(line))) for line in form.lines]
    near = suggested.near(form.attendees, readable, form.lines) if _clashes(form) else []
    asks = [ask for _line, ask in readable]
    wishes = [WantedLine(ask.resource.code, ask.quantity, ask.period, ask.add_ons) for ask in asks]
    repeated = repeat_form.foreseen(form.repeat, wishes, unit)
    return Preview(lines, quote, problem, near, form, unit, asks, apart_from, repeated)


def _clashes(form: TypedBooking) -> bool:
    return any(line.clash for line in form.lines)


def _quoted(unit: Unit, asks: Sequence[Ask], attendees: int | None) -> tuple[Quote | None, str]:
    if not asks:
        return None, ""
    wanted = [
        quotes.rented(ask.resource, ask.period, ask.quantity, attendees, ask.add_ons)
        for ask in asks
    ]
    try:
        return quotes.for_unit(unit, wanted), ""
    except PriceRefused as refused:
        return None, spoken(refused)
    except (NoPrice, NoVatRate):
        return None, _("No price is on record for one of the lines; finance will set it.")


def _attendees(form: TypedBooking) -> int | None:
    """How many will come, where that can be read already."""
    try:
        return reading.integer({"attendees": form.attendees}, "attendees")
    except reading.BadField:
        return None


def _note_clashes(readable: Sequence[tuple[TypedLine, Ask]], apart_from: int | None) -> None:
    """Say at each line how many are free where that is fewer than wanted."""
    if not readable:
        return
    wishes = occupancies.unfold([ask for _line, ask in readable])
    span = Period(min(w.period.starts_at for w in wishes), max(w.period.ends_at for w in wishes))
    # A circuit takes of its uplink as well, which is not among what the form offers.
    rows = catalogue.seen(wish.resource_id for wish in wishes)
    stocks = {key: row.stock for key, row in rows.items()}
    others = occupancies.taken(stocks, span, apart_from=apart_from)
    for number, (line, _ask) in enumerate(readable):
        before = [wish for wish in wishes if wish.line_number < number]
        mine = [wish for wish in wishes if wish.line_number == number]
        found = occupancies.shortages([*before, *mine], rows, others)
        found = found[len(occupancies.shortages(before, rows, others)) :]
        if found:
            line.clash = clash_words(found[0])


def _note_kept(readable: Sequence[tuple[TypedLine, Ask]], unit: Unit) -> None:
    """Say at each line that is free whether it is kept for other units, and why."""
    wishes = occupancies.unfold([ask for _line, ask in readable]) if readable else []
    if not closures.reserved_for_others(wishes, unit.id):
        return
    for wish in wishes:
        line = readable[wish.line_number][0]
        if line.clash:
            continue
        for closure in closures.reserved_for_others([wish], unit.id):
            line.is_kept = True
            line.clash = _(
                "%(resource)s is kept for other units then: %(reason)s",
                resource=formats.title_of(closure.resource),
                reason=closure.reason,
            )


def clash_words(conflict: Mapping[str, Any]) -> str:
    """One shortage in a sentence."""
    if conflict["free"]:
        return _(
            "Only %(free)s of %(resource)s are free at that time.",
            free=conflict["free"],
            resource=conflict["resource"],
        )
    return _("%(resource)s is not free at that time.", resource=conflict["resource"])


def note_refusal(form: TypedBooking, refusal: Refusal) -> None:
    """Put what the service refused beside the lines it speaks of, or above the form."""
    conflicts = refusal.details.get("conflicts", [])
    for conflict in conflicts:
        for line in form.lines:
            if line.resource == conflict["resource"] and not line.clash:
                line.clash = clash_words(conflict)
    told = any(line.clash for line in form.lines)
    form.errors["form"] = (
        _("Somebody else holds part of this. Change the lines marked below; the rest is kept.")
        if told
        else spoken(refusal)
    )
