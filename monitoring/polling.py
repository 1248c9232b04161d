"""The poll: read what is due, ask all devices at once, let one writer record what came.

`poll_site` does the three in turn, with no transaction open while devices are asked.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import credentials, discovery, recording
from monitoring.credentials import Keyring
from monitoring.errors import CredentialUnreadable
from monitoring.health import Thresholds
from monitoring.models import Credential, Device
from monitoring.probes.logins import SnmpLogin, SshLogin
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import Layout
from monitoring.probes.session import Engines
from monitoring.probes.volley import Memory, Pace, Volley
from monitoring.recording import Recorded

# Devices are asked at this pace at most, so that replies do not crowd the socket buffers.
STARTS_PER_SECOND = 400
DISCOVERY = timedelta(hours=1)

_memory = Memory()


@dataclass(frozen=True, slots=True)
class PollPlan:
    """How polling goes: seconds between two polls of a device, for one request, and for a device.

    `in_flight` bounds the devices asked at the same time; each of them has one request under way.
    """

    interval_seconds: float = 30.0
    timeout_seconds: float = 2.0
    tries: int = 3
    budget_seconds: float = 20.0
    in_flight: int = 200
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def interval(self) -> timedelta:
        """The pause between two polls of a healthy device."""
        return timedelta(seconds=self.interval_seconds)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one cycle did."""

    asked: int
    answered: int
    opened: int
    closed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Due:
    """Whom to ask now; and who cannot be asked because its credential does not open."""

    targets: list[Target]
    unreadable: list[Outcome]


def poll_site(site_id: int | None, keyring: Keyring, plan: PollPlan | None = None) -> Summary:
    """Poll the devices of a site (None: of all) that are due. An edge: it commits for itself.

    Devices are read in one transaction, asked in none, recorded in another.
    """
    plan = plan or PollPlan()
    began = clock.now()
    with transaction():
        found = due(site_id, keyring, plan, began)
    outcomes = asyncio.run(poll_all(found.targets, plan)) + found.unreadable
    with transaction():
        recorded = record(outcomes, plan)
    return Summary(
        asked=len(outcomes),
        answered=sum(outcome.reading is not None for outcome in outcomes),
        opened=recorded.opened,
        closed=recorded.closed,
        seconds=(clock.now() - began).total_seconds(),
    )


def due(site_id: int | None, keyring: Keyring, plan: PollPlan, now: datetime) -> Due:
    """The enabled devices with an SNMP credential whose time has come."""
    # The clock does not tick to the millisecond: what is due a moment later is due now.
    horizon = now + plan.interval * 0.2
    query = (
        sa.select(Device, Credential)
        .join(Credential, Credential.id == Device.snmp_credential_id)
        .where(
            Device.is_enabled,
            sa.or_(Device.next_poll_at.is_(None), Device.next_poll_at <= horizon),
        )
        .order_by(Device.id)
    )
    if site_id is not None:
        query = query.where(Device.site_id == site_id)
    rows = db.session.execute(query).all()
    layouts = discovery.layouts(d.layout_id for d, _ in rows if d.layout_id is not None)
    logins = _logins({credential for _, credential in rows}, keyring)
    targets, unreadable = [], []
    for device, credential in rows:
        login = logins[credential.id]
        if isinstance(login, Failure):
            nobody = Target(device.address, device.snmp_port, device_id=device.id)
            unreadable.append(Outcome(nobody, now, 0.0, login))
        else:
            layout = None if _is_stale(device, now) else layouts.get(device.layout_id or 0)
            targets.append(_target(device, login, layout, plan))
    return Due(targets, unreadable)


def _target(device: Device, login: SnmpLogin, layout: Layout | None, plan: PollPlan) -> Target:
    return Target(
        address=device.address,
        port=device.snmp_port,
        login=login,
        timeout=plan.timeout_seconds,
        # Once its outage is certain, a dead device costs one packet.
        tries=1 if device.misses >= plan.thresholds.fire.count else plan.tries,
        budget=plan.budget_seconds,
        layout=layout,
        uptime_before=device.uptime_seconds,
        device_id=device.id,
    )


def _is_stale(device: Device, now: datetime) -> bool:
    """Whether to discover anew: about hourly, each device at a minute of its own."""
    if device.discovered_at is None:
        return True
    return now - device.discovered_at > DISCOVERY * (1 + _fraction(device.id) / 2)


def _fraction(device_id: int) -> float:
    """A fixed number in [0, 1) for each device, to spread what would happen at once."""
    return zlib.crc32(device_id.to_bytes(8, "big")) / 2**32


def _logins(rows: set[Credential], keyring: Keyring) -> dict[int, SnmpLogin | Failure]:
    found: dict[int, SnmpLogin | Failure] = {}
    for credential in rows:
        try:
            login = credentials.open_(credential, keyring)
        except CredentialUnreadable as unreadable:
            found[credential.id] = Failure(FailureKind.INTERNAL, unreadable.message)
            continue
        if isinstance(login, SshLogin):
            found[credential.id] = Failure(
                FailureKind.INTERNAL, f"The credential {credential.name} is for SSH, not for SNMP."
            )
        else:
            found[credential.id] = login
    return found


async def poll_all(
    targets: Sequence[Target], plan: PollPlan | None = None, engines: Engines | None = None
) -> list[Outcome]:
    """Ask all targets, in their order; one outcome each, whatever happens to the others."""
    memory = _memory if engines is None else Memory(engines)
    found = [
        outcome async for portion in poll_by_portions(targets, plan, memory) for outcome in portion
    ]
    places = {id(target): place for place, target in enumerate(targets)}
    return sorted(found, key=lambda outcome: places[id(outcome.target)])


async def poll_by_portions(
    targets: Sequence[Target], plan: PollPlan | None = None, memory: Memory | None = None
) -> AsyncIterator[list[Outcome]]:
    """Ask all targets; their outcomes come in portions, so that nobody holds them all.

    Starts are spread over the cycle by the device, at most a third of the interval.
    """
    plan = plan or PollPlan()
    spread = min(plan.interval_seconds / 3, len(targets) / STARTS_PER_SECOND)
    starts = [(spread * _fraction(target.device_id), target) for target in targets]
    volley = Volley(Pace(plan.in_flight), memory or _memory)
    async for portion in volley.ask(starts):
        yield portion


def record(outcomes: Sequence[Outcome], plan: PollPlan | None = None) -> Recorded:
    """Write readings, status and outages of these outcomes; the caller commits."""
    plan = plan or PollPlan()
    return recording.record(outcomes, plan.interval, plan.thresholds)
