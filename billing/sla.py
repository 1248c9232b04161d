"""What is given back when a renter was deprived of what it pays for: dated terms, one formula."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.money import Money, total
from config import clock, documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import InterruptionFault, ResourceKind
from rental.period import Period

FOLDER = documents.HOME / "sla"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Window(StrEnum):
    """Over what time an availability is measured: the whole rental, or each calendar month."""

    RENTAL = "rental"
    MONTH = "month"


class Tier(BaseModel):
    """An availability below so many percent gives back so much of the price of its window."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    below: Decimal = Field(gt=0, le=100)
    percent: int = Field(ge=0, le=100)


class Terms(Dated):
    """From when on an interruption is credited, how much of the price, and how much at most."""

    kind: ResourceKind
    # The number of the agreement these terms belong to; they go before the common ones.
    agreement: str | None = None
    # An interruption shorter than this is not credited; one that reaches it is, from its start.
    minimum_minutes: int = Field(ge=0)
    # Of the price of the line, and of the share of each calendar month.
    cap_percent: int = Field(default=100, ge=0, le=100)
    month_cap_percent: int | None = Field(default=None, ge=0, le=100)
    window: Window = Window.RENTAL
    # Without tiers the credit is the interrupted share of the price.
    tiers: tuple[Tier, ...] = ()
    excludes: tuple[InterruptionFault, ...] = (
        InterruptionFault.RENTER,
        InterruptionFault.MAINTENANCE,
    )
    # Closures for maintenance that were announced so long before do not count; without it they do.
    maintenance_notice_hours: int | None = Field(default=None, ge=0, le=24 * 366)
    source: str

    @model_validator(mode="after")
    def _falls_from_tier_to_tier(self) -> Self:
        below = [tier.below for tier in self.tiers]
        if below != sorted(set(below), reverse=True):
            raise ValueError("tiers go from the highest availability to the lowest, each once")
        percents = [tier.percent for tier in self.tiers]
        if percents != sorted(percents):
            raise ValueError("a lower availability gives back at least as much as a higher one")
        if self.month_cap_percent is not None and self.window is not Window.MONTH:
            raise ValueError("month_cap_percent needs window: month")
        return self

    @property
    def notice(self) -> timedelta | None:
        """How long before its start maintenance is announced where it is not to count."""
        hours = self.maintenance_notice_hours
        return None if hours is None else timedelta(hours=hours)


class TermsFile(BaseModel):
    """A file of `config/sla`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: tuple[Terms, ...]


def terms_on(
    terms: Sequence[Terms], kind: ResourceKind, day: date, agreed: Iterable[str] = ()
) -> Terms:
    """The terms of a kind on a day, those of an agreement (its number in `agreed`) first.

    Raises BadDocument where config/sla has none.
    """
    held = [one for one in terms if one.kind is kind and one.holds_on(day)]
    for number in (*agreed, None):
        for one in held:
            if one.agreement == number:
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


def without(period: Period, holes: Iterable[Period]) -> list[Period]:
    """What is left of a period outside the holes, in their order."""
    left, starts_at = [], period.starts_at
    for hole in merged(holes):
        if starts_at < min(hole.starts_at, period.ends_at):
            left.append(Period(starts_at, min(hole.starts_at, period.ends_at)))
        starts_at = max(starts_at, hole.ends_at)
    if starts_at < period.ends_at:
        left.append(Period(starts_at, period.ends_at))
    return left


@dataclass(frozen=True, slots=True)
class Measured:
    """One window of a rental: its share of the price, the time that counts as lost, the credit."""

    period: Period
    price: Money
    lost: timedelta
    amount: Money
    tier: Tier | None = None

    @property
    def availability(self) -> Fraction:
        """The share of the window in which the renter had what it pays for, 0 to 1."""
        return 1 - Fraction(self.lost // SECOND, max(1, self.period.duration // SECOND))


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is due for a line in all, window by window, and by which terms."""

    terms: Terms
    price: Money
    windows: tuple[Measured, ...]

    @property
    def amount(self) -> Money:
        """The credit due, zero or more; never above the cap of the line."""
        whole = total((one.amount for one in self.windows), self.price.currency)
        return min(whole, self.price.times(Fraction(self.terms.cap_percent, 100)))

    @property
    def lost(self) -> timedelta:
        """The time that counts as lost."""
        return sum((one.lost for one in self.windows), timedelta(0))


