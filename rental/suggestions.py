"""When it almost fits: what a booking could change a little to be free, nearest first.

The whole booking is shifted by at most 20 minutes, shortened by at most a quarter, moved to another
hall with enough seats or an equal model, or content with fewer pieces. Each suggestion has been
reckoned through with all lines together; somebody may still be quicker.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import asking, catalogue, hours, outlook
from rental.models import Resource, ResourceKind
from rental.occupancies import Ask
from rental.outlook import Outlook
from rental.period import Period

MOST = 5
STEP = timedelta(minutes=5)
FURTHEST = timedelta(minutes=20)
# A quarter of a line's own time.
SHORTEST = 0.75
CANDIDATES = 30
OF_A_KIND = 2


class SuggestionKind(StrEnum):
    """What changes."""

    SHIFT = "shift"
    SHORTEN = "shorten"
    HALL = "hall"
    MODEL = "model"
    FEWER = "fewer"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The lines as they would fit, in the order asked; `changed` numbers those that differ."""

    kind: SuggestionKind
    asks: tuple[Ask, ...]
    changed: tuple[int, ...]
    # How much later (or, below zero, earlier) it begins and ends.
    starts_by: timedelta = timedelta()
    ends_by: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Wish:
    """The lines that do not fit, and how many people come."""

    asks: tuple[Ask, ...]
    attendees: int | None = None
    apart_from: int | None = None


def suggest(wish: Wish, *, most: int = MOST) -> list[Suggestion]:
    """At most so many ways in which the lines would fit; none where they fit, or nothing does."""
    if not wish.asks:
        return []
    others = _alternatives(wish)
    resources = {ask.resource.id: ask.resource for ask in wish.asks}
    resources |= {resource.id: resource for found in others.values() for resource in found}
    starts_at, ends_at = asking.span_of(wish.asks)
    span = Period(starts_at, ends_at).widened(FURTHEST, FURTHEST)
    seen = outlook.of(resources.values(), span, apart_from=wish.apart_from)
    return reckoned(wish, seen, others, most=most)


def reckoned(
    wish: Wish, seen: Outlook, others: dict[int, list[Resource]], *, most: int = MOST
) -> list[Suggestion]:
    """The same over values: `others` are the resources that may stand in for each line's."""
    short = seen.short_lines(wish.asks)
    if not short:
        return []
    found: list[Suggestion] = []
    for tried in (
        _shifted(wish.asks),
        _exchanged(wish.asks, short, others, SuggestionKind.HALL),
        _exchanged(wish.asks, short, others, SuggestionKind.MODEL),
        _shortened(wish.asks, short),
        _fewer(wish.asks, short, seen),
    ):
        fitting = (each for each in tried if _fits(each, wish.asks, seen))
        found.extend(islice(fitting, OF_A_KIND))
    return found[:most]


def _fits(suggestion: Suggestion, before: Sequence[Ask], seen: Outlook) -> bool:
    earliest = clock.now() - asking.GRACE
    for ask, was in zip(suggestion.asks, before, strict=True):
        if ask.period.starts_at < earliest and ask.period != was.period:
            return False
        # Nobody is sent to closed doors who asked for open ones.
        if hours.is_closed(ask.resource, ask.period) and not hours.is_closed(
            was.resource, was.period
        ):
            return False
    return not seen.shortages(suggestion.asks)


