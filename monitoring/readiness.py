"""Is what a booking rents ready: answering, well, lawful, backed up, on. Red stops the handover.

What nobody has looked at is amber, never green. Of a pool so many pieces must be ready as were
booked; which of them goes over the counter is not known before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db
from monitoring import config_backups, dependencies, enforcing, port_holds, port_shortages
from monitoring.dependencies import LineNeeds, Needed
from monitoring.enforcement import STANDING
from monitoring.errors import BadSignature, NotReady
from monitoring.models import (
    ConfigRound,
    Device,
    DeviceStatus,
    FindingRow,
    Moment,
    Problem,
    ReadinessReport,
    ReadinessSignature,
    Verdict,
    Violation,
)
from monitoring.rules import Enforce, Severity
from rental import journal
from rental.models import Booking, BookingStatus, Line, Member

# A configuration that was read longer ago says little about what a spare device would be given.
OLDEST_BACKUP = timedelta(days=3)
AHEAD = {Moment.DAY: timedelta(hours=24), Moment.HOUR: timedelta(minutes=60)}
WORST_FIRST = (Verdict.RED, Verdict.AMBER, Verdict.GREEN)
MOST_REASON = 500
# What is found where a line lacks a port or a VLAN.
NOTHING_LEFT = "nothing_left"
# And where a broken rule keeps its port shut.
KEPT_SHUT = "kept_shut"


class CheckKind(StrEnum):
    """What is looked at of each device."""

    ANSWERS = "answers"
    HEALTH = "health"
    RULES = "rules"
    CERTIFICATE = "certificate"
    DISK = "disk"
    STREAM = "stream"
    SWITCHED = "switched"
    BACKED_UP = "backed_up"
    SAVED = "saved"


# Of which kind an open problem is; the others are health.
OF_PROBLEM = {
    "certificate": CheckKind.CERTIFICATE,
    "storage": CheckKind.DISK,
    "endpoint": CheckKind.STREAM,
    "access_port": CheckKind.SWITCHED,
}
BY_STATUS = {
    DeviceStatus.UP: Verdict.GREEN,
    DeviceStatus.DEGRADED: Verdict.AMBER,
    DeviceStatus.UNKNOWN: Verdict.AMBER,
    DeviceStatus.DOWN: Verdict.RED,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: of which device, how it is, and what was found (a name, a rule)."""

    kind: CheckKind
    device: str
    verdict: Verdict
    found: str = ""

    @property
    def key(self) -> str:
        """What a signature answers for."""
        return f"{self.kind}:{self.device}:{self.found}"


@dataclass(frozen=True, slots=True)
class Backup:
    """The newest backup of a device's configuration: when, whether the last try failed, unsaved.

    `unsaved_lines` is None where the platform cannot be asked for what it starts with.
    """

    succeeded_at: datetime | None = None
    has_failed: bool = False
    unsaved_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a device: problems, violations, whether rules were tried on it, its backup.

    Without a backup its platform has none, or nobody gave it a login.
    """

    problems: Sequence[tuple[str, str, Severity]] = ()
    violations: Sequence[tuple[str, Severity]] = ()
    was_audited: bool = False
    backup: Backup | None = None


def checks_of(device: Device, standing: Standing, interface: str | None = None) -> list[Check]:
    """Everything looked at of one device. `interface` is the port that hands a circuit out."""
    name = device.name
    found = [Check(CheckKind.ANSWERS, name, BY_STATUS[device.status], device.status.value)]
    for kind, subject, severity in standing.problems:
        what = OF_PROBLEM.get(kind, CheckKind.HEALTH)
        # Another port of the same switch is another renter's.
        if what is CheckKind.SWITCHED and subject != interface:
            continue
        is_red = severity is Severity.CRITICAL or (
            severity is Severity.HIGH and what is not CheckKind.HEALTH
        )
        found.append(Check(what, name, Verdict.RED if is_red else Verdict.AMBER, subject or kind))
    for rule, severity in standing.violations:
        is_red = Enforce.QUARANTINE in enforcing.steps_of(rule, severity)
        verdict = Verdict.RED if is_red else Verdict.AMBER
        found.append(Check(CheckKind.RULES, name, verdict, rule))
    if not standing.violations:
        verdict = Verdict.GREEN if standing.was_audited else Verdict.AMBER
        found.append(Check(CheckKind.RULES, name, verdict, "" if standing.was_audited else "none"))
    if standing.backup is not None:
        found += _of_backup(name, standing.backup, clock.now())
    return found


def _of_backup(name: str, backup: Backup, at: datetime) -> list[Check]:
    """Never red: an event runs without a backup, and is not begun again without one."""
    told = ""
    if backup.succeeded_at is None:
        told = "none"
    elif backup.has_failed:
        told = "failed"
    elif backup.succeeded_at < at - OLDEST_BACKUP:
        told = "old"
    found = [Check(CheckKind.BACKED_UP, name, Verdict.AMBER if told else Verdict.GREEN, told)]
    if backup.unsaved_lines is not None:
        is_saved = backup.unsaved_lines == 0
        verdict = Verdict.GREEN if is_saved else Verdict.AMBER
        told = "" if is_saved else str(backup.unsaved_lines)
        found.append(Check(CheckKind.SAVED, name, verdict, told))
    return found


def worst(checks: Iterable[Check]) -> Verdict:
    """The worst of them; GREEN of nothing."""
    found = {check.verdict for check in checks}
    return next((verdict for verdict in WORST_FIRST if verdict in found), Verdict.GREEN)


def of_pool(by_device: Sequence[Sequence[Check]], needed: int) -> list[Check]:
    """The checks of a pool: where enough of its devices are ready, the others do not stop it."""
    ready = sum(worst(checks) is not Verdict.RED for checks in by_device)
    flat = [check for checks in by_device for check in checks]
    if ready < needed:
        return flat
    return [
        replace(check, verdict=Verdict.AMBER) if check.verdict is Verdict.RED else check
        for check in flat
    ]


@dataclass(frozen=True, slots=True)
class LineReadiness:
    """One line of a booking and what was looked at for it; without devices nothing is."""

    line: Line
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst check."""
        return worst(self.checks)