def reckon(
    terms: Terms,
    price: Money,
    rented: Period,
    interruptions: Iterable[Period],
    zone: tzinfo = clock.LOCAL,
) -> Reckoned:
    """The credit due in all: only time inside the rental counts, of the minimum length or more."""
    minimum = timedelta(minutes=terms.minimum_minutes)
    inside = (p for one in interruptions if (p := one.overlap(rented)) is not None)
    counted = [p for p in merged(inside) if p.duration >= minimum]
    spans = _months(rented, zone) if terms.window is Window.MONTH else [rented]
    shares = price.split([span.duration // SECOND for span in spans])
    windows = (
        _measured(terms, span, part, counted) for span, part in zip(spans, shares, strict=True)
    )
    return Reckoned(terms, price, tuple(windows))


def _measured(terms: Terms, span: Period, price: Money, counted: Sequence[Period]) -> Measured:
    lost = sum((p.duration for one in counted if (p := one.overlap(span)) is not None), timedelta())
    share = Fraction(lost // SECOND, max(1, span.duration // SECOND))
    tier = next((t for t in reversed(terms.tiers) if (1 - share) * 100 < Fraction(t.below)), None)
    if terms.tiers:
        share = Fraction(tier.percent if tier else 0, 100)
    amount = price.times(share)
    if terms.month_cap_percent is not None:
        amount = min(amount, price.times(Fraction(terms.month_cap_percent, 100)))
    return Measured(span, price, lost, amount, tier)


def _months(rented: Period, zone: tzinfo) -> list[Period]:
    """The rental cut at midnight of each first of a month on the wall clock of the zone."""
    cuts, day = [rented.starts_at], rented.starts_at.astimezone(zone)
    while True:
        day = (day.replace(day=1) + timedelta(days=32)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        at = datetime(day.year, day.month, 1, tzinfo=zone).astimezone(rented.starts_at.tzinfo)
        if at >= rented.ends_at:
            break
        cuts.append(at)
    ends = [*cuts[1:], rented.ends_at]
    return [Period(first, last) for first, last in zip(cuts, ends, strict=True)]


def credit(terms: Terms, price: Money, rented: Period, interruptions: Iterable[Period]) -> Money:
    """The credit due in all, zero or more: price × interrupted time / rented time, capped.

    Only time inside the rental counts, and only interruptions of the minimum length or more.
    Rounded half up once, at the end. With tiers it is the tier's part of the price instead.
    """
    return reckon(terms, price, rented, interruptions).amount


def said(reckoned: Reckoned) -> tuple[str, str]:
    """Terms and minutes in words, in Vietnamese and English: `độ sẵn sàng 97,5 % < 99,5 %`."""
    minutes = reckoned.lost // MINUTE
    parts_vi, parts_en = [f"{minutes} phút gián đoạn được tính"], [f"{minutes} minutes counted"]
    reached = [(one, one.tier) for one in reckoned.windows if one.tier is not None]
    for one, tier in reached[:3]:
        share = f"{float(one.availability * 100):.3f}"
        below, percent = f"{tier.below.normalize():f}", tier.percent
        parts_vi.append(
            f"độ sẵn sàng {share.replace('.', ',')} % dưới {below.replace('.', ',')} %: "
            f"giảm {percent} %"
        )
        parts_en.append(f"availability {share} % below {below} %: {percent} % off")
    if not reckoned.terms.tiers:
        parts_vi.append(f"theo tỷ lệ thời gian, tối đa {reckoned.terms.cap_percent} %")
        parts_en.append(f"in proportion to time, at most {reckoned.terms.cap_percent} %")
    if reckoned.terms.agreement is not None:
        parts_vi.append(f"thỏa thuận {reckoned.terms.agreement}")
        parts_en.append(f"agreement {reckoned.terms.agreement}")
    return "; ".join(parts_vi), "; ".join(parts_en)


@cache
def terms() -> tuple[Terms, ...]:
    """The terms of `config/sla`, read once; `terms.cache_clear()` reads them anew."""
    found = tuple(one for file in documents.read_folder(FOLDER, TermsFile) for one in file.terms)
    for i, one in enumerate(found):
        for other in found[:i]:
            same = (one.kind, one.agreement) == (other.kind, other.agreement)
            if same and one.overlaps(other):
                raise BadDocument(
                    f"config/sla has two terms for {one.kind.value} in force together; end one "
                    "before the other begins"
                )
    return found
