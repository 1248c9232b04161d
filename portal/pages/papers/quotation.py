"""Quotation: what the booking would cost, and until when that holds."""

from datetime import date, timedelta

from flask_babel import gettext as _

from billing import deposits
from billing.quotes import Quote
from config import clock
from portal.pages import formats
from portal.pages.papers import prices, sheets, terms
from portal.pages.papers.sheets import Block, Sheet
from portal.pages.states import EVENT_KINDS
from rental.models import Booking, BookingStatus


def sheet(booking: Booking) -> Sheet:
    """The quotation of a booking as it stands today; raises NoPrice or NoVatRate."""
    today = clock.today()
    edition = terms.edition_on(terms.editions(), today)
    priced = prices.of(booking)
    quote = priced.quote
    blocks = (
        _addressed(booking),
        sheets.text(
            _(
                "%(centre)s quotes for the event “%(title)s” as follows:",
                centre=sheets.centre_name(),
                title=booking.title,
            )
        ),
        prices.ledger(priced),
        prices.sums(priced),
        sheets.heading(_("Conditions")),
        sheets.points(
            ("–", words) for words in (_holds(booking, today, edition.quotation.valid_days),
                                       *_in_advance(quote),
                                       *map(str, edition.quotation.notes))
        ),
        sheets.signatures(("", "", ""), (_("For the Press Center"), _("(signature, name)"), "")),
    )  # fmt: skip
    return Sheet(
        title=_("QUOTATION"),
        under=(_("of %(day)s", day=formats.plain_day(today)),),
        sample=_("Sample prices, for demonstration. The Centre's own price list decides.")
        if quote.sample
        else None,
        blocks=blocks,
    )


def _addressed(booking: Booking) -> Block:
    renter = prices.renter(booking)
    event: list[tuple[str, str | None]] = [
        (_("Kind"), str(EVENT_KINDS[booking.event_kind.value])),
        (_("When"), formats.period(booking.starts_at, booking.ends_at)),
        (_("Contact"), f"{booking.member.name}, {booking.member.email}"),
    ]
    return sheets.parties(
        (_("Addressed to"), booking.unit.name, renter), (_("Event"), booking.title, event)
    )


def valid_until(booking: Booking, today: date, days: int) -> date:
    """The last day on which an unconfirmed request can be had at this price.

    Not longer than its stock is held for it, and not beyond the day on which it begins.
    """
    ends = [today + timedelta(days=days), booking.starts_at.astimezone(clock.LOCAL).date()]
    if booking.expires_at is not None:
        ends.append(booking.expires_at.astimezone(clock.LOCAL).date())
    return max(min(ends), today)


def _in_advance(quote: Quote) -> list[str]:
    """What is to be paid before the event, and until when."""
    deposit = deposits.of(quote)
    if deposit is None:
        return []
    why = deposit.explanation_en if formats.language() == "en" else deposit.explanation
    return [
        _(
            "To be paid in advance: %(amount)s by %(day)s (%(why)s).",
            amount=formats.money(deposit.amount),
            day=formats.plain_day(deposit.due_on),
            why=why,
        )
    ]


def _holds(booking: Booking, today: date, days: int) -> str:
    if booking.status is not BookingStatus.REQUESTED:
        return _("The booking is confirmed; these prices are agreed.")
    until = valid_until(booking, today, days)
    return _("This quotation holds until the end of %(day)s.", day=formats.plain_day(until))
