"""What approved discounts take off: read for some bookings, and applied to priced lines (pure)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from billing import price_words
from billing.models import Discount, DiscountStatus
from billing.money import GAP, Money
from billing.pricing import Priced
from billing.rates import Measure
from config.database import db


@dataclass(frozen=True, slots=True)
class Reduction:
    """A percentage or an amount off a booking (`line_id` None) or one of its lines."""

    reason: str
    percent: Decimal | None = None
    amount: Money | None = None
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reduced:
    """A price after its discounts, and what they took off; None where there are none."""

    priced: Priced
    off: Money | None = None


def of_bookings(booking_ids: Collection[int]) -> dict[int, list[Reduction]]:
    """The approved discounts of some bookings, in the order of their proposal: one query."""
    found: dict[int, list[Reduction]] = {}
    if not booking_ids:
        return found
    query = (
        sa.select(Discount)
        .where(Discount.booking_id.in_(booking_ids), Discount.status == DiscountStatus.APPROVED)
        .order_by(Discount.id)
    )
    for row in db.session.scalars(query):
        found.setdefault(row.booking_id, []).append(of(row))
    return found


def of(row: Discount) -> Reduction:
    """The discount as a value."""
    return Reduction(row.reason, row.percent, row.amount, row.line_id)


def applied(
    lines: Sequence[tuple[int | None, Priced]], reductions: Iterable[Reduction]
) -> list[Reduced]:
    """The lines after their discounts: each off the full price, together never more than it.

    An amount off a booking is shared out in proportion to the prices, to the đồng.
    """
    shares = [(one, _shares(lines, one)) for one in reductions]
    return [
        _reduced(priced, [(one, offs[place]) for one, offs in shares])
        for place, (_line_id, priced) in enumerate(lines)
    ]


def would_take(
    lines: Sequence[tuple[int | None, Priced]], reductions: Sequence[Reduction]
) -> list[tuple[Money, Money]]:
    """Of each line the full price, and what the discounts would take off it, however much."""
    shares = [_shares(lines, one) for one in reductions]
    return [
        (priced.amount, _sum(priced, [offs[place] for offs in shares]))
        for place, (_line_id, priced) in enumerate(lines)
    ]


def _shares(lines: Sequence[tuple[int | None, Priced]], one: Reduction) -> list[Money]:
    """What one discount takes off each line."""
    concerned = [
        priced.amount if one.line_id in (None, line_id) else Money(0, priced.amount.currency)
        for line_id, priced in lines
    ]
    if one.percent is not None:
        return [amount.times(Fraction(one.percent) / 100) for amount in concerned]
    whole = one.amount or Money(0)
    if not any(concerned):
        return [Money(0, whole.currency) for _amount in concerned]
    return whole.split([amount.minor for amount in concerned])


def _sum(priced: Priced, offs: Sequence[Money]) -> Money:
    return Money(sum(off.minor for off in offs), priced.amount.currency)


def _reduced(priced: Priced, offs: Sequence[tuple[Reduction, Money]]) -> Reduced:
    left = priced.amount
    sentences = [(priced.explanation, priced.explanation_en)]
    for one, off in offs:
        taken = min(off, left)
        if taken:
            left -= taken
            sentences.append(_said(one, taken))
    if left == priced.amount:
        return Reduced(priced)
    vi, en = price_words.joined(*sentences)
    return Reduced(
        replace(
            priced,
            measure=Measure.LUMP_SUM,
            units=Fraction(1),
            quantity=1,
            unit_price=left,
            amount=left,
            explanation=vi,
            explanation_en=en,
        ),
        priced.amount - left,
    )


def _said(one: Reduction, taken: Money) -> tuple[str, str]:
    percent = f"{one.percent.normalize():f}{GAP}%" if one.percent is not None else ""
    vi, en = f" {percent.replace('.', ',')}" if percent else "", f" {percent}" if percent else ""
    return (
        f"giảm{vi} ({one.reason}): −{taken.text()}",
        f"discount{en} ({one.reason}): −{taken.text(GAP)}",
    )
