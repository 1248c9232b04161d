"""What a booking needs at the counter, what of it is out and what came back: values, no database.

Only equipment is counted. A hall and a circuit go with the booking, and what belongs to a hall for
good stays in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rental.models import AssetCondition

Parts = Mapping[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Piece:
    """What was scanned or counted at the counter: an asset by its tag, or some of a resource.

    `scan` is the word by which whoever scanned it knows the answer again.
    """

    tag: str | None = None
    resource: str | None = None
    quantity: int = 1
    condition: AssetCondition | None = None
    note: str = ""
    scan: str = ""

    @property
    def name(self) -> str:
        """The tag or the code, as it was read."""
        return self.tag or self.resource or ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Pieces of a line that went or came: `resource_id` went, perhaps instead of another."""

    line_id: int
    resource_id: int
    quantity: int
    is_out: bool
    instead_of_id: int | None = None

    @property
    def booked_id(self) -> int:
        """The resource that was booked."""
        return self.instead_of_id or self.resource_id


@dataclass(slots=True)
class Need:
    """How many of one resource a line needs, how many of them are out and how many came back."""

    line_id: int
    resource_id: int
    quantity: int
    out: int = 0
    back: int = 0

    @property
    def missing(self) -> int:
        """How many have not been handed over yet."""
        return max(self.quantity - self.out - self.back, 0)

    @property
    def room(self) -> int:
        """How many more may be out at once: what came back broken may be replaced."""
        return max(self.quantity - self.out, 0)


def needs(line_id: int, taken: Mapping[int, int], equipment: Iterable[int]) -> list[Need]:
    """What a line needs of each piece of equipment it takes, itself and its parts at all levels.

    `taken` is the line unfolded: resource ids and quantities, parts multiplied down.
    """
    scanned = set(equipment)
    return [
        Need(line_id, resource_id, quantity)
        for resource_id, quantity in taken.items()
        if resource_id in scanned
    ]


def tally(needed: Sequence[Need], moved: Iterable[Moved]) -> list[Need]:
    """The needs with what is out and what came back filled in; each movement counts once.

    An asset that came back and went again fills its place a second time: what is back counts only
    as far as the need leaves room.
    """
    places = {(need.line_id, need.resource_id): need for need in needed}
    returned: dict[tuple[int, int], int] = {}
    for one in moved:
        place = (one.line_id, one.booked_id)
        if place not in places:
            continue
        if one.is_out:
            places[place].out += one.quantity
        else:
            returned[place] = returned.get(place, 0) + one.quantity
    for place, quantity in returned.items():
        need = places[place]
        need.back = min(quantity, max(need.quantity - need.out, 0))
    return list(needed)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is physically here of each resource: stock without what is out and what is broken."""

    stock: Mapping[int, int]
    out: Mapping[int, int] = field(default_factory=dict)
    closed: Mapping[int, int] = field(default_factory=dict)

    def here(self, resource_id: int) -> int:
        """How many pieces can be handed over now."""
        taken = self.out.get(resource_id, 0) + self.closed.get(resource_id, 0)
        return max(self.stock.get(resource_id, 0) - taken, 0)


@dataclass(frozen=True, slots=True)
class Stay:
    """One line as the end of a booking looks at it: until when, and whether it needs no scan."""

    starts_at: datetime
    ends_at: datetime
    is_place: bool


def is_complete(needed: Sequence[Need], stays: Sequence[Stay], at: datetime) -> bool:
    """Whether everything is back, so that the booking is returned.

    Nothing may be out. While the event runs a hall or circuit is still in use, and pieces that were
    not fetched yet may still be.
    """
    if any(need.out for need in needed):
        return False
    running = [stay for stay in stays if stay.starts_at <= at < stay.ends_at]
    if not running:
        return True
    return not any(stay.is_place for stay in running) and not any(need.missing for need in needed)