def _shifted(asks: Sequence[Ask]) -> Iterator[Suggestion]:
    """Later and earlier by turns, five minutes at a time."""
    every = tuple(range(len(asks)))
    for steps in range(1, FURTHEST // STEP + 1):
        for by in (steps * STEP, -steps * STEP):
            moved = tuple(
                replace(ask, period=Period(ask.period.starts_at + by, ask.period.ends_at + by))
                for ask in asks
            )
            yield Suggestion(SuggestionKind.SHIFT, moved, every, by, by)


def _shortened(asks: Sequence[Ask], short: Sequence[int]) -> Iterator[Suggestion]:
    """Cut at the end or the start; lines of the same time are cut together."""
    times = {asks[number].period for number in short}
    changed = tuple(n for n, ask in enumerate(asks) if ask.period in times)
    most = min(asks[number].period.duration for number in changed) * (1 - SHORTEST)
    for steps in range(1, most // STEP + 1):
        cut = steps * STEP
        for starts_by, ends_by in ((timedelta(), -cut), (cut, timedelta())):
            lines = tuple(
                replace(
                    ask,
                    period=Period(ask.period.starts_at + starts_by, ask.period.ends_at + ends_by),
                )
                if number in changed
                else ask
                for number, ask in enumerate(asks)
            )
            yield Suggestion(SuggestionKind.SHORTEN, lines, changed, starts_by, ends_by)


def _exchanged(
    asks: Sequence[Ask],
    short: Sequence[int],
    others: dict[int, list[Resource]],
    kind: SuggestionKind,
) -> Iterator[Suggestion]:
    """Another resource for the one line that is short."""
    is_hall = kind is SuggestionKind.HALL
    lines = [n for n in short if (asks[n].resource.kind is ResourceKind.HALL) == is_hall]
    taken = {ask.resource.id for ask in asks}
    for number in lines:
        for other in others.get(asks[number].resource.id, ()):
            if other.id in taken:
                continue
            swapped = tuple(
                replace(ask, resource=other) if n == number else ask for n, ask in enumerate(asks)
            )
            yield Suggestion(kind, swapped, (number,))


def _fewer(asks: Sequence[Ask], short: Sequence[int], seen: Outlook) -> Iterator[Suggestion]:
    """As many pieces as are left, where some are."""
    lines = list(asks)
    for number in short:
        ask = asks[number]
        free = seen.free_of(ask.resource, ask.period)
        beside = sum(
            other.quantity
            for n, other in enumerate(asks[:number])
            if other.resource is ask.resource and other.period.overlaps(ask.period)
        )
        if not 1 <= free - beside < ask.quantity:
            return
        lines[number] = replace(ask, quantity=free - beside)
    yield Suggestion(SuggestionKind.FEWER, tuple(lines), tuple(short))


def _alternatives(wish: Wish) -> dict[int, list[Resource]]:
    """For each resource asked for, what could stand in for it, nearest first."""
    found: dict[int, list[Resource]] = {}
    for ask in wish.asks:
        if ask.resource.id not in found:
            found[ask.resource.id] = alternatives(ask.resource, wish.attendees)
    return found


def alternatives(resource: Resource, people: int | None = None) -> list[Resource]:
    """What could stand in for it: a hall with enough seats, an equal model, a line as fast.

    The same site first, then the nearest size. Equipment without a category has no equal.
    """
    query = sa.select(Resource).where(
        ~Resource.is_retired,
        ~Resource.is_uplink,
        Resource.kind == resource.kind,
        Resource.id != resource.id,
    )
    # The nearest size after the nearest place; where size does not matter, the oldest.
    size: sa.orm.InstrumentedAttribute[Any] = Resource.id
    if resource.kind is ResourceKind.HALL:
        needed = people or resource.seats or 0
        query, size = query.where(Resource.seats >= needed), Resource.seats
    elif resource.kind is ResourceKind.CIRCUIT:
        query, size = query.where(Resource.mbps >= (resource.mbps or 0)), Resource.mbps
    elif resource.category:
        query = query.where(Resource.category == resource.category)
    else:
        return []
    elsewhere = Resource.site_id != resource.site_id
    found = db.session.scalars(query.order_by(elsewhere, size, Resource.id).limit(CANDIDATES))
    family = _family(resource)
    return [other for other in found if other.id not in family]


def _family(resource: Resource) -> frozenset[int]:
    """The parts of it: they are taken with it."""
    parts = catalogue.parts_of([resource.id])
    return frozenset(catalogue.unfolded(resource.id, 1, parts))


def halls_free_on(
    resource: Resource, periods: Iterable[Period], people: int | None = None
) -> list[Resource]:
    """Other halls (or equal models) that are free in every one of these periods, nearest first.

    One query of what is taken, however many dates: for a series whose hall is taken on some.
    """
    wanted = list(periods)
    if not wanted:
        return []
    others = alternatives(resource, people)
    span = Period(min(p.starts_at for p in wanted), max(p.ends_at for p in wanted))
    seen = outlook.of(others, span)
    return [each for each in others if all(seen.free_of(each, period) for period in wanted)]