@dataclass(frozen=True, slots=True)
class Readiness:
    """All lines of a booking, and the signatures for what is red."""

    lines: tuple[LineReadiness, ...]
    signatures: tuple[ReadinessSignature, ...] = ()

    @property
    def checks(self) -> list[Check]:
        """Every check of every line, once."""
        return list(dict.fromkeys(check for line in self.lines for check in line.checks))

    @property
    def verdict(self) -> Verdict:
        """The worst check."""
        return worst(self.checks)

    @property
    def unsigned(self) -> list[Check]:
        """What is red and nobody has signed for."""
        signed = {key for one in self.signatures for key in one.keys}
        red = [check for check in self.checks if check.verdict is Verdict.RED]
        return [check for check in red if check.key not in signed]


def of_booking(booking: Booking) -> Readiness:
    """How ready a booking is now."""
    needs = dependencies.of_booking(booking)
    standing = _standing({one.device.id: one.device for need in needs for one in need.needed})
    lines = tuple(LineReadiness(need.line, tuple(_of_line(need, standing))) for need in needs)
    return Readiness(lines, tuple(signatures(booking)))


def _of_line(need: LineNeeds, standing: Mapping[int, Standing]) -> list[Check]:
    by_device = [_of_needed(one, standing) for one in need.needed]
    short = _short(need, standing)
    if need.line.resource.stock > 1:
        return [*of_pool(by_device, need.line.quantity), *short]
    return [*(check for checks in by_device for check in checks), *short]


def _short(need: LineNeeds, standing: Mapping[int, Standing]) -> list[Check]:
    """What says that this line will find no port or VLAN, however many others are well."""
    line = need.line.resource.code, need.line.booking.reference
    return [
        Check(CheckKind.SWITCHED, one.device.name, Verdict.RED, found)
        for one in need.needed
        for _kind, subject, _gravity in standing.get(one.device.id, Standing()).problems
        for found, is_of in ((NOTHING_LEFT, port_shortages.is_of), (KEPT_SHUT, port_holds.is_of))
        if is_of(subject, *line)
    ]


def _of_needed(one: Needed, standing: Mapping[int, Standing]) -> list[Check]:
    found = checks_of(one.device, standing.get(one.device.id, Standing()), one.interface)
    # The way to it must stand as well.
    found += [
        Check(CheckKind.ANSWERS, above.name, BY_STATUS[above.status], above.status.value)
        for above in one.above
    ]
    return found


