"""Choose the dates, see everything that is free: and of what is not, why and when it is next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rental import catalogue, closures, hours, outlook, suggestions
from rental.models import Closure, ClosureKind, Resource, ResourceKind
from rental.occupancies import Ask
from rental.outlook import Outlook
from rental.period import Period
from rental.suggestions import FURTHEST, Suggestion, SuggestionKind, Wish

AHEAD = timedelta(days=14)
ROUNDED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sought:
    """The periods of one event (one a day), for how many people, and what is looked for."""

    periods: tuple[Period, ...]
    people: int | None = None
    kind: ResourceKind | None = None
    site: str | None = None
    q: str | None = None
    # Whose event it is: what is kept for other units is not free for it.
    unit_id: int | None = None

    @property
    def span(self) -> Period:
        """From the first start to the last end."""
        return Period(self.periods[0].starts_at, self.periods[-1].ends_at)


@dataclass(frozen=True, slots=True)
class Found:
    """A resource and how many of it are free in all of the periods."""

    resource: Resource
    free: int


@dataclass(frozen=True, slots=True)
class Denied:
    """A resource that is not free: what is closed, when it is next free, what would almost fit."""

    resource: Resource
    # On how many of the periods it is free.
    days_free: int
    # Whether its site turns one of the periods away, free or not.
    doors_closed: bool = False
    closure: Closure | None = None
    next_free: Period | None = None
    nearly: Suggestion | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """All that fits the wish: what is free by fitting size, and what is not."""

    free: tuple[Found, ...]
    taken: tuple[Resource, ...]
    seen: Outlook

    @property
    def total(self) -> int:
        """How many fit the wish, free or not."""
        return len(self.free) + len(self.taken)

    def pieces(self, resource: Resource, periods: Iterable[Period]) -> int:
        """How many are free in every one of the periods."""
        return min(self.seen.free_of(resource, period) for period in periods)


def find(sought: Sought, also: Sequence[Resource] = ()) -> Findings:
    """Everything offered, sorted out by one look at what is taken.

    Halls stand by size, the smallest that holds everybody first; `also` are resources looked at
    besides (those in the basket).
    """
    offered = catalogue.search(kind=sought.kind, site=sought.site, q=sought.q, parts=False)
    if sought.people:
        # Only halls have seats: gear and lines are wanted beside them.
        offered = [r for r in offered if (r.seats or 0) >= sought.people or not _is_hall(r)]
    seen = outlook.of([*offered, *also], sought.span)
    kept = seen.kept_from(sought.unit_id, offered, sought.periods)
    free: list[Found] = []
    taken: list[Resource] = []
    for resource in offered:
        pieces = min(seen.free_of(resource, period) for period in sought.periods)
        if pieces and resource.id not in kept and not refused(resource, sought.periods):
            free.append(Found(resource, pieces))
        else:
            taken.append(resource)
    free.sort(key=lambda found: (found.resource.seats or 0) if _is_hall(found.resource) else 0)
    taken.sort(key=lambda resource: (resource.seats or 0) if _is_hall(resource) else 0)
    return Findings(tuple(free), tuple(taken), seen)


def _is_hall(resource: Resource) -> bool:
    return resource.kind is ResourceKind.HALL


def refused(resource: Resource, periods: Iterable[Period]) -> bool:
    """Whether its site takes no bookings outside its hours, and one of these lies there."""
    return any(hours.refuses(resource, period) for period in periods)


def explain(denied: Sequence[Resource], sought: Sought) -> list[Denied]:
    """Why each of these is not free and what would be: two queries for all of them."""
    if not denied:
        return []
    first = sought.periods[0]
    horizon = Period(first.starts_at - FURTHEST, sought.span.ends_at + AHEAD)
    seen = outlook.of(denied, horizon)
    kept = seen.kept_from(sought.unit_id, denied, sought.periods)
    closed = {**_closures(denied, sought.span), **kept}
    alone = first if len(sought.periods) == 1 else None
    found: list[Denied] = []
    for resource in denied:
        doors_closed = refused(resource, sought.periods)
        found.append(
            Denied(
                resource,
                sum(1 for period in sought.periods if seen.free_of(resource, period)),
                doors_closed,
                closed.get(resource.id),
                next_free(resource, alone, seen) if alone else None,
                nearly(resource, alone, seen) if alone and not doors_closed else None,
            )
        )
    return found


def _closures(denied: Sequence[Resource], span: Period) -> Mapping[int, Closure]:
    """The closure that takes all of a resource, if one does."""
    standing = closures.standing((resource.id for resource in denied), span)
    return {
        closure.resource_id: closure
        for closure in standing
        if closure.quantity is None and closure.kind is not ClosureKind.RESERVED
    }


def next_free(resource: Resource, wanted: Period, seen: Outlook) -> Period | None:
    """The first period as long, after the one wanted, in which one is free and doors are open.

    None where there is none within the outlook.
    """
    length = wanted.duration
    ahead = Period(wanted.starts_at, seen.span.ends_at)
    starts = {_rounded(claim.ends_at) for claim in seen.claims_on(resource)}
    if _is_hall(resource):
        starts |= {span.starts_at for span in hours.open_spans(resource.site, ahead)}
    must_be_open = not hours.is_closed(resource, wanted) or hours.refuses(resource, wanted)
    for starts_at in sorted(starts):
        period = Period(starts_at, starts_at + length)
        if starts_at <= wanted.starts_at or period.ends_at > seen.span.ends_at:
            continue
        if must_be_open and hours.is_closed(resource, period):
            continue
        if seen.free_of(resource, period):
            return period
    return None


def _rounded(instant: datetime) -> datetime:
    """Up to the next quarter of an hour."""
    over = timedelta(seconds=instant.timestamp() % ROUNDED.total_seconds())
    return instant + (ROUNDED - over if over else timedelta())


def nearly(resource: Resource, wanted: Period, seen: Outlook) -> Suggestion | None:
    """How a little earlier, later or shorter would do, if it would."""
    wish = Wish((Ask(resource, 1, wanted),))
    found = suggestions.reckoned(wish, seen, {})
    in_time = (SuggestionKind.SHIFT, SuggestionKind.SHORTEN)
    return next((each for each in found if each.kind in in_time), None)
