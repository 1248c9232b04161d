"""Waivers: asked for, approved by a second person where the terms say so, and ended once.

A waiver ends at an instant, or with a booking: then it follows the booking when that is moved, and
ends when it is cancelled, returned or given up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import dependencies, violations, waiver_terms
from monitoring.errors import (
    BadWaiver,
    OtherPersonNeeded,
    UnknownWaiver,
    WaiverAsked,
    WaiverDecided,
)
from monitoring.models import Device, Violation, ViolationStatus, Waiver, WaiverStatus
from monitoring.signals import waiver_asked, waiver_decided
from rental import journal
from rental.models import HOLDING, Booking, Member

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class NewWaiver:
    """Why the risk is borne, and until when: an instant, or the end of a booking."""

    reason: str
    until: datetime | None = None
    booking: Booking | None = None


def ask(violation: Violation, new: NewWaiver, *, by: Member) -> Waiver:
    """Ask to bear the risk for a time; where one person is enough, it is in force at once.

    Raises BadWaiver, WaiverAsked where one waits already, and ViolationMovedOn where the rule
    passes again. The caller settles enforcement afterwards: see `enforcement.settle`.
    """
    # Reading who asks may write what is half said, so it comes first.
    asker, reason = by.id, new.reason.strip()[:LONGEST_REASON]
    if not reason or (new.until is None) == (new.booking is None):
        raise BadWaiver
    violations.lock(violation)
    _require_end(_end(new.until, new.booking, violation.device), clock.now())
    if violation.status is ViolationStatus.RESOLVED:
        violation.move_to(ViolationStatus.WAIVED)
    if find(violation, WaiverStatus.ASKED) is not None:
        raise WaiverAsked
    waiver = Waiver(
        violation_id=violation.id,
        reason=reason,
        until=new.until,
        booking_id=new.booking.id if new.booking is not None else None,
        takes_two=waiver_terms.load().take_two(violation.severity),
        asked_by_id=asker,
    )
    db.session.add(waiver)
    db.session.flush()
    if waiver.takes_two:
        journal.record(violation, "waiver_asked", by=by, reason=reason, **_told(waiver))
        waiver_asked.send(waiver)
    else:
        _begin(waiver, by)
    return waiver


def approve(waiver: Waiver, *, by: Member) -> None:
    """Agree to bear the risk: from here on the violation is waived.

    Raises OtherPersonNeeded for whoever asked, WaiverDecided, and BadWaiver where its time is over
    already. The caller settles enforcement afterwards.
    """
    _lock(waiver)
    if waiver.takes_two and by.id == waiver.asked_by_id:
        raise OtherPersonNeeded
    _require_end(_end(waiver.until, waiver.booking, waiver.violation.device), clock.now())
    _begin(waiver, by)
    waiver_decided.send(waiver)


def decline(waiver: Waiver, *, by: Member, reason: str = "") -> None:
    """Say no; who asked takes it back so. Raises WaiverDecided."""
    _lock(waiver)
    is_own = by.id == waiver.asked_by_id
    waiver.status = WaiverStatus.WITHDRAWN if is_own else WaiverStatus.DECLINED
    waiver.decided_by_id, waiver.decided_at = by.id, clock.now()
    waiver.decision = reason.strip()[:LONGEST_REASON] or None
    db.session.flush()
    verb = f"waiver_{waiver.status.value}"
    journal.record(waiver.violation, verb, by=by, reason=waiver.decision)
    if not is_own:
        waiver_decided.send(waiver)


def end_over(*, at: datetime | None = None) -> list[Violation]:
    """Follow the bookings, then open again what is waived no longer; the clock asks for it.

    Two workers at once end each waiver once: who comes second finds it open.
    """
    now = at or clock.now()
    _follow(now)
    return violations.end_waivers(at=now)


def asked() -> list[Waiver]:
    """What waits for a second person, the oldest first."""
    return _all(WaiverStatus.ASKED)


def in_force() -> list[Waiver]:
    """What is borne now, the first to end first."""
    found = _all(WaiverStatus.IN_FORCE)
    return sorted(found, key=lambda one: (one.violation.waived_until or one.asked_at, one.id))


def find(violation: Violation, status: WaiverStatus) -> Waiver | None:
    """The waiver of this violation that is asked for, or in force, if any."""
    return db.session.scalar(
        sa.select(Waiver).where(Waiver.violation_id == violation.id, Waiver.status == status)
    )


def get_asked(violation: Violation) -> Waiver:
    """The waiver of this violation that waits for an answer; raises UnknownWaiver."""
    waiver = find(violation, WaiverStatus.ASKED)
    if waiver is None:
        raise UnknownWaiver
    return waiver


def current(of: Iterable[Violation]) -> dict[int, list[Waiver]]:
    """The waivers that are asked for or in force, by the id of their violation."""
    query = (
        sa.select(Waiver)
        .where(
            Waiver.violation_id.in_([each.id for each in of]),
            Waiver.status.in_((WaiverStatus.ASKED, WaiverStatus.IN_FORCE)),
        )
        .options(joinedload(Waiver.asked_by), joinedload(Waiver.decided_by))
        .options(joinedload(Waiver.booking))
    )
    found: dict[int, list[Waiver]] = {}
    for waiver in db.session.scalars(query.order_by(Waiver.id)):
        found.setdefault(waiver.violation_id, []).append(waiver)
    return found


def ends_with(booking: Booking) -> bool:
    """Whether a waiver in force ends with this booking."""
    query = sa.select(Waiver.id).where(
        Waiver.booking_id == booking.id, Waiver.status == WaiverStatus.IN_FORCE
    )
    return db.session.scalar(query.limit(1)) is not None


def end_of(booking: Booking, device: Device) -> datetime | None:
    """When the booking needs the device no more; None where it lasts no longer.

    The last of its lines that need the device counts, or of all where none is known to.
    """
    if booking.status not in HOLDING:
        return None
    ends = [
        need.line.ends_at
        for need in dependencies.of_booking(booking)
        if any(device.id == each.id for one in need.needed for each in (one.device, *one.above))
    ]
    return max(ends, default=booking.ends_at)


def _end(until: datetime | None, booking: Booking | None, device: Device) -> datetime | None:
    return until if booking is None else end_of(booking, device)


def _require_end(until: datetime | None, now: datetime) -> datetime:
    is_soon = until is not None and until.tzinfo is not None
    if until is None or not is_soon or not now < until <= now + violations.LONGEST_WAIVER:
        raise BadWaiver
    return until


def _begin(waiver: Waiver, by: Member) -> None:
    violation, now = waiver.violation, clock.now()
    until = _require_end(_end(waiver.until, waiver.booking, violation.device), now)
    db.session.execute(
        sa.update(Waiver)
        .where(Waiver.violation_id == violation.id, Waiver.status == WaiverStatus.IN_FORCE)
        .values(status=WaiverStatus.ENDED, ended_at=now)
    )
    waiver.status = WaiverStatus.IN_FORCE
    waiver.decided_by_id, waiver.decided_at = by.id, now
    db.session.flush()
    violations.waive(violation, by=by, reason=waiver.reason, until=until)


def _lock(waiver: Waiver) -> None:
    """Violation first, then its waiver: as everybody does who changes both."""
    violations.lock(waiver.violation)
    db.session.refresh(waiver, with_for_update={"of": Waiver})
    if waiver.status is not WaiverStatus.ASKED:
        raise WaiverDecided


def _follow(now: datetime) -> None:
    """Let waivers end when their bookings do now; what lasts no longer ends this moment."""
    query = (
        sa.select(Waiver)
        .join(Waiver.violation)
        .where(Waiver.status == WaiverStatus.IN_FORCE, Waiver.booking_id.is_not(None))
        .order_by(Waiver.violation_id)
        .options(joinedload(Waiver.booking), joinedload(Waiver.violation))
        .execution_options(populate_existing=True)
    )
    for waiver in db.session.scalars(query).all():
        booking, violation = waiver.booking, waiver.violation
        if booking is None or violation.waived_until is None:
            continue
        ends_at = end_of(booking, violation.device) or min(now, violation.waived_until)
        ends_at = min(ends_at, waiver.asked_at + violations.LONGEST_WAIVER)
        if ends_at == violation.waived_until:
            continue
        violations.lock(violation)
        db.session.refresh(waiver)
        if waiver.status is WaiverStatus.IN_FORCE:
            violation.waived_until = ends_at
            db.session.flush()
            told = _told(waiver) | {"until": ends_at.isoformat()}
            journal.record(violation, "waiver_moved", by=None, **told)


def _all(status: WaiverStatus) -> list[Waiver]:
    query = (
        sa.select(Waiver)
        .where(Waiver.status == status)
        .options(
            joinedload(Waiver.violation).joinedload(Violation.device),
            joinedload(Waiver.booking),
            joinedload(Waiver.asked_by),
            joinedload(Waiver.decided_by),
        )
        .order_by(Waiver.asked_at, Waiver.id)
    )
    return list(db.session.scalars(query))


def _told(waiver: Waiver) -> dict[str, str]:
    if waiver.booking is not None:
        return {"reference": waiver.booking.reference}
    return {"until": waiver.until.isoformat()} if waiver.until is not None else {}
