"""What metered bandwidth costs: a frozen definition, counters, buckets, one price. All pure.

Counters of a port are octets since it was last reset. Between two readings in a row the traffic is
spread evenly over the time between them. A bucket of a port is measured when readings cover all of
it; a bucket of the circuit when every port is, and is then the sum of the ports. Missing is not
zero: what is not covered is left out of the percentile and named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing import metering
from billing.errors import BadTraffic, NoBuckets
from billing.money import Money
from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.period import Period

FOLDER = documents.HOME / "metering"
MEGABIT = 1_000_000
MICRO = timedelta(microseconds=1)
FOUR_DIGITS = Decimal("0.0001")


class Direction(StrEnum):
    """Which traffic counts; `max` is the greater of the two percentiles."""

    IN = "in"
    OUT = "out"
    MAX = "max"


class Definition(BaseModel):
    """What a contract for metered bandwidth says; frozen for a line, as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    interval_seconds: int = Field(default=300, ge=60, le=3600)
    direction: Direction = Direction.MAX
    percentile: int = Field(default=95, ge=50, le=100)
    # How the percentile is found in the sorted buckets: rank ⌈p · n⌉, nothing interpolated.
    index: Literal["nearest_rank"] = "nearest_rank"
    committed_mbps: int
    # Minor units for one Mbps beyond, for a whole calendar month.
    price_per_mbps: int = Field(ge=0)
    currency: str = "VND"
    tax_inclusive: bool = False
    service: str
    minimum_coverage_percent: int = Field(ge=0, le=100)
    longest_gap_seconds: int
    agreement: str | None = None
    source: str


class MeteringTerms(Dated):
    """Dated terms of `config/metering`, of one agreement or of all."""

    code: str
    agreement: str | None = None
    interval_seconds: int = Field(default=300, ge=60, le=3600)
    direction: Direction = Direction.MAX
    percentile: int = Field(default=95, ge=50, le=100)
    index: Literal["nearest_rank"] = "nearest_rank"
    # What the price of the circuit covers: so many Mbps, or so much of the circuit's own.
    committed_mbps: int | None = Field(default=None, ge=0)
    committed_percent: int | None = Field(default=None, ge=0, le=100)
    price_per_mbps: int = Field(ge=0)
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
    tax_inclusive: bool = False
    service: str
    minimum_coverage_percent: int = Field(default=95, ge=0, le=100)
    # Readings further apart than this leave a gap between them.
    longest_gap_seconds: int = Field(default=900, ge=60, le=86_400)
    sample: bool = False
    source: str

    @model_validator(mode="after")
    def _commits_once(self) -> Self:
        if (self.committed_mbps is None) == (self.committed_percent is None):
            raise ValueError("commit to committed_mbps or to committed_percent of the circuit")
        return self

    def frozen_for(self, mbps: int | None) -> Definition:
        """The definition for a circuit of so many Mbps; raises BadTraffic where it has none."""
        committed = self.committed_mbps
        if committed is None:
            if mbps is None:
                raise BadTraffic("The circuit has no Mbps, so nothing is committed; enter it.")
            committed = mbps * (self.committed_percent or 0) // 100
        left_out = {"valid_from", "valid_to", "committed_percent", "committed_mbps", "sample"}
        return Definition(**self.model_dump(exclude=left_out), committed_mbps=committed)


class MeteringFile(BaseModel):
    """A file of `config/metering`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: tuple[MeteringTerms, ...]


@dataclass(frozen=True, order=True, slots=True)
class CounterReading:
    """What a port's counters said at an instant; octets since the counter began."""

    port: str
    at: datetime
    in_octets: int
    out_octets: int
    speed_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The circuit's traffic in one interval, bits per second; None where it was not measured."""

    in_bps: int | None
    out_bps: int | None

    @property
    def is_measured(self) -> bool:
        """Whether every port was read all the time."""
        return self.in_bps is not None and self.out_bps is not None


@dataclass(frozen=True, slots=True)
class Bucketed:
    """The buckets of a window in their order, and what was met on the way."""

    window: Period
    interval: timedelta
    buckets: tuple[Bucket, ...]
    ports: tuple[str, ...]
    resets: int = 0
    capped: int = 0

    @property
    def measured(self) -> int:
        """How many buckets were measured."""
        return sum(one.is_measured for one in self.buckets)

    @property
    def gaps(self) -> list[Period]:
        """When nothing was measured, as spans."""
        found: list[Period] = []
        for number, bucket in enumerate(self.buckets):
            if bucket.is_measured:
                continue
            span = self.span(number)
            if found and found[-1].ends_at == span.starts_at:
                span = Period(found.pop().starts_at, span.ends_at)
            found.append(span)
        return found

    def span(self, number: int) -> Period:
        """When the bucket of this number (from 0) is; the last may be shorter."""
        starts_at = self.window.starts_at + number * self.interval
        return Period(starts_at, min(starts_at + self.interval, self.window.ends_at))


