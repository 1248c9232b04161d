"""Who is to be asked in a cycle, how, and at which moment of it.

Each device has a moment of its own in the cycle, by its id, so that a centre's devices are spread
over the interval and every one keeps its pace. A clock that was set back is understood: a device
whose last poll lies ahead of us is due.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring import credentials, discovery
from monitoring.credentials import Keyring
from monitoring.errors import CredentialUnreadable
from monitoring.health import Thresholds
from monitoring.models import Credential, Device
from monitoring.probes.logins import SnmpLogin, SshLogin
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import Layout

DISCOVERY = timedelta(hours=1)
# A cycle ends before the next begins: the rest of the interval is for those who answer late.
SPREAD = 0.8
# The clock does not tick to the millisecond: what is due a little later is due now.
SLACK = 0.2


@dataclass(frozen=True, slots=True)
class PollPlan:
    """How polling goes: seconds between two polls of a device, for one request, and for a device.

    `in_flight` bounds the devices asked at the same time; each of them has one request under way.
    At most `starts_per_second` begin in a second, and the interval bounds how far that spreads
    them. Outcomes are written in portions of `portion` devices.
    """

    interval_seconds: float = 30.0
    timeout_seconds: float = 2.0
    tries: int = 3
    budget_seconds: float = 20.0
    in_flight: int = 200
    starts_per_second: float = 100.0
    portion: int = 250
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def interval(self) -> timedelta:
        """The pause between two polls of a healthy device."""
        return timedelta(seconds=self.interval_seconds)

    def spread(self, devices: int) -> float:
        """Over how many seconds so many devices are spread."""
        return min(self.interval_seconds * SPREAD, devices / self.starts_per_second)


@dataclass(frozen=True, slots=True)
class Due:
    """Whom to ask, each so many seconds from now; who cannot be asked, and who need not be yet.

    A credential that does not open makes its devices `unreadable`.
    """

    starts: list[tuple[float, Target]]
    unreadable: list[Outcome]
    not_yet: int


def due(site_ids: Sequence[int], keyring: Keyring, plan: PollPlan, now: datetime) -> Due:
    """The enabled devices of these sites with an SNMP credential whose time comes in this cycle."""
    rows = _rows(site_ids)
    near = now + plan.interval
    spread = plan.spread(sum(row.next_poll_at is None or row.next_poll_at <= near for row in rows))
    called = [row for row in rows if _is_due(row, now + _moment(row.id, spread), now, plan)]
    layouts = discovery.layouts({row.layout_id for row in called if row.layout_id is not None})
    logins = _logins({row.snmp_credential_id for row in called}, keyring)
    starts, unreadable = [], []
    for row in called:
        login = logins[row.snmp_credential_id]
        if isinstance(login, Failure):
            nobody = Target(row.address, row.snmp_port, device_id=row.id)
            unreadable.append(Outcome(nobody, now, 0.0, login))
        else:
            layout = None if _is_stale(row, now) else layouts.get(row.layout_id or 0)
            starts.append(
                (_moment(row.id, spread).total_seconds(), _target(row, login, layout, plan))
            )
    return Due(starts, unreadable, len(rows) - len(called))


def _rows(site_ids: Sequence[int]) -> Sequence[Any]:
    query = (
        sa.select(
            Device.id,
            Device.address,
            Device.snmp_port,
            Device.snmp_credential_id,
            Device.misses,
            Device.uptime_seconds,
            Device.layout_id,
            Device.discovered_at,
            Device.last_poll_at,
            Device.next_poll_at,
        )
        .where(
            Device.is_enabled,
            Device.snmp_credential_id.is_not(None),
            Device.site_id.in_(site_ids),
        )
        .order_by(Device.id)
    )
    return db.session.execute(query).all()


def _is_due(row: Any, moment: datetime, now: datetime, plan: PollPlan) -> bool:
    if row.next_poll_at is None or row.next_poll_at <= moment + plan.interval * SLACK:
        return True
    # The clock was set back, and would stand still for this device until it is there again.
    return row.last_poll_at is not None and row.last_poll_at > now


def _target(row: Any, login: SnmpLogin, layout: Layout | None, plan: PollPlan) -> Target:
    return Target(
        address=row.address,
        port=row.snmp_port,
        login=login,
        timeout=plan.timeout_seconds,
        # Once its outage is certain, a dead device costs one packet.
        tries=1 if row.misses >= plan.thresholds.fire.count else plan.tries,
        budget=plan.budget_seconds,
        layout=layout,
        layout_id=None if layout is None else row.layout_id,
        uptime_before=row.uptime_seconds,
        device_id=row.id,
    )


def _is_stale(row: Any, now: datetime) -> bool:
    """Whether to discover anew: about hourly, each device at a minute of its own."""
    if row.discovered_at is None:
        return True
    return bool(now - row.discovered_at > DISCOVERY * (1 + _fraction(row.id) / 2))


def _moment(device_id: int, spread: float) -> timedelta:
    """How far from its beginning a device is asked in each cycle."""
    return timedelta(seconds=spread * _fraction(device_id))


def _fraction(device_id: int) -> float:
    """A fixed number in [0, 1) for each device, to spread what would happen at once."""
    return zlib.crc32(device_id.to_bytes(8, "big")) / 2**32


def _logins(ids: set[int], keyring: Keyring) -> dict[int, SnmpLogin | Failure]:
    found: dict[int, SnmpLogin | Failure] = {}
    for credential in db.session.scalars(sa.select(Credential).where(Credential.id.in_(ids))):
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
