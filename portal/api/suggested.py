"""What would almost have fitted, beside the conflicts of a refusal."""

from typing import Any

from flask import g

from portal.api.instants import local
from rental import catalogue, suggestions
from rental.asking import WantedLine
from rental.occupancies import Ask
from rental.suggestions import Suggestion, Wish


def remember(lines: list[WantedLine], attendees: int | None, apart_from: int | None = None) -> None:
    """Keep what is asked for, so that a refusal of it can suggest something near."""
    g.asked = (lines, attendees, apart_from)


def near() -> list[dict[str, Any]]:
    """At most five ways in which what was asked for would fit; called after the transaction."""
    if "asked" not in g:
        return []
    lines, attendees, apart_from = g.asked
    resources = catalogue.by_codes(line.resource for line in lines)
    asks = tuple(Ask(resources[line.resource], line.quantity, line.period) for line in lines)
    return [_as_json(each) for each in suggestions.suggest(Wish(asks, attendees, apart_from))]


def _as_json(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "kind": suggestion.kind.value,
        "lines": [
            {
                "resource": ask.resource.code,
                "quantity": ask.quantity,
                "starts_at": local(ask.period.starts_at),
                "ends_at": local(ask.period.ends_at),
            }
            for ask in suggestion.asks
        ],
    }
