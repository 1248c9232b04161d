"""How much a violation matters now: its severity, who reaches the device, what runs on it, its age.

Each of the four is a factor, so none of them alone decides. A month of age counts for less than one
step of severity: what is old never overtakes what is graver for its age alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.rules import Severity


class Exposure(StrEnum):
    """Who reaches a device."""

    PUBLIC = "public"
    RENTERS = "renters"
    # Others are reached through it.
    SHARED = "shared"
    INTERNAL = "internal"


class Nearness(StrEnum):
    """How near the next event on a device is."""

    LIVE = "live"
    HOUR = "hour"
    DAY = "day"
    NONE = "none"


class RiskLevel(StrEnum):
    """A risk in one word."""

    EXTREME = "extreme"
    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


WITHIN = timedelta(minutes=60)
AHEAD = timedelta(hours=24)
OLDEST = timedelta(days=30)

OF_SEVERITY = {Severity.CRITICAL: 8, Severity.HIGH: 4, Severity.MEDIUM: 2, Severity.LOW: 1}
OF_EXPOSURE = {
    Exposure.PUBLIC: 4,
    Exposure.RENTERS: 3,
    Exposure.SHARED: 3,
    Exposure.INTERNAL: 2,
}
OF_NEARNESS = {Nearness.LIVE: 6, Nearness.HOUR: 5, Nearness.DAY: 3, Nearness.NONE: 2}
# By how much a month of age multiplies, at most.
OF_AGE = 1.5
# What all four make at most; so a score is at most 100.
GREATEST = 8 * 4 * 6 * OF_AGE
AT_LEAST = ((50, RiskLevel.EXTREME), (25, RiskLevel.HIGH), (10, RiskLevel.MODERATE))

# Tags by which an operator says who reaches a device, whatever is derived.
MARKS = {
    "exposure-public": Exposure.PUBLIC,
    "exposure-renters": Exposure.RENTERS,
    "exposure-internal": Exposure.INTERNAL,
}


@dataclass(frozen=True, slots=True)
class Use:
    """An event that uses a device, from when until when."""

    reference: str
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Stance:
    """What is known of a device: who reaches it, and the event that uses it now or next."""

    exposures: tuple[Exposure, ...] = (Exposure.INTERNAL,)
    is_marked: bool = False
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """What a violation weighs, and what makes it weigh so much."""

    weight: float
    severity: Severity
    stance: Stance
    nearness: Nearness
    age: timedelta

    @property
    def score(self) -> int:
        """The weight as a number from 1 to 100."""
        return max(1, round(100 * self.weight / GREATEST))

    @property
    def level(self) -> RiskLevel:
        """The score as a word."""
        return next((level for least, level in AT_LEAST if self.score >= least), RiskLevel.LOW)


def nearness(use: Use | None, at: datetime) -> Nearness:
    """How near an event is; what is over or further than a day counts as none."""
    if use is None or use.ends_at <= at:
        return Nearness.NONE
    ahead = use.starts_at - at
    if ahead <= timedelta():
        return Nearness.LIVE
    if ahead <= WITHIN:
        return Nearness.HOUR
    return Nearness.DAY if ahead <= AHEAD else Nearness.NONE


def foremost(uses: Sequence[Use], at: datetime) -> Use | None:
    """The event that counts: of those running the one that ends last, else the next to begin."""
    running = [use for use in uses if use.starts_at <= at < use.ends_at]
    if running:
        return max(running, key=lambda use: use.ends_at)
    return min(
        (use for use in uses if use.starts_at > at), key=lambda use: use.starts_at, default=None
    )


def marked(tags: Sequence[str]) -> Exposure | None:
    """What an operator says of who reaches a device; of several the widest."""
    said = {MARKS[tag] for tag in tags if tag in MARKS}
    return max(said, key=lambda one: OF_EXPOSURE[one], default=None)


def weight(severity: Severity, stance: Stance, opened_at: datetime, at: datetime) -> float:
    """What a violation weighs at an instant: the product of its four factors."""
    widest = max(OF_EXPOSURE[each] for each in stance.exposures)
    older = 1 + (OF_AGE - 1) * min(_age(opened_at, at) / OLDEST, 1)
    return OF_SEVERITY[severity] * widest * OF_NEARNESS[nearness(stance.use, at)] * older


def assess(severity: Severity, stance: Stance, opened_at: datetime, at: datetime) -> Risk:
    """The risk of a violation at an instant."""
    weighs = weight(severity, stance, opened_at, at)
    age = _age(opened_at, at)
    return Risk(weighs, severity, stance, nearness(stance.use, at), age)


def _age(opened_at: datetime, at: datetime) -> timedelta:
    return max(at - opened_at, timedelta())
