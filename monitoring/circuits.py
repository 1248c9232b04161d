"""Which port of a circuit is on, for whom and in which VLAN: a function of time and bookings. Pure.

Nothing is remembered but what a port has now, so that a run that was missed heals itself: whoever
asks again, later or elsewhere, gets the answer that holds then.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config import documents
from config.documents import BadDocument
from config.validity import Dated

FOLDER = documents.HOME / "circuits"
Vlan = Annotated[int, Field(ge=2, le=4094)]


class VlanRange(BaseModel):
    """VLANs of renters, both ends included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Vlan
    last: Vlan

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last VLAN comes before the first")  # what pydantic wants
        return self


class UnbookedTerms(BaseModel):
    """When traffic on a port that nobody has booked counts, in buckets of five minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The busier direction of a bucket, on average.
    threshold_kbps: int = Field(default=256, ge=1, le=100_000_000)
    # So many loud buckets in a row begin it, so many that are not loud end it.
    buckets: int = Field(default=3, ge=1, le=288)
    quiet_buckets: int = Field(default=3, ge=1, le=288)
    # What goes on longer is told piece by piece.
    longest_days: int = Field(default=31, ge=1, le=92)

    @property
    def longest(self) -> timedelta:
        """The longest piece."""
        return timedelta(days=self.longest_days)


class PortTerms(Dated):
    """Dated terms of `config/circuits`: when ports are switched, and into which VLANs."""

    code: str
    title: dict[Literal["vi", "en"], str]
    source: str
    sample: bool = False
    lead_minutes: int = Field(default=15, ge=0, le=240)
    lag_minutes: int = Field(default=5, ge=0, le=240)
    parking_vlan: Vlan
    vlans: list[VlanRange] = Field(min_length=1)
    unbooked: UnbookedTerms = UnbookedTerms()

    @model_validator(mode="after")
    def _parking_apart(self) -> Self:
        if self.parking_vlan in self.pool:
            raise ValueError("the parking VLAN is one of the renters' VLANs")  # what pydantic wants
        return self

    @property
    def pool(self) -> list[int]:
        """The VLANs of renters, in order."""
        found = {vlan for each in self.vlans for vlan in range(each.first, each.last + 1)}
        return sorted(found)

    @property
    def lead(self) -> timedelta:
        """How long before its booking a port is on."""
        return timedelta(minutes=self.lead_minutes)

    @property
    def lag(self) -> timedelta:
        """How long after its booking a port stays on."""
        return timedelta(minutes=self.lag_minutes)


@cache
def terms() -> tuple[PortTerms, ...]:
    """Every file of `config/circuits`; raises BadDocument."""
    return tuple(documents.read_folder(FOLDER, PortTerms))


def terms_on(day: date) -> PortTerms:
    """The terms in force on a day, of several the latest; raises BadDocument without any."""
    found = [one for one in terms() if one.holds_on(day)]
    if not found:
        raise BadDocument(f"{FOLDER}: nothing is in force on {day}; write terms that are")
    return max(found, key=lambda one: one.valid_from)


@dataclass(frozen=True, slots=True)
class RentedPort:
    """A port that bookings switch: its circuit, and the line and VLAN that it has now."""

    id: int
    resource_id: int
    line_id: int | None = None
    vlan: int | None = None


@dataclass(frozen=True, slots=True)
class Rental:
    """A confirmed line of a circuit."""

    line_id: int
    resource_id: int
    quantity: int
    starts_at: datetime
    ends_at: datetime

    def is_running(self, at: datetime) -> bool:
        """Whether its own time has come, and not only that around it."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a port should be: on for a line in a VLAN, or off."""

    port_id: int
    line_id: int | None = None
    vlan: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether somebody has booked it."""
        return self.line_id is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """What every port should be; `short` are rentals that lack a port or a VLAN."""

    ports: dict[int, Wanted] = field(default_factory=dict)
    short: tuple[Rental, ...] = ()


def desired(
    ports: Sequence[RentedPort],
    rentals: Iterable[Rental],
    at: datetime,
    terms: PortTerms,
    held: Collection[int] = frozenset(),
) -> Plan:
    """The plan for an instant. A rental keeps the ports and the VLAN it has.

    Whose time has come goes before those who only have their lead or lag. `held` are ports that
    are kept shut: only a rental that runs on one already keeps it, until its own time ends.
    """
    around = [one for one in rentals if one.starts_at - terms.lead <= at < one.ends_at + terms.lag]
    order = sorted(around, key=lambda r: (not r.is_running(at), r.starts_at, r.line_id))
    free: dict[int, list[RentedPort]] = {}
    for port in sorted(ports, key=lambda port: port.id):
        free.setdefault(port.resource_id, []).append(port)
    vlans = _vlans_kept(ports, order)
    kept = set(vlans.values())
    pool = deque(vlan for vlan in terms.pool if vlan not in kept)
    wanted: dict[int, Wanted] = {}
    short = []
    for rental in order:
        fitting = [
            port
            for port in free.get(rental.resource_id, [])
            if port.id not in wanted
            and (port.id not in held or (port.line_id == rental.line_id and rental.is_running(at)))
        ]
        fitting.sort(key=lambda port: (port.line_id != rental.line_id, port.id))
        given = fitting[: rental.quantity]
        vlan = vlans.get(rental.line_id) or (pool.popleft() if given and pool else None)
        if len(given) < rental.quantity or vlan is None:
            short.append(rental)
        if vlan is None:
            continue
        for port in given:
            wanted[port.id] = Wanted(port.id, rental.line_id, vlan)
    wanted |= {port.id: Wanted(port.id) for port in ports if port.id not in wanted}
    return Plan(wanted, tuple(short))


def lacking(ports: Mapping[int, int], rentals: Iterable[Rental], terms: PortTerms) -> list[Rental]:
    """Who will find no port of its circuit or no VLAN when its time comes, in order of start.

    `ports` counts the ports of each circuit. Leads and lags do not count: who only has these gives
    way. Whoever starts first has what there is.
    """
    served: list[Rental] = []
    short, vlans = [], len(terms.pool)
    for rental in sorted(rentals, key=lambda one: (one.starts_at, one.line_id)):
        beside = [one for one in served if one.ends_at > rental.starts_at]
        taken = sum(one.quantity for one in beside if one.resource_id == rental.resource_id)
        has_ports = taken + rental.quantity <= ports.get(rental.resource_id, 0)
        if has_ports and len(beside) < vlans:
            served.append(rental)
        else:
            short.append(rental)
    return short


def _vlans_kept(ports: Iterable[RentedPort], rentals: Sequence[Rental]) -> dict[int, int]:
    """The VLAN that each rental has already; of two that claim one the first keeps it."""
    held = {port.line_id: port.vlan for port in ports if port.line_id and port.vlan}
    found: dict[int, int] = {}
    taken: set[int] = set()
    for rental in rentals:
        vlan = held.get(rental.line_id)
        if vlan is not None and vlan not in taken:
            found[rental.line_id] = vlan
            taken.add(vlan)
    return found
