"""Finds in one pass the few values of a reading that may not be well. Pure.

A poll of a healthy device costs a comparison a value; everything else is spelled out only for what
this pass does not clear. It errs on the side of suspicion.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from monitoring.thresholds import Level
from monitoring.watches import Subject, Watch

# Of a raw limit: what the rounding of a factor may hide.
MARGIN = 1e-9
# ifOperStatus down (IF-MIB).
OPER_DOWN = 2.0


@dataclass(slots=True)
class Suspicion:
    """The watches of one layout, by how they are compared, with their limits in raw numbers."""

    watches: tuple[Watch, ...]
    above: list[tuple[int, float, Watch]] = field(default_factory=list)
    below: list[tuple[int, float, Watch]] = field(default_factory=list)
    shares: list[tuple[int, int, float, Watch]] = field(default_factory=list)
    downs: list[tuple[int, Watch]] = field(default_factory=list)
    rates: list[tuple[int, int, float, Watch]] = field(default_factory=list)
    states: list[tuple[int, frozenset[float], Watch]] = field(default_factory=list)
    # What no single comparison can clear.
    others: list[Watch] = field(default_factory=list)

    @classmethod
    def of(cls, watches: Iterable[Watch]) -> "Suspicion":
        """Sort the watches."""
        made = cls(tuple(watches))
        for watch in made.watches:
            made._sort(watch)
        return made

    def _sort(self, watch: Watch) -> None:
        limits = watch.limits
        steps = [s for s in (limits.clear, limits.warning, limits.critical) if s is not None]
        raw = steps[0] / watch.factor
        is_above, over = limits.direction == "above", watch.over
        if watch.states:
            well = frozenset(float(number) for number, badness in watch.states if not badness)
            self.states.append((watch.at, well, watch))
        elif watch.kind in (Subject.SENSOR, Subject.PROCESSOR):
            if is_above:
                self.above.append((watch.at, raw - abs(raw) * MARGIN, watch))
            else:
                self.below.append((watch.at, raw + abs(raw) * MARGIN, watch))
        elif over is None or not is_above or raw < 0:
            self.others.append(watch)
        elif watch.kind is Subject.STORAGE:
            self.shares.append((watch.at, over, raw / 100 * (1 - MARGIN), watch))
        elif watch.kind is Subject.INTERFACE_DOWN and limits.level(0.0) is Level.WELL:
            self.downs.append((watch.at, watch))
        elif watch.kind is Subject.INTERFACE_DOWN:
            self.others.append(watch)
        else:
            # Both directions count for errors, so each may have half.
            part = raw if watch.kind is Subject.INTERFACE_USE else raw / 2
            self.rates.append((watch.at, over, part * (1 - MARGIN), watch))

    def found(
        self, now: Sequence[float], was: Sequence[float] | None, seconds: float
    ) -> list[Watch]:
        """The watches whose values may not be well; a value that was not told is NaN."""
        # Written so that a comparison with NaN, which is false, leaves the value suspect.
        found = list(self.others)
        found += [watch for at, limit, watch in self.above if not now[at] < limit]
        found += [watch for at, limit, watch in self.below if not now[at] > limit]
        found += [
            watch for at, over, part, watch in self.shares if not 0 <= now[at] < now[over] * part
        ]
        found += [watch for at, well, watch in self.states if now[at] not in well]
        found += [watch for at, watch in self.downs if now[at] == OPER_DOWN]
        if was is not None:
            found += [
                watch
                for at, over, limit, watch in self.rates
                if not (
                    0 <= now[at] - was[at] < limit * seconds
                    and 0 <= now[over] - was[over] < limit * seconds
                )
            ]
        return found
