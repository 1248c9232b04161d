"""Rental contract: what the booking says, and the clauses that operators write."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from flask_babel import gettext as _

from billing import cancellation, deposits
from billing.cancellation import Step
from billing.seller import seller
from config import clock
from portal.pages import formats
from portal.pages.papers import prices, sheets, terms
from portal.pages.papers.prices import PricedBooking
from portal.pages.papers.sheets import Block, Column, Row, Sheet
from portal.pages.papers.terms import Article, Contract, Edition, Shown
from portal.pages.states import KINDS
from rental.models import Booking, BookingStatus, ResourceKind


def sheet(booking: Booking) -> Sheet:
    """The contract of a booking by today's wording; raises NoPrice, NoVatRate or NoEdition."""
    edition = terms.edition_on(terms.editions(), clock.today())
    wording = edition.contract
    priced = prices.of(booking)
    blocks = [
        *(sheets.basis(str(words)) for words in wording.basis),
        sheets.text(
            _("Today, on ……………………………, in %(place)s, the parties are:", place=str(wording.place))
        ),
        _parties(booking, wording),
        sheets.text(_("They agree on this contract:")),
    ]
    for number, article in enumerate(wording.articles, 1):
        blocks += _article(number, article, priced, wording)
    blocks.append(
        sheets.signatures(
            (_("For Party A"), _("(signature, seal)"), wording.representative or ""),
            (_("For Party B"), _("(signature, seal)"), ""),
        )
    )
    return Sheet(
        title=_("RENTAL CONTRACT"),
        under=(_("No. %(number)s", number=booking.reference), booking.title),
        blocks=tuple(blocks),
        sample=_caution(edition, priced),
        stamp=_("DRAFT") if booking.status is BookingStatus.REQUESTED else None,
        motto=(
            _("SOCIALIST REPUBLIC OF VIET NAM"),
            _("Independence – Freedom – Happiness"),
        ),
    )


def _caution(edition: Edition, priced: PricedBooking) -> str | None:
    if edition.sample:
        return _("Sample wording, not to be signed: it waits for the approval of a lawyer.")
    if priced.quote.sample:
        return _("Sample prices, for demonstration. The Centre's own price list decides.")
    return None


def _parties(booking: Booking, wording: Contract) -> Block:
    own = seller()
    signs = wording.representative
    if signs and wording.position:
        signs = f"{signs}, {wording.position}"
    ours: list[tuple[str, str | None]] = [
        (_("Tax code"), own.tax_code),
        (_("Address"), own.address),
        (_("Telephone"), own.phone),
        (_("Represented by"), signs),
    ]
    theirs = [*prices.renter(booking), (_("Represented by"), None)]
    return sheets.parties(
        (_("Party A (lets)"), sheets.centre_name(), ours),
        (_("Party B (rents)"), booking.unit.name, theirs),
    )


def _article(
    number: int, article: Article, priced: PricedBooking, wording: Contract
) -> list[Block]:
    blocks = [
        sheets.heading(_("Article %(number)s. %(title)s", number=number, title=str(article.title)))
    ]
    for shown in article.shows:
        blocks += WRITTEN[shown](priced, wording)
    blocks.append(
        sheets.points((f"{number}.{i}", str(words)) for i, words in enumerate(article.clauses, 1))
    )
    return blocks


def _lines(priced: PricedBooking, _wording: Contract) -> list[Block]:
    columns = (
        Column(_("No."), "auto", "middle"),
        Column(_("What"), "1fr"),
        Column(_("Quantity"), "auto", "end"),
        Column(_("When"), "auto"),
    )
    rows = (
        sheets.row(
            str(number),
            sheets.told(formats.title_of(line.resource), line.resource.code),
            formats.number(line.quantity),
            prices.when(line),
        )
        for number, line in enumerate(priced.booking.lines, 1)
    )
    return [sheets.ledger(columns, rows)]


def _price(priced: PricedBooking, _wording: Contract) -> list[Block]:
    return [prices.ledger(priced), prices.sums(priced)]


def _account(_priced: PricedBooking, _wording: Contract) -> list[Block]:
    bank = seller().bank
    return [
        sheets.facts(
            [
                (_("Account"), f"{bank.account}, {bank.name}"),
                (_("Account holder"), bank.holder),
            ]
        )
    ]


def _deposit(priced: PricedBooking, wording: Contract) -> list[Block]:
    deposit = wording.deposit
    if deposit is None:
        return _in_advance(priced)
    amount = priced.quote.total.times(Fraction(deposit.percent, 100))
    first = priced.booking.starts_at.astimezone(clock.LOCAL).date()
    words = _(
        "Party B pays a deposit of %(percent)s %% of the total, %(amount)s, by %(day)s.",
        percent=deposit.percent,
        amount=formats.money(amount),
        day=formats.plain_day(first - timedelta(days=deposit.days_before)),
    )
    return [sheets.text(words)]


def _in_advance(priced: PricedBooking) -> list[Block]:
    """Where the wording has no deposit of its own: what the terms in force ask for, as quoted."""
    asked = deposits.of(priced.quote)
    if asked is None:
        return []
    words = _(
        "Party B pays %(amount)s in advance, by %(day)s (%(why)s).",
        amount=formats.money(asked.amount),
        day=formats.plain_day(asked.due_on),
        why=asked.explanation_en if formats.language() == "en" else asked.explanation,
    )
    return [sheets.text(words)]


def _cancellation(priced: PricedBooking, _wording: Contract) -> list[Block]:
    """The terms in force for what is booked: on the day of the request, as they are charged."""
    booking = priced.booking
    day = booking.requested_at.astimezone(clock.LOCAL).date()
    rows: list[Row] = []
    for kind in ResourceKind:
        if any(line.resource.kind is kind for line in booking.lines):
            rows += _steps(kind, booking, day)
    if not rows:
        return []
    columns = (Column(_("Cancelled before the start"), "1fr"), Column(_("Owed"), "auto", "end"))
    return [sheets.ledger(columns, rows)]


def _steps(kind: ResourceKind, booking: Booking, day: date) -> list[Row]:
    held = cancellation.terms_of(cancellation.terms(), kind, booking.unit.unit_class, day)
    if held is None:
        return []
    told = (
        sheets.row(words, _("%(percent)s %% of the price", percent=step.percent))
        for words, step in zip(notices(held.steps), held.steps, strict=True)
    )
    return [sheets.group(str(KINDS[kind.value])), *told]


def notices(steps: Sequence[Step]) -> list[str]:
    """Each step in words: from so long on, between two, or less than the shortest."""
    words: list[str] = []
    for i, step in enumerate(steps):
        is_last, is_first = not step.length, i == 0
        if is_last and is_first:
            words.append(_("at any time"))
        elif is_last:
            words.append(_("less than %(notice)s", notice=_notice(steps[i - 1])))
        elif is_first:
            words.append(_("%(notice)s or more", notice=_notice(step)))
        else:
            words.append(
                _(
                    "from %(notice)s to less than %(longer)s",
                    notice=_notice(step),
                    longer=_notice(steps[i - 1]),
                )
            )
    return words


def _notice(step: Step) -> str:
    if step.days is not None:
        return _("one day") if step.days == 1 else _("%(days)s days", days=step.days)
    return _("one hour") if step.hours == 1 else _("%(hours)s hours", hours=step.hours)


WRITTEN: dict[Shown, Callable[[PricedBooking, Contract], list[Block]]] = {
    Shown.LINES: _lines,
    Shown.PRICE: _price,
    Shown.ACCOUNT: _account,
    Shown.DEPOSIT: _deposit,
    Shown.CANCELLATION: _cancellation,
}
