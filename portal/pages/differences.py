"""What changed of a booking, in words: for the journal and for the page that compares."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from portal.pages import formats, states
from rental import differences
from rental.differences import LineChange, LineValue

ARROW = "\N{RIGHTWARDS ARROW}"
FIELDS = {
    "title": _("Title"),
    "event_kind": _("Kind of event"),
    "organiser": _("Organiser"),
    "attendees": _("Attendees"),
    "note": _("Note"),
}
LINE_CHANGES = {
    LineChange.ADDED: _("added"),
    LineChange.REMOVED: _("removed"),
    LineChange.MOVED: _("moved"),
    LineChange.EXTENDED: _("extended"),
    LineChange.SHORTENED: _("shortened"),
    LineChange.RETIMED: _("another time"),
    LineChange.QUANTITY: _("another quantity"),
    LineChange.ADD_ONS: _("other add-ons"),
}
# How a change is marked: the tone and the icon beside its word.
MARKS = {
    LineChange.ADDED: ("good", "plus"),
    LineChange.REMOVED: ("bad", "minus"),
    LineChange.QUANTITY: ("info", "stack-2"),
    LineChange.ADD_ONS: ("info", "list-details"),
}
OTHER_TIME = ("info", "clock")


def value(name: str, shown: Any) -> str:
    """A value of the event as a page writes it; a dash where there is none."""
    if shown is None:
        return formats.DASH
    words: Mapping[str, Any] = {
        "event_kind": states.EVENT_KINDS,
        "organiser": states.ORGANISERS,
    }.get(name, {})
    return formats.number(shown) if isinstance(shown, int) else str(words.get(shown, shown))


def mark(change: LineChange) -> tuple[str, str]:
    """The tone and the icon of a change."""
    return MARKS.get(change, OTHER_TIME)


def told(details: Mapping[str, Any]) -> str:
    """The details of a journal entry "changed" in one line."""
    fields = [_field(field) for field in details.get("fields", [])]
    return "; ".join([*fields, *(_line(line) for line in details.get("lines", []))])


def _field(field: Mapping[str, Any]) -> str:
    name = str(FIELDS.get(field["name"], field["name"]))
    if field["name"] == "note":
        return name
    before, after = (value(field["name"], field[side]) for side in ("before", "after"))
    return f"{name}: {before} {ARROW} {after}"


def _line(line: Mapping[str, Any]) -> str:
    before, after = (differences.read_line(line[side]) for side in ("before", "after"))
    known = after or before
    words = ", ".join(str(LINE_CHANGES[LineChange(change)]) for change in line["changes"])
    sides = f" {ARROW} ".join(_line_value(side) for side in (before, after) if side is not None)
    return f"{known.resource if known else ''}: {words} ({sides})"


def _line_value(line: LineValue) -> str:
    when = formats.period(*line.period)
    return when if line.quantity == 1 else f"{formats.number(line.quantity)} × {when}"
