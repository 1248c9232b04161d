"""What is given back when a renter was deprived of what it pays for: dated terms, one formula."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from billing.money import Money
from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import ResourceKind
from rental.period import Period

FOLDER = documents.HOME / "sla"


class Terms(Dated):
    """From when on an interruption is credited, and how much of the price at most."""

    kind: ResourceKind
    # An interruption shorter than this is not credited; one that reaches it is, from its start.
    minimum_minutes: int = Field(ge=0)
    cap_percent: int = Field(default=100, ge=0, le=100)
    source: str


class TermsFile(BaseModel):
    """A file of `config/sla`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: tuple[Terms, ...]


def terms_on(terms: Sequence[Terms], kind: ResourceKind, day: date) -> Terms:
    """The terms of a kind on a day; raises BadDocument where config/sla has none."""
    for one in terms:
        if one.kind is kind and one.holds_on(day):
            return one
    raise BadDocument(f"config/sla has no terms for {kind.value} on {day:%d/%m/%Y}; add them")


def merged(periods: Iterable[Period]) -> list[Period]:
    """The same time without overlaps: two causes at once deprive the renter only once."""
    result: list[Period] = []
    for period in sorted(periods):
        if result and period.starts_at <= result[-1].ends_at:
            last = result.pop()
            period = Period(last.starts_at, max(last.ends_at, period.ends_at))  # noqa: PLW2901
        result.append(period)
    return result


def credit(terms: Terms, price: Money, rented: Period, interruptions: Iterable[Period]) -> Money:
    """The credit due in all, zero or more: price × interrupted time / rented time, capped.

    Only time inside the rental counts, and only interruptions of the minimum length or more.
    Rounded half up once, at the end.
    """
    minimum = timedelta(minutes=terms.minimum_minutes)
    inside = (p for one in interruptions if (p := one.overlap(rented)) is not None)
    counted = [p.duration for p in merged(inside) if p.duration >= minimum]
    second = timedelta(microseconds=1)
    lost = Fraction(sum(counted, timedelta(0)) // second, rented.duration // second)
    return price.times(min(lost, Fraction(terms.cap_percent, 100)))


@cache
def terms() -> tuple[Terms, ...]:
    """The terms of `config/sla`, read once; `terms.cache_clear()` reads them anew."""
    return tuple(one for file in documents.read_folder(FOLDER, TermsFile) for one in file.terms)
