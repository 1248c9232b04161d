"""The basket of the search page: what is in it costs so much, clashes there, would fit so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from billing import quotes
from billing.errors import NoPrice, NoVatRate
from billing.money import Money, total
from billing.quotes import Quote, Renter
from config import clock
from portal.pages import formats, suggested
from portal.pages.seeking import Asked
from rental import asking, finding, suggestions
from rental.finding import Findings
from rental.models import Resource, ResourceKind
from rental.occupancies import Ask
from rental.period import Period
from rental.suggestions import Suggestion, SuggestionKind, Wish

# Other halls, or equal models, offered for each thing that is not free on several days.
OF_EACH = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing in the basket: how many, what they cost on all days together, what is wrong."""

    resource: Resource
    pieces: int
    price: Money | None
    clash: str = ""


@dataclass(frozen=True, slots=True)
class Nearby:
    """What would fit instead: in words, and as the query that looks at it."""

    words: str
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Basket:
    """Everything chosen, at the times looked at."""

    chosen: tuple[Chosen, ...] = ()
    quote: Quote | None = None
    nearby: tuple[Nearby, ...] = ()
    # What keeps the whole of it from being booked, if anything does.
    problem: str = ""

    @property
    def clashes(self) -> bool:
        """Whether something in it is not free."""
        return any(one.clash for one in self.chosen)

    @property
    def pieces(self) -> int:
        """How many pieces of whatever kind."""
        return sum(one.pieces for one in self.chosen)


def of(asked: Asked, known: Mapping[str, Resource], findings: Findings, renter: Renter) -> Basket:
    """The basket as it stands; `findings` has looked at what is in it."""
    wanted = [(known[code], pieces) for code, pieces in sorted_by_kind(asked.basket, known)]
    if not wanted:
        return Basket()
    asks = [
        Ask(resource, pieces, period) for resource, pieces in wanted for period in asked.periods
    ]
    days = len(asked.periods)
    short = {number // days for number in findings.seen.short_lines(asks)}
    quote = quoted(renter, asks, asked.people)
    chosen = tuple(
        Chosen(
            resource,
            pieces,
            _price_of(asks[place * days : (place + 1) * days], quote, place)
            or _alone(renter, asks[place * days : (place + 1) * days], asked.people),
            _clash(resource, pieces, findings, asked, is_short=place in short),
        )
        for place, (resource, pieces) in enumerate(wanted)
    )
    near = _nearby(asked, asks, [wanted[place][0] for place in sorted(short)]) if short else ()
    return Basket(chosen, quote, near, _problem(asks))


def sorted_by_kind(
    basket: Mapping[str, int], known: Mapping[str, Resource]
) -> list[tuple[str, int]]:
    """Halls, equipment, lines: as the results stand; within a kind as they were put in."""
    kinds = list(ResourceKind)
    entries = [(code, pieces) for code, pieces in basket.items() if code in known]
    return sorted(entries, key=lambda entry: kinds.index(known[entry[0]].kind))


def quoted(renter: Renter, asks: Sequence[Ask], people: int | None) -> Quote | None:
    """What these cost the unit for so many people; None where a price is not on record."""
    wanted = [quotes.rented(ask.resource, ask.period, ask.quantity, people) for ask in asks]
    try:
        return renter.quote(wanted)
    except (NoPrice, NoVatRate):
        return None


def _price_of(asks: Sequence[Ask], whole: Quote | None, place: int) -> Money | None:
    """From the quote of everything, so that the lines add up."""
    if whole is None:
        return None
    lines = whole.lines[place * len(asks) : (place + 1) * len(asks)]
    return total(line.taxed.total for line in lines)


def _alone(renter: Renter, asks: Sequence[Ask], people: int | None) -> Money | None:
    """The price where others in the basket lack one."""
    alone = quoted(renter, asks, people)
    return alone.total if alone else None


def _clash(
    resource: Resource, pieces: int, findings: Findings, asked: Asked, *, is_short: bool
) -> str:
    if finding.refused(resource, asked.periods):
        return _("The site is closed then.")
    if not is_short:
        return ""
    free = findings.pieces(resource, asked.periods)
    if free >= pieces:
        return _("Not free together with the rest of the basket.")
    if free:
        return _("Only %(free)s are free then.", free=free)
    return _("Not free then.")


def _problem(asks: Sequence[Ask]) -> str:
    if len(asks) > asking.MOST_LINES:
        return _(
            "A booking has at most %(most)s lines, one for each thing and day. Choose fewer days.",
            most=asking.MOST_LINES,
        )
    if min(ask.period.starts_at for ask in asks) < clock.now() - asking.GRACE:
        return _("This time has begun already. Choose a later one.")
    return ""


def _nearby(asked: Asked, asks: Sequence[Ask], short: Sequence[Resource]) -> tuple[Nearby, ...]:
    """Times and things that would fit; on several days only things, the same on all of them."""
    if len(asked.periods) == 1:
        wish = Wish(tuple(asks), asked.people)
        return tuple(
            Nearby(suggested.words(each, wish.asks), query)
            for each in suggestions.suggest(wish)
            if (query := _applied(asked, each)) is not None
        )
    found = []
    for resource in short:
        others = suggestions.halls_free_on(resource, asked.periods, asked.people)
        spare = [other for other in others if other.code not in asked.basket]
        for other in spare[:OF_EACH]:
            names = {"other": formats.title_of(other), "name": formats.title_of(resource)}
            found.append(
                Nearby(
                    _("%(other)s instead of %(name)s", **names),
                    asked.query(basket=exchanged(asked.basket, resource.code, other.code)),
                )
            )
    return tuple(found)


def exchanged(basket: Mapping[str, int], code: str, other: str) -> dict[str, int]:
    """The basket with another thing at the place of one."""
    return {(other if one == code else one): pieces for one, pieces in basket.items()}


def _applied(asked: Asked, suggestion: Suggestion) -> Mapping[str, Any] | None:
    """The query that looks at it; None where it would run past midnight."""
    if suggestion.kind in (SuggestionKind.SHIFT, SuggestionKind.SHORTEN):
        period = suggestion.asks[suggestion.changed[0]].period
        return asked.at(period) if within_a_day(period) else None
    return asked.query(basket={ask.resource.code: ask.quantity for ask in suggestion.asks})


def within_a_day(period: Period) -> bool:
    """Whether it begins and ends on one day of the Centre's clock, as the page can say it."""
    first, last = (instant.astimezone(clock.LOCAL) for instant in period)
    return first.date() == last.date() and last - first > timedelta()
