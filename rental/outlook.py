"""What is taken of some resources over a span, as values: asked once, then only reckoned with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from config.database import db
from rental import availability, catalogue, closures, occupancies
from rental.availability import Claim
from rental.catalogue import Locked
from rental.models import Closure, Resource
from rental.occupancies import Ask, Wanted
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Outlook:
    """Resources with their parts, and every claim on them within `span`."""

    span: Period
    resources: Mapping[int, Resource]
    parts: Mapping[int, list[tuple[int, int]]]
    claims: Mapping[int, list[Claim]]

    def free_of(self, resource: Resource, period: Period) -> int:
        """How many of a resource a booking of `period` could take, parts and gaps included."""
        if resource.id not in self.parts:
            # What nothing lies on needs no arithmetic: most resources, on most days.
            claims = self.claims[resource.id]
            return self._left(resource, resource, period) if claims else resource.stock
        return min(
            self._left(self.resources[part_id], resource, period) // needed
            for part_id, needed in catalogue.unfolded(resource.id, 1, self.parts).items()
        )

    def _left(self, part: Resource, whole: Resource, period: Period) -> int:
        gap = max(part.turnaround_minutes, whole.turnaround_minutes)
        wanted = period.widened(timedelta(), timedelta(minutes=gap))
        return availability.free_stock(part.stock, self.claims[part.id], wanted)

    def claims_on(self, resource: Resource) -> list[Claim]:
        """What is taken of a resource and of its parts."""
        needs = catalogue.unfolded(resource.id, 1, self.parts)
        return [claim for part_id in needs for claim in self.claims[part_id]]

    def shortages(self, asks: Sequence[Ask]) -> list[dict[str, object]]:
        """What these lines together are short of; empty where all of it is free."""
        wishes = self.unfold(asks)
        return occupancies.shortages(wishes, self._rows(wishes), self._near(wishes))

    def short_lines(self, asks: Sequence[Ask]) -> list[int]:
        """The numbers of the lines that lack something beside those before them."""
        wishes = self.unfold(asks)
        claimed = occupancies.Claimed(self._rows(wishes), self._near(wishes))
        short = [wish.line_number for wish in wishes if claimed.add(wish) is not None]
        return list(dict.fromkeys(short))

    def unfold(self, asks: Sequence[Ask]) -> list[Wanted]:
        """Every resource that these lines take, with turnaround in the tail."""
        return [
            Wanted(
                number,
                part_id,
                quantity,
                ask.period.widened(timedelta(), timedelta(minutes=self._gap(part_id, ask))),
            )
            for number, ask in enumerate(asks)
            for part_id, quantity in catalogue.unfolded(
                ask.resource.id, ask.quantity, self.parts
            ).items()
        ]

    def kept_from(
        self, unit_id: int | None, resources: Iterable[Resource], periods: Sequence[Period]
    ) -> dict[int, Closure]:
        """The resources that are kept for other units in one of the periods, each with why.

        Without a unit there is nobody to keep them from.
        """
        if unit_id is None:
            return {}
        kept = closures.kept_from(unit_id, self.span)
        if not kept:
            return {}
        asks = [Ask(resource, 1, period) for resource in resources for period in periods]
        found: dict[int, Closure] = {}
        for wish in self.unfold(asks):
            for closure in kept:
                if closures.covers(closure, wish):
                    found.setdefault(asks[wish.line_number].resource.id, closure)
        return found

    def _gap(self, part_id: int, ask: Ask) -> int:
        return max(self.resources[part_id].turnaround_minutes, ask.resource.turnaround_minutes)

    def _rows(self, wishes: Sequence[Wanted]) -> dict[int, Locked]:
        wanted = (self.resources[resource_id] for resource_id in {w.resource_id for w in wishes})
        return {r.id: Locked(r.code, r.stock, r.turnaround_minutes) for r in wanted}

    def _near(self, wishes: Sequence[Wanted]) -> dict[int, list[Claim]]:
        """The claims that may lie under the wishes: an outlook of weeks holds many that do not."""
        if not wishes:
            return {}
        first = min(wish.period.starts_at for wish in wishes)
        last = max(wish.period.ends_at for wish in wishes)
        return {
            resource_id: [
                claim
                for claim in self.claims[resource_id]
                if claim.starts_at < last and claim.ends_at > first
            ]
            for resource_id in {wish.resource_id for wish in wishes}
        }


def of(resources: Iterable[Resource], span: Period, *, apart_from: int | None = None) -> Outlook:
    """The outlook on these resources and their parts, in three queries at most.

    A booking brings its own turnaround: the gap after `span` is looked at as well. `apart_from` is
    the id of a booking whose own claims do not count.
    """
    asked = {resource.id: resource for resource in resources}
    parts = catalogue.parts_of(asked)
    missing = {part_id for pairs in parts.values() for part_id, _ in pairs} - asked.keys()
    if missing:
        more = db.session.scalars(sa.select(Resource).where(Resource.id.in_(missing)))
        asked |= {resource.id: resource for resource in more}
    widest = max((r.turnaround_minutes for r in asked.values()), default=0)
    wide = span.widened(timedelta(), timedelta(minutes=widest))
    stocks = {r.id: r.stock for r in asked.values()}
    claims = occupancies.taken(stocks, wide, apart_from=apart_from)
    return Outlook(span, asked, parts, claims)
