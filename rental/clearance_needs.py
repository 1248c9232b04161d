"""What clearances a booking needs: asked for, renewed, and required before it is confirmed.

The deeds on a clearance stand in `rental.clearances`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import clearance_rules, journal
from rental.clearance_rules import ClearanceRule, Event
from rental.errors import (
    ClearanceLate,
    ClearanceMissing,
    ClearanceRefusal,
    ClearanceRefused,
    ClearanceUnanswered,
)
from rental.models import Attachment, Booking, Clearance, ClearanceStatus

SETTLED = (ClearanceStatus.ACCEPTED, ClearanceStatus.EXEMPT)


def zone_of(booking: Booking) -> ZoneInfo:
    """The wall clock of the place where the event is."""
    return booking.lines[0].resource.site.tzinfo if booking.lines else clock.LOCAL


def due_for(booking: Booking) -> dict[str, datetime]:
    """Code of each rule that asks something of the booking as it stands, with its deadline."""
    rules = [r for r in clearance_rules.load() if booking.event_kind in r.event_kinds]
    if not rules:
        return {}
    zone = zone_of(booking)
    day = booking.starts_at.astimezone(zone).date()
    event = Event(booking.event_kind, booking.organiser, day)
    return {
        rule.code: clearance_rules.deadline(rule, booking.starts_at, zone)
        for rule in clearance_rules.due(rules, event)
    }


def ask_all(bookings: Iterable[Booking]) -> None:
    """Note at the request what each event needs; nothing is read from the database for it."""
    asked = [
        Clearance(booking_id=booking.id, rule=code, deadline=deadline)
        for booking in bookings
        for code, deadline in due_for(booking).items()
    ]
    if asked:
        db.session.add_all(asked)
        db.session.flush()


def renew_all(bookings: Sequence[Booking]) -> dict[int, list[Clearance]]:
    """Fit the clearances to locked bookings, which may have another time, kind or organiser now.

    A notice names the time of the event, so one that was lodged for another time is needed anew;
    so is one that the authority refused. An exemption stays, it hangs on who speaks. Gives back
    the clearances as they are then, by the id of the booking.
    """
    standing = of_all(bookings)
    renewed = {booking.id: _renewed(booking, standing.get(booking.id, [])) for booking in bookings}
    db.session.flush()
    return renewed


def _renewed(booking: Booking, standing: list[Clearance]) -> list[Clearance]:
    due = due_for(booking)
    kept = []
    for clearance in standing:
        deadline = due.pop(clearance.rule, None)
        if deadline is None:
            _drop(booking, clearance)
            continue
        kept.append(clearance)
        if deadline != clearance.deadline:
            clearance.deadline = deadline
            _need_anew(booking, clearance)
    added = [
        Clearance(
            booking_id=booking.id, rule=code, deadline=deadline, status=ClearanceStatus.NEEDED
        )
        for code, deadline in due.items()
    ]
    db.session.add_all(added)
    return kept + added


def _need_anew(booking: Booking, clearance: Clearance) -> None:
    if clearance.status in (ClearanceStatus.NEEDED, ClearanceStatus.EXEMPT):
        return
    clearance.status = ClearanceStatus.NEEDED
    clearance.lodged_at = clearance.answered_at = clearance.reason = clearance.member_id = None
    journal.record(booking, "clearance_needed", by=None)


def _drop(booking: Booking, clearance: Clearance) -> None:
    """The event needs it no longer; the papers stay with the booking."""
    db.session.execute(
        sa.update(Attachment)
        .where(Attachment.clearance_id == clearance.id)
        .values(clearance_id=None)
    )
    if clearance.status is not ClearanceStatus.NEEDED:
        journal.record(booking, "clearance_dropped", by=None)
    db.session.delete(clearance)


def of_all(bookings: Iterable[Booking]) -> dict[int, list[Clearance]]:
    """The clearances of several bookings, by the id of the booking, soonest deadline first."""
    found: dict[int, list[Clearance]] = {}
    for each in db.session.scalars(
        sa.select(Clearance)
        .where(Clearance.booking_id.in_([booking.id for booking in bookings]))
        .options(joinedload(Clearance.member))
        .order_by(Clearance.deadline, Clearance.id)
        .execution_options(populate_existing=True)
    ):
        found.setdefault(each.booking_id, []).append(each)
    return found


def is_in_time(clearance: Clearance) -> bool:
    """Whether a notice was lodged before the deadline."""
    return clearance.lodged_at is not None and clearance.lodged_at <= clearance.deadline


def require(booking: Booking) -> None:
    """Refuse a confirmation that lacks a clearance; the booking is locked.

    Raises ClearanceMissing, ClearanceLate, ClearanceRefused or ClearanceUnanswered.
    """
    for clearance in renew_all([booking])[booking.id]:
        rule = clearance_rules.find(clearance.rule)
        if rule is not None:
            _require(booking, clearance, rule)


def lacks(booking: Booking, clearance: Clearance) -> ClearanceRefusal | None:
    """The refusal that a confirmation would meet now, if any."""
    rule = clearance_rules.find(clearance.rule)
    try:
        if rule is not None:
            _require(booking, clearance, rule)
    except ClearanceRefusal as refusal:
        return refusal
    return None


def _require(booking: Booking, clearance: Clearance, rule: ClearanceRule) -> None:
    if clearance.status in SETTLED:
        return
    deadline = f"{clearance.deadline.astimezone(zone_of(booking)):%H:%M %d/%m/%Y}"
    authorities = [each.name for each in rule.authorities]
    if clearance.status is ClearanceStatus.NEEDED:
        raise ClearanceMissing(
            "{notice} is missing: it must reach {authority} by {deadline}. Lodge it there, then "
            "upload it on the page of the booking under “Clearances”.",
            words={"notice": rule.title, "authority": authorities},
            rule=rule.code,
            deadline=deadline,
        )
    if clearance.status is ClearanceStatus.REFUSED:
        raise ClearanceRefused(
            "The authority refused: {reason}. Decline or cancel the booking, or move the event and "
            "lodge a new notice.",
            words={"reason": (clearance.reason or "").rstrip(".")},
            rule=rule.code,
        )
    if not is_in_time(clearance):
        raise ClearanceLate(
            "{notice} was lodged after the deadline, {deadline}. Move the event, or record an "
            "exemption or a decision with its reason under “Clearances”.",
            words={"notice": rule.title},
            rule=rule.code,
            deadline=deadline,
        )
    if not rule.silence_proceeds:
        raise ClearanceUnanswered(
            "{authority} has not answered yet; record the answer under “Clearances” first.",
            words={"authority": authorities},
            rule=rule.code,
        )
