"""What a booking costs, as quotation and contract print it."""

from dataclasses import dataclass

from flask_babel import gettext as _

from billing import quotes, words
from billing.money import Money
from billing.quotes import Quote, QuoteLine
from portal.pages import formats
from portal.pages.papers import sheets
from portal.pages.papers.sheets import Block, Cell, Column
from rental.models import Booking, Line


@dataclass(frozen=True, slots=True)
class PricedBooking:
    """A booking and its price by the lists in force."""

    booking: Booking
    quote: Quote


def of(booking: Booking) -> PricedBooking:
    """The booking priced; raises NoPrice or NoVatRate where a list does not price it."""
    return PricedBooking(booking, quotes.for_booking(booking))


def ledger(priced: PricedBooking) -> Block:
    """Every line with its time, how its price came about, and the price without and with tax."""
    columns = (
        Column(_("No."), "auto", "middle"),
        Column(_("What"), "1fr"),
        Column(_("When"), "auto"),
        Column(_("Quantity"), "auto", "end"),
        Column(_("Net"), "auto", "end"),
        Column(_("VAT"), "auto", "end"),
        Column(_("With VAT"), "auto", "end"),
    )
    lines = zip(priced.booking.lines, priced.quote.lines, strict=True)
    rows = (
        sheets.row(
            str(number),
            sheets.told(formats.title_of(line.resource), line.resource.code, _why(quoted)),
            when(line),
            formats.number(line.quantity),
            formats.money(quoted.taxed.net),
            quoted.taxed.code.label,
            formats.money(quoted.taxed.total),
        )
        for number, (line, quoted) in enumerate(lines, 1)
    )
    return sheets.ledger(columns, rows)


def when(line: Line) -> Cell:
    """The day, and the hours beneath, on the wall clock of the site."""
    zone = line.resource.site.tzinfo
    return sheets.told(
        formats.day(line.starts_at, zone), formats.hours(line.starts_at, line.ends_at, zone)
    )


def _why(quoted: QuoteLine) -> str:
    english = formats.language() == "en"
    reason = quoted.priced.explanation_en if english else quoted.priced.explanation
    if not quoted.priced.tax_inclusive:
        return reason
    return _("%(reason)s (VAT included)", reason=reason)


def sums(priced: PricedBooking) -> Block:
    """Net, tax by rate, total in figures and, for đồng, in words."""
    quote = priced.quote
    rows = [(_("Net"), formats.money(quote.net))]
    rows += [
        (_("VAT %(rate)s", rate=group.code.label), formats.money(group.vat)) for group in quote.vat
    ]
    total = (_("Total with VAT"), formats.money(quote.total))
    return sheets.sums(rows, total, _in_words(quote.total))


def _in_words(amount: Money) -> tuple[str, str] | None:
    if amount.currency != "VND":
        return None
    english = formats.language() == "en"
    said = (words.amount_in_english if english else words.amount_in_vietnamese)(amount.minor)
    return _("In words:"), said


def renter(booking: Booking) -> list[tuple[str, str | None]]:
    """How the unit stands in the register; what it has not told is left out."""
    unit = booking.unit
    rows = [
        (_("Tax code"), unit.tax_code),
        (_("Budget unit code"), unit.budget_code),
        (_("Address"), unit.address),
        (_("Telephone"), unit.phone),
        (_("E-mail"), unit.email),
    ]
    return [row for row in rows if row[1]]
