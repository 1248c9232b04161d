"""The lines of the booking form before anything is sent: begun from an address, added, removed."""

from werkzeug.datastructures import MultiDict

from portal.pages import formats, seeking
from portal.pages.booking_form import TypedBooking, TypedLine
from rental import asking, catalogue

# What an address may say of the event besides its lines.
EVENT_FIELDS = ("title", "event_kind", "organiser", "attendees", "note", "unit")


def begun(query: MultiDict[str, str]) -> TypedBooking:
    """A form filled from an address: its lines as parallel fields, or the basket of the search.

    `?resource=H100&resource=MIC&quantity=1&quantity=4&starts_at=…&ends_at=…`: where there are fewer
    times than resources the last counts for the rest; without any it is the next working morning.
    """
    form = TypedBooking()
    for name in EVENT_FIELDS:
        if typed := query.get(name):
            setattr(form, name, typed)
    form.lines = _from_basket(query) if "want" in query else _from_fields(query)
    if people := query.get("people"):
        form.attendees = people
    return form


def _from_fields(query: MultiDict[str, str]) -> list[TypedLine]:
    codes = query.getlist("resource")[: asking.MOST_LINES] or [""]
    quantities = query.getlist("quantity")
    starts, ends = (
        [typed for typed in query.getlist(name) if typed] for name in ("starts_at", "ends_at")
    )
    first, last = map(formats.field_time, seeking.next_morning())
    return [
        TypedLine(
            code,
            quantities[place] if place < len(quantities) else "1",
            _at(starts, place) or first,
            _at(ends, place) or last,
        )
        for place, code in enumerate(codes)
    ]


def _at(values: list[str], place: int) -> str:
    return values[min(place, len(values) - 1)] if values else ""


def _from_basket(query: MultiDict[str, str]) -> list[TypedLine]:
    """What the search page has in its basket, on each of its days."""
    asked = seeking.read(query)
    known = catalogue.offered(asked.basket)
    periods = asked.periods or (seeking.next_morning(),)
    lines = [
        TypedLine(
            code,
            str(pieces),
            formats.field_time(period.starts_at),
            formats.field_time(period.ends_at),
        )
        for period in periods
        for code, pieces in asked.basket.items()
        if code in known
    ]
    return lines[: asking.MOST_LINES] or [TypedLine()]


def rearranged(form: TypedBooking, fields: MultiDict[str, str]) -> bool:
    """Whether a button of the lines was pressed instead of sending; what it asks for is done then.

    So a line is added or removed where no script runs. `look` changes nothing: the form comes back
    with price and availability.
    """
    pressed = fields.get("lines", "")
    word, _dash, place = pressed.partition("-")
    if word == "add" and len(form.lines) < asking.MOST_LINES:
        last = form.lines[-1]
        form.lines.append(TypedLine(starts_at=last.starts_at, ends_at=last.ends_at))
    elif word == "remove" and place in map(str, range(len(form.lines))) and len(form.lines) > 1:
        del form.lines[int(place)]
    return bool(pressed)
