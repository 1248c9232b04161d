"""A sensor as discovery found it: where its value stands, what it means, when it is not well."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from monitoring.probes import values
from monitoring.thresholds import Level, Limits

LEVELS = {"well": Level.WELL, "warning": Level.WARNING, "critical": Level.CRITICAL}

# What may be below zero.
SIGNED = frozenset({"temperature", "signal"})


@dataclass(frozen=True, slots=True)
class State:
    """One number a state may have, its word, and how bad it is; None where nobody judges it."""

    value: int
    word: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """A sensor: its OID, and how what stands there becomes a value in its unit.

    The value is the number × `multiplier` × 10^`exponent`.
    """

    name: str | None
    kind: str
    unit: str | None
    exponent: int
    oid: str
    multiplier: float = 1.0
    states: tuple[State, ...] = ()
    # What its profile says is too much or too little; without it `config/health` judges.
    limits: Limits | None = None
    # Numbers that mean "unknown" and not a value.
    nothing: tuple[int, ...] = ()
    # False while the device itself says that the sensor is unavailable or broken.
    is_available: bool = True
    # RFC 3433 keeps ±1 000 000 000 for under- and overflow.
    is_bounded: bool = True
    # The number travels as text, which only `snmp.read` spells out.
    is_text: bool = False

    @property
    def factor(self) -> float:
        """What a raw number is multiplied by."""
        return float(self.multiplier * 10.0**self.exponent)

    def measured(self, told: float | None) -> float | None:
        """What the sensor says, in its unit."""
        if told is None or not self.is_available or told in self.nothing:
            return None
        if self.kind in SIGNED and values.TICKS / 2 <= told < values.TICKS:
            # An agent without signed numbers sends −1 as 4 294 967 295.
            told -= values.TICKS
        return values.sensor(
            told, self.exponent, multiplier=self.multiplier, is_bounded=self.is_bounded
        )

    def state(self, told: float | None) -> State | None:
        """The state this number stands for, if the sensor has states and this is one of them."""
        return next((state for state in self.states if state.value == told), None)

    def as_json(self) -> dict[str, Any]:
        """JSON values, as stored; what is not said is left out, as older layouts did."""
        kept: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "exponent": self.exponent,
            "oid": self.oid,
        }
        if self.multiplier != 1.0:
            kept["multiplier"] = self.multiplier
        if self.states:
            kept["states"] = [[s.value, s.word, s.level] for s in self.states]
        if self.limits is not None:
            kept["limits"] = self.limits.model_dump(exclude_defaults=True)
        if self.nothing:
            kept["nothing"] = list(self.nothing)
        for flag, usual in (("is_available", True), ("is_bounded", True), ("is_text", False)):
            if getattr(self, flag) is not usual:
                kept[flag] = not usual
        return kept

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """A gauge as it was stored."""
        plain = dict(stored)
        if "states" in plain:
            plain["states"] = tuple(
                State(value, word, None if level is None else Level(level))
                for value, word, level in plain["states"]
            )
        if "limits" in plain:
            plain["limits"] = _limits(**plain["limits"])
        if "nothing" in plain:
            plain["nothing"] = tuple(plain["nothing"])
        return cls(**plain)


@lru_cache(maxsize=1024)
def _limits(**said: Any) -> Limits:
    return Limits(**said)
