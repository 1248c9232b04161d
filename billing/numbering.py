"""Gapless numbers: one counter row per symbol and year, raised in the issuing transaction.

The row stays locked until that transaction ends, so a colleague waits and then takes the next
number; a rolled-back transaction gives its number back. Nothing slow may happen under the lock.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing.errors import SeriesExhausted
from billing.models import NumberCounter
from billing.seller import series
from config.database import db

HIGHEST = 99_999_999


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number as taken: `symbol` and `number` are printed, `year` is the one it counts in."""

    symbol: str
    year: int
    number: int


def take(series_name: str, year: int) -> Numbered:
    """The next number of a series in a year: "invoice", "credit_note", "receipt", "error_notice".

    Raises SeriesExhausted when its eight digits are used up.
    """
    symbol = getattr(series(), series_name).format(yy=f"{year % 100:02d}")
    row = insert(NumberCounter).values(symbol=symbol, year=year, last=1)
    number = db.session.scalar(
        row.on_conflict_do_update(
            index_elements=["symbol", "year"],
            set_={"last": NumberCounter.last + 1},
            where=NumberCounter.last < HIGHEST,
        ).returning(NumberCounter.last)
    )
    if number is None:
        raise SeriesExhausted
    return Numbered(symbol, year, number)


def last(series_name: str, year: int) -> int:
    """The last number taken, 0 before the first."""
    symbol = getattr(series(), series_name).format(yy=f"{year % 100:02d}")
    found = db.session.scalar(
        sa.select(NumberCounter.last).where(
            NumberCounter.symbol == symbol, NumberCounter.year == year
        )
    )
    return found or 0
