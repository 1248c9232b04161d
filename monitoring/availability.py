"""How long a device, a circuit or a resource was available: exact to the microsecond. Pure.

What nobody measured counts neither way, and planned maintenance is set apart: the ratio is that of
the time in which the answer is known and was promised.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from monitoring.models import DeviceStatus
from monitoring.states import Stretch
from rental.period import Period

NOTHING = timedelta(0)
# Of several devices the worst one decides; one that is not known may be the worst.
WORST_FIRST = (DeviceStatus.DOWN, DeviceStatus.UNKNOWN, DeviceStatus.DEGRADED, DeviceStatus.UP)


@dataclass(frozen=True, slots=True)
class Availability:
    """The parts of a period; together they are all of it."""

    up: timedelta = NOTHING
    # Answers were lost or partial: there, but not well.
    degraded: timedelta = NOTHING
    down: timedelta = NOTHING
    unknown: timedelta = NOTHING
    maintenance: timedelta = NOTHING

    @property
    def available(self) -> timedelta:
        """Up or degraded."""
        return self.up + self.degraded

    @property
    def known(self) -> timedelta:
        """The time that the ratio speaks of."""
        return self.available + self.down

    @property
    def whole(self) -> timedelta:
        """All parts."""
        return self.known + self.unknown + self.maintenance

    @property
    def ratio(self) -> Fraction | None:
        """The available share of the known time, 0 to 1; None where nothing is known."""
        moment = timedelta.resolution
        return Fraction(self.available // moment, self.known // moment) if self.known else None

    def __add__(self, other: "Availability") -> "Availability":
        """The parts of both periods."""
        return Availability(
            self.up + other.up,
            self.degraded + other.degraded,
            self.down + other.down,
            self.unknown + other.unknown,
            self.maintenance + other.maintenance,
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """One status, or maintenance (None), throughout a period."""

    period: Period
    status: DeviceStatus | None


def segments(
    stretches: Iterable[Stretch], period: Period, maintenance: Sequence[Period] = ()
) -> list[Segment]:
    """The period cut where the status changes, oldest first, without gap or overlap."""
    return _cut([list(stretches)], period, maintenance)


def together(
    histories: Iterable[Sequence[Stretch]], period: Period, maintenance: Sequence[Period] = ()
) -> list[Segment]:
    """The same of a resource that several devices serve: at each instant the worst of them."""
    return _cut(list(histories), period, maintenance)


def total(parts: Iterable[Segment]) -> Availability:
    """The parts added up."""
    sums: dict[DeviceStatus | None, timedelta] = {}
    for part in parts:
        sums[part.status] = sums.get(part.status, NOTHING) + part.period.duration
    return Availability(
        up=sums.get(DeviceStatus.UP, NOTHING),
        degraded=sums.get(DeviceStatus.DEGRADED, NOTHING),
        down=sums.get(DeviceStatus.DOWN, NOTHING),
        unknown=sums.get(DeviceStatus.UNKNOWN, NOTHING),
        maintenance=sums.get(None, NOTHING),
    )


def clipped(parts: Iterable[Segment], period: Period) -> list[Segment]:
    """What of the parts lies in the period."""
    found = ((part.period.overlap(period), part.status) for part in parts)
    return [Segment(span, status) for span, status in found if span is not None]


def _cut(
    histories: Sequence[Sequence[Stretch]], period: Period, maintenance: Sequence[Period]
) -> list[Segment]:
    found: list[Segment] = []
    for starts_at, ends_at in pairwise(_edges(histories, period, maintenance)):
        span = Period(starts_at, ends_at)
        if any(pause.contains(starts_at) for pause in maintenance):
            status = None
        else:
            status = _worst(_at(history, starts_at) for history in histories)
        if found and found[-1].status is status:
            span = Period(found.pop().period.starts_at, ends_at)
        found.append(Segment(span, status))
    return found


def _edges(
    histories: Sequence[Sequence[Stretch]], period: Period, maintenance: Sequence[Period]
) -> list[datetime]:
    edges = {period.starts_at, period.ends_at}
    for history in histories:
        for stretch in history:
            edges.add(stretch.began_at)
            if stretch.ended_at is not None:
                edges.add(stretch.ended_at)
    for pause in maintenance:
        edges.update(pause)
    return sorted(edge for edge in edges if period.starts_at <= edge <= period.ends_at)


def _at(history: Sequence[Stretch], instant: datetime) -> DeviceStatus:
    for stretch in history:
        if stretch.began_at <= instant and (stretch.ended_at is None or instant < stretch.ended_at):
            return stretch.status
    return DeviceStatus.UNKNOWN


def _worst(statuses: Iterable[DeviceStatus]) -> DeviceStatus:
    seen = set(statuses)
    return next((status for status in WORST_FIRST if status in seen), DeviceStatus.UNKNOWN)
