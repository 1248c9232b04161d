"""What almost fits, in sentences, with the values that one press puts into the form."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from portal.pages import formats
from rental import suggestions
from rental.occupancies import Ask
from rental.suggestions import Suggestion, SuggestionKind, Wish


@dataclass(frozen=True, slots=True)
class Suggested:
    """One suggestion: what it says, and the lines of the form as it would fill them."""

    words: str
    lines: str


def near(
    attendees: str, readable: Sequence[tuple[Any, Ask]], typed: Sequence[Any]
) -> list[Suggested]:
    """At most five; `readable` pairs the typed lines that could be read with what they ask."""
    people = int(attendees) if attendees.isdecimal() and len(attendees) < 7 else None
    wish = Wish(tuple(ask for _line, ask in readable), people or None)
    places = [next(n for n, line in enumerate(typed) if line is mine) for mine, _ask in readable]
    return [
        Suggested(words(each, wish.asks), json.dumps(_filled(each, places)))
        for each in suggestions.suggest(wish)
    ]


def _filled(suggestion: Suggestion, places: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "line": place,
            "resource": ask.resource.code,
            "quantity": ask.quantity,
            "starts_at": formats.field_time(ask.period.starts_at),
            "ends_at": formats.field_time(ask.period.ends_at),
        }
        for place, ask in zip(places, suggestion.asks, strict=True)
    ]


def words(suggestion: Suggestion, before: Sequence[Ask]) -> str:
    """The sentence on the button."""
    number = suggestion.changed[0]
    ask, was = suggestion.asks[number], before[number]
    if suggestion.kind is SuggestionKind.SHIFT:
        by = suggestion.starts_by
        hours = formats.hours(*ask.period)
        if by > timedelta():
            return _("%(time)s later: %(hours)s", time=formats.duration(by), hours=hours)
        return _("%(time)s earlier: %(hours)s", time=formats.duration(-by), hours=hours)
    if suggestion.kind is SuggestionKind.SHORTEN:
        cut = formats.duration(was.period.duration - ask.period.duration)
        return _("%(time)s shorter: %(hours)s", time=cut, hours=formats.hours(*ask.period))
    if suggestion.kind is SuggestionKind.FEWER:
        name = formats.title_of(ask.resource)
        return _("Only %(quantity)s of %(name)s", quantity=ask.quantity, name=name)
    name = formats.title_of(ask.resource)
    return _("%(other)s instead of %(name)s", other=name, name=formats.title_of(was.resource))