def bucketed(
    readings: Iterable[CounterReading], window: Period, definition: Definition
) -> Bucketed:
    """The circuit's buckets; raises BadTraffic where a port says two things at one instant."""
    interval = timedelta(seconds=definition.interval_seconds)
    ports: dict[str, list[CounterReading]] = {}
    for reading in readings:
        ports.setdefault(reading.port, []).append(reading)
    if not ports:
        raise NoBuckets
    count = -(-window.duration // interval)
    sums = [[0, 0] for _ in range(count)]
    whole = [True] * count
    resets = capped = 0
    for port in sorted(ports):
        meter = _Meter(window, interval, count)
        longest = timedelta(seconds=definition.longest_gap_seconds)
        meter.read(sorted(ports[port], key=_at), longest)
        resets, capped = resets + meter.resets, capped + meter.capped
        for number in range(count):
            bits = meter.rate(number)
            if bits is None:
                whole[number] = False
                continue
            sums[number][0] += bits[0]
            sums[number][1] += bits[1]
    buckets = tuple(
        Bucket(sums[n][0], sums[n][1]) if whole[n] else Bucket(None, None) for n in range(count)
    )
    return Bucketed(window, interval, buckets, tuple(sorted(ports)), resets, capped)


def _at(reading: CounterReading) -> datetime:
    return reading.at


class _Meter:
    """The traffic of one port, bucket by bucket, in whole bits and microseconds."""

    def __init__(self, window: Period, interval: timedelta, count: int):
        self.window, self.interval = window, interval // MICRO
        self.length = window.duration // MICRO
        self.bits = [[0, 0] for _ in range(count)]
        self.covered = [0] * count
        self.resets = self.capped = 0

    def read(self, readings: Sequence[CounterReading], longest: timedelta) -> None:
        for earlier, later in pairwise(readings):
            if earlier.at == later.at:
                if (earlier.in_octets, earlier.out_octets) != (later.in_octets, later.out_octets):
                    raise BadTraffic(
                        "Port {port} says two things at {at}; correct the file.",
                        port=later.port,
                        at=later.at.isoformat(),
                    )
                continue
            if later.at - earlier.at > longest:
                continue
            moved = (later.in_octets - earlier.in_octets, later.out_octets - earlier.out_octets)
            # Of 64 bits a counter does not run over: what falls was reset, and nobody saw it.
            if min(moved) < 0:
                self.resets += 1
                continue
            self._spread(earlier, later, moved)

    def _spread(
        self, earlier: CounterReading, later: CounterReading, moved: tuple[int, int]
    ) -> None:
        begins = (earlier.at - self.window.starts_at) // MICRO
        ends = (later.at - self.window.starts_at) // MICRO
        lasted = ends - begins
        bits = [octets * 8 for octets in moved]
        speed = later.speed_bps
        if speed is not None:
            most = speed * lasted // 1_000_000
            self.capped += any(one > most for one in bits)
            bits = [min(one, most) for one in bits]
        first, last = max(0, begins), min(self.length, ends)
        while first < last:
            number = first // self.interval
            until = min(last, (number + 1) * self.interval)
            self.covered[number] += until - first
            for way in (0, 1):
                # Of the running sum, so that the parts add up to the whole.
                before = bits[way] * (first - begins) // lasted
                self.bits[number][way] += bits[way] * (until - begins) // lasted - before
            first = until

    def rate(self, number: int) -> tuple[int, int] | None:
        length = min(self.interval, self.length - number * self.interval)
        if self.covered[number] < length:
            return None
        into, out = self.bits[number]
        return into * 1_000_000 // length, out * 1_000_000 // length


def index_of(buckets: Sequence[Bucket], definition: Definition) -> int:
    """The percentile that counts, in bits per second; raises NoBuckets where none was measured."""
    into = metering.percentile([one.in_bps for one in buckets], definition.percentile)
    out = metering.percentile([one.out_bps for one in buckets], definition.percentile)
    match definition.direction:
        case Direction.IN:
            return into
        case Direction.OUT:
            return out
    return max(into, out)


@dataclass(frozen=True, slots=True)
class Metered:
    """What a window comes to: the index, what lies beyond the commitment, and its price."""

    index_bps: int
    # Mbps beyond, times the part of the month that the window is, with four digits.
    quantity: Decimal
    amount: Money


def price(definition: Definition, index_bps: int, window: Period, month: Period) -> Metered:
    """The price of an index: the window's part of the month's price for each Mbps beyond."""
    beyond = max(0, index_bps - definition.committed_mbps * MEGABIT)
    part = Fraction(window.duration // MICRO, month.duration // MICRO)
    exact = Fraction(beyond, MEGABIT) * part
    quantity = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
        FOUR_DIGITS, ROUND_HALF_UP
    )
    unit = Money(definition.price_per_mbps, definition.currency)
    return Metered(index_bps, quantity, unit.times(quantity))


def is_covered(found: Bucketed, definition: Definition) -> bool:
    """Whether enough was measured to charge by it without asking anybody."""
    return found.measured * 100 >= definition.minimum_coverage_percent * len(found.buckets)


def terms_on(
    terms: Sequence[MeteringTerms], day: date, agreed: Iterable[str] = ()
) -> MeteringTerms | None:
    """The terms of a day, those of an agreement first, if there are any."""
    held = [one for one in terms if one.holds_on(day)]
    for number in (*agreed, None):
        for one in held:
            if one.agreement == number:
                return one
    return None


@cache
def terms() -> tuple[MeteringTerms, ...]:
    """The terms of `config/metering`, read once; `terms.cache_clear()` reads them anew."""
    files = documents.read_folder(FOLDER, MeteringFile)
    found = tuple(one for file in files for one in file.terms)
    for i, one in enumerate(found):
        for other in found[:i]:
            if one.agreement == other.agreement and one.overlaps(other):
                raise BadDocument(
                    f"config/metering: {other.code} and {one.code} are in force on the same day; "
                    "end one first"
                )
    return found
