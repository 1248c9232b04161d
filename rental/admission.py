"""What a request must pass beside being free, and what it sets going with others.

Before anything is locked: dates kept for other units, and quotas. Once it is written: the approvals
it needs, and the holds of others that it leaves no room.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rental import approvals, closures, hold_ranks, quotas
from rental.hold_ranks import Claimant
from rental.models import Booking, Member, Unit
from rental.occupancies import Ask, Wanted
from rental.quota_rules import Excess

# How long a holder has to decide once somebody else wants the date; the installation may say.
CHALLENGE_HOURS = 48


@dataclass(frozen=True, slots=True)
class Event:
    """One event at the door: whose, its lines, and all they would take."""

    unit: Unit
    asks: Sequence[Ask]
    claims: Sequence[Wanted]


def events(
    units: Sequence[Unit], asks: Sequence[Sequence[Ask]], claims: Sequence[Wanted]
) -> list[Event]:
    """The events with the claims of each; claims number the lines of all."""
    places = [place for place, of_one in enumerate(asks) for _ask in of_one]
    groups: list[list[Wanted]] = [[] for _ in asks]
    for claim in claims:
        groups[places[claim.line_number]].append(claim)
    return [Event(*event) for event in zip(units, asks, groups, strict=True)]


def require(
    wanted: Sequence[Event], *, by: Member, apart_from: Collection[int] = ()
) -> dict[int, list[Excess]]:
    """Refuse what is kept for others or goes beyond a quota; before any lock on resources.

    Gives back, by the unit's id, the quotas that the staff exceeds knowingly. `apart_from` are the
    bookings that these events replace. Raises ReservedForOthers or QuotaExceeded.
    """
    of_unit: dict[int, list[Event]] = {}
    for event in wanted:
        of_unit.setdefault(event.unit.id, []).append(event)
    over: dict[int, list[Excess]] = {}
    for unit_id, theirs in sorted(of_unit.items()):
        closures.require_unreserved([c for event in theirs for c in event.claims], unit_id)
        asks = [event.asks for event in theirs]
        over[unit_id] = quotas.check(theirs[0].unit, asks, by=by, apart_from=apart_from)
    return over


def welcome(booking: Booking, over: dict[int, list[Excess]], *, by: Member) -> None:
    """Ask whose yes a new request needs, and note the quotas that the staff went beyond."""
    quotas.note(booking, over.pop(booking.unit_id, []), by=by)
    approvals.ask(booking)


def challenge(taken: Iterable[tuple[Booking, datetime, Sequence[Wanted]]], *, hours: int) -> None:
    """Tell the holders whom these bookings leave no room; one query where nobody holds anything.

    Each booking with the instant since when it claims its stock, and what it has taken.
    """
    bookings = list(taken)
    if not hold_ranks.near([claim for _b, _since, claims in bookings for claim in claims]):
        return
    for booking, since, claims in bookings:
        claimant = Claimant(booking.unit_id, since)
        hold_ranks.challenge(booking, claims, claimant, hours=hours)
