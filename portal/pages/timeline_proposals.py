"""What moving a bar would do: before and after, price and conflicts. Writes and locks nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from billing import quotes
from billing.errors import NoPrice, NoVatRate
from billing.quotes import Quote
from config import clock
from portal.pages import formats
from portal.pages.booking_form import clash_words
from portal.pages.timeline_bars import LOOKS
from portal.pages.timeline_rows import Viewer, look
from rental import asking, board, catalogue, differences, following, occupancies
from rental.asking import WantedLine
from rental.board import Closed, Held, Mark, Wanted
from rental.following import Shift
from rental.models import Booking
from rental.occupancies import Ask
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Change:
    """One line before and after."""

    before: WantedLine
    after: WantedLine
    name_before: str
    name_after: str

    @property
    def is_change(self) -> bool:
        """Whether it differs at all."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Proposal:
    """The event after the shift, what it would cost, and what stands in the way."""

    changes: list[Change]
    old: Quote | None
    new: Quote | None
    conflicts: list[str]

    @property
    def is_nothing(self) -> bool:
        """Whether everything would stay where it is."""
        return not any(change.is_change for change in self.changes)

    @property
    def told(self) -> list[Change]:
        """The lines that change; all of them where none does."""
        return [change for change in self.changes if change.is_change] or self.changes

    @property
    def dearer(self) -> int | None:
        """How much more it would cost, in đồng; None where a price is not on record."""
        if self.old is None or self.new is None:
            return None
        return self.new.total.minor - self.old.total.minor


def lines_of(booking: Booking) -> list[WantedLine]:
    """The lines of a booking as they stand."""
    return [line.as_wanted() for line in differences.of(booking).lines]


def proposal(booking: Booking, shift: Shift, viewer: Viewer) -> Proposal:
    """What the shift would do to the booking; raises UnknownResource."""
    before = lines_of(booking)
    after = following.shifted(before, shift, clock.LOCAL)
    resources = catalogue.by_codes({line.resource for line in [*before, *after]})
    asks = [
        Ask(resources[line.resource], line.quantity, line.period, line.add_ons) for line in after
    ]
    names = {code: formats.title_of(resource) for code, resource in resources.items()}
    changes = [
        Change(old, new, names[old.resource], names[new.resource])
        for old, new in zip(before, after, strict=True)
    ]
    return Proposal(
        changes,
        _quoted(booking, asking.asks_of(booking)),
        _quoted(booking, asks),
        _conflicts(booking, asks, viewer),
    )


def _quoted(booking: Booking, asks: Sequence[Ask]) -> Quote | None:
    attendees = booking.attendees
    wanted = [
        quotes.rented(ask.resource, ask.period, ask.quantity, attendees, ask.add_ons)
        for ask in asks
    ]
    try:
        # A line that stays keeps what it was promised.
        return quotes.foreseen(booking, wanted)
    except (NoPrice, NoVatRate):
        return None


def _conflicts(booking: Booking, asks: Sequence[Ask], viewer: Viewer) -> list[str]:
    wishes = occupancies.unfold(asks)
    span = Period(min(w.period.starts_at for w in wishes), max(w.period.ends_at for w in wishes))
    rows = catalogue.seen(wish.resource_id for wish in wishes)
    stocks = {key: row.stock for key, row in rows.items()}
    others = occupancies.taken(stocks, span, apart_from=booking.id)
    found = occupancies.shortages(wishes, rows, others)
    told = [clash_words(conflict) for conflict in found]
    told += _what_lies_there(booking, {str(c["resource"]) for c in found}, asks, viewer)
    return list(dict.fromkeys(told))


def _what_lies_there(
    booking: Booking, codes: set[str], asks: Sequence[Ask], viewer: Viewer
) -> list[str]:
    """By name, as far as the viewer may know: what meets a line that cannot be had."""
    if not codes:
        return []
    listed = board.listed(Wanted(codes=sorted(codes)))
    wanted = Period(min(a.period.starts_at for a in asks), max(a.period.ends_at for a in asks))
    found: list[str] = []
    for one in listed:
        lies = board.lying([one], wanted, viewer.unit_id)[one.id]
        for mark in lies.marks:
            if isinstance(mark, Held) or getattr(mark, "reference", "") == booking.reference:
                continue
            when = formats.period(mark.starts_at, mark.ends_at)
            found.append(f"{one.code}: {_named(mark, viewer)}, {when}")
    return found[:5]


def _named(mark: Mark, viewer: Viewer) -> str:
    if isinstance(mark, Closed):
        return str(LOOKS[mark.kind].word)
    known = viewer.knows(mark)
    word = str(LOOKS[look(mark, known=known)].word)
    return f"{mark.title} ({word})" if known else _("taken by another unit")