def _standing(devices: Mapping[int, Device]) -> dict[int, Standing]:
    device_ids = set(devices)
    problems: dict[int, list[tuple[str, str, Severity]]] = {}
    for problem in db.session.scalars(
        sa.select(Problem)
        .where(Problem.device_id.in_(device_ids), Problem.cleared_at.is_(None))
        .order_by(Problem.id)
    ):
        told = problem.kind, problem.subject, problem.severity
        problems.setdefault(problem.device_id, []).append(told)
    violations: dict[int, list[tuple[str, Severity]]] = {}
    for violation in db.session.scalars(
        sa.select(Violation)
        .where(Violation.device_id.in_(device_ids), Violation.status.in_(STANDING))
        .order_by(Violation.id)
    ):
        violations.setdefault(violation.device_id, []).append((violation.rule, violation.severity))
    audited = set(
        db.session.scalars(
            sa.select(FindingRow.device_id).where(FindingRow.device_id.in_(device_ids)).distinct()
        )
    )
    backups = _backups(devices)
    return {
        each: Standing(
            problems.get(each, ()), violations.get(each, ()), each in audited, backups.get(each)
        )
        for each in device_ids
    }


def _backups(devices: Mapping[int, Device]) -> dict[int, Backup]:
    """Of the devices whose platform and login allow one."""
    able = [each.id for each in devices.values() if config_backups.is_backed_up(each)]
    rows = db.session.scalars(sa.select(ConfigRound).where(ConfigRound.device_id.in_(able)))
    rounds = {row.device_id: row for row in rows}
    return {each: _backup(rounds.get(each)) for each in able}


def _backup(row: ConfigRound | None) -> Backup:
    if row is None:
        return Backup()
    return Backup(row.succeeded_at, row.failure is not None, row.unsaved_lines)


def signatures(booking: Booking) -> list[ReadinessSignature]:
    """Who signed for what, the newest first."""
    return list(
        db.session.scalars(
            sa.select(ReadinessSignature)
            .where(ReadinessSignature.booking_id == booking.id)
            .order_by(ReadinessSignature.id.desc())
        )
    )


def require(booking: Booking) -> None:
    """Refuse to hand over what is red and not signed for; raises NotReady."""
    unsigned = of_booking(booking).unsigned
    if unsigned:
        devices = sorted({check.device for check in unsigned})
        raise NotReady(
            "{devices}: not ready. Mend it, or let an operator sign for it on the booking's page.",
            devices=", ".join(devices),
        )


def sign(booking: Booking, *, by: Member, reason: str) -> ReadinessSignature:
    """Answer for what is red now, with a reason; raises BadSignature without either."""
    words = " ".join(reason.split())[:MOST_REASON]
    if not words:
        raise BadSignature("Say why it is handed over although it is not ready.")
    unsigned = of_booking(booking).unsigned
    if not unsigned:
        raise BadSignature("Nothing is red that nobody has signed for; look at the page again.")
    signature = ReadinessSignature(
        booking_id=booking.id, member=by, reason=words, keys=[check.key for check in unsigned]
    )
    db.session.add(signature)
    db.session.flush()
    devices = ", ".join(sorted({check.device for check in unsigned}))
    journal.record(booking, "readiness_signed", by=by, reason=words, number=devices)
    return signature


def due(at: datetime) -> list[tuple[Booking, Moment]]:
    """Confirmed bookings whose report of a moment is to be made now."""
    found = []
    for moment, ahead in AHEAD.items():
        made = sa.select(ReadinessReport.id).where(
            ReadinessReport.booking_id == Booking.id, ReadinessReport.moment == moment
        )
        query = (
            sa.select(Booking)
            .where(
                Booking.status == BookingStatus.CONFIRMED,
                Booking.starts_at > at,
                Booking.starts_at <= at + ahead,
                ~made.exists(),
            )
            .order_by(Booking.starts_at, Booking.id)
        )
        found += [(booking, moment) for booking in db.session.scalars(query)]
    return found


def report(booking: Booking, moment: Moment, at: datetime | None = None) -> ReadinessReport | None:
    """Keep what is found now as the report of a moment; None where another made it already."""
    ready = of_booking(booking)
    told: list[dict[str, Any]] = [asdict(check) for check in ready.checks]
    added = db.session.scalar(
        insert(ReadinessReport)
        .values(
            booking_id=booking.id,
            moment=moment,
            at=at or clock.now(),
            verdict=ready.verdict,
            checks=told,
        )
        .on_conflict_do_nothing(index_elements=["booking_id", "moment"])
        .returning(ReadinessReport.id)
    )
    return None if added is None else db.session.get_one(ReadinessReport, added)


def reports(booking: Booking) -> list[ReadinessReport]:
    """The reports of a booking, the newest first."""
    return list(
        db.session.scalars(
            sa.select(ReadinessReport)
            .where(ReadinessReport.booking_id == booking.id)
            .order_by(ReadinessReport.id.desc())
        )
    )
