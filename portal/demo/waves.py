"""Values that move with the clock: traffic by time of day, load and temperature. All pure.

Every function of time takes seconds since the epoch, so a simulator that restarts goes on where
it was, and two readers of one device see one world.
"""

import math
from dataclasses import dataclass

DAY = 86400.0
# Ho Chi Minh City keeps UTC+7 all year; the busiest hour is 14:00 there, 07:00 UTC.
PEAK = 7 * 3600.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """A rate in octets per second: a daily wave and a faster one on top of `mean`.

    `daily` and `quick` are shares of the mean; together they stay below 1, so that the rate is
    never negative and a counter made of it never falls.
    """

    mean: float
    daily: float = 0.7
    quick: float = 0.2
    period: float = 420.0
    phase: float = 0.0

    def rate(self, at: float) -> float:
        """Octets per second at an instant."""
        slow = self.daily * math.cos(math.tau * (at - PEAK) / DAY)
        fast = self.quick * math.cos(math.tau * at / self.period + self.phase)
        return self.mean * (1 + slow + fast)

    def total(self, since: float, until: float) -> int:
        """Octets between two instants: the exact integral of the rate."""
        return max(0, int(self._antiderivative(until) - self._antiderivative(since)))

    def _antiderivative(self, at: float) -> float:
        slow = self.daily * DAY / math.tau * math.sin(math.tau * (at - PEAK) / DAY)
        fast = self.quick * self.period / math.tau
        fast *= math.sin(math.tau * at / self.period + self.phase)
        return self.mean * (at + slow + fast)


def swing(at: float, mean: float, amplitude: float, seed: float = 0.0) -> float:
    """A value that follows the day, with a little of its own around it."""
    slow = math.cos(math.tau * (at - PEAK) / DAY)
    fast = 0.3 * math.sin(math.tau * at / 310.0 + seed) + 0.15 * math.sin(at / 37.0 + 2 * seed)
    return mean + amplitude * (slow + fast)


@dataclass(frozen=True, slots=True)
class Silence:
    """When a device does not answer: `lasts` seconds in every `every`, from `first` on."""

    first: float
    every: float
    lasts: float

    def covers(self, running: float) -> bool:
        """Whether the device is silent `running` seconds after the simulators began."""
        return running >= self.first and (running - self.first) % self.every < self.lasts
