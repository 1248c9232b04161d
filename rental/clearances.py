"""The deeds on a clearance: lodged by the unit, answered by the authority, exempted, demanded anew.

What a booking needs, and whether it may be confirmed, stands in `rental.clearance_needs`. Every
deed locks the booking first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from config import clock
from config.database import db
from rental import asking, clearance_needs, clearance_rules, journal, moves
from rental.errors import BadClearance, MovedOn, UnknownClearance
from rental.models import (
    Attachment,
    AttachmentKind,
    Booking,
    BookingStatus,
    Clearance,
    ClearanceStatus,
    JournalEntry,
    Member,
)

OPEN = (ClearanceStatus.NEEDED, ClearanceStatus.LODGED)
LIVE = (BookingStatus.REQUESTED, BookingStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the authority, or the desk in its place, says: why, and the paper it came with."""

    reason: str = ""
    paper: Attachment | None = None


def of(booking: Booking) -> list[Clearance]:
    """The clearances of a booking, the soonest deadline first."""
    return clearance_needs.of_all([booking]).get(booking.id, [])


def get(booking: Booking, clearance_id: int) -> Clearance:
    """One clearance of this booking; raises UnknownClearance, also for another booking's."""
    found = next((each for each in of(booking) if each.id == clearance_id), None)
    if found is None:
        raise UnknownClearance
    return found


def papers(clearances: Iterable[Clearance]) -> dict[int, list[Attachment]]:
    """Notices and answers, by the id of the clearance, oldest first, without their bytes."""
    ids = [clearance.id for clearance in clearances]
    found: dict[int, list[Attachment]] = {}
    if ids:
        for each in db.session.scalars(
            sa.select(Attachment).where(Attachment.clearance_id.in_(ids)).order_by(Attachment.id)
        ):
            found.setdefault(each.clearance_id or 0, []).append(each)
    return found


def open_ones(limit: int = 200) -> list[Clearance]:
    """What is needed or unanswered for events that are still to come, soonest deadline first."""
    return list(
        db.session.scalars(
            sa.select(Clearance)
            .join(Clearance.booking)
            .where(
                Clearance.status.in_([*OPEN, ClearanceStatus.REFUSED]),
                Booking.status.in_(LIVE),
                Booking.starts_at > clock.now(),
            )
            .options(contains_eager(Clearance.booking))
            .order_by(Clearance.deadline, Clearance.id)
            .limit(limit)
        )
    )


def lodge(clearance: Clearance, notice: Attachment, *, lodged_at: datetime, by: Member) -> None:
    """Record that the notice reached the authority at `lodged_at`; a later copy replaces it.

    Raises BadClearance for a time to come, MovedOn where it was answered already.
    """
    booking = _locked(clearance)
    if lodged_at > clock.now() + asking.GRACE:
        raise BadClearance("The notice is lodged at a time to come; record it when it is lodged.")
    if clearance.status not in OPEN:
        raise MovedOn("The clearance is answered already; look again before you decide.")
    _keep(clearance, notice, AttachmentKind.NOTICE)
    _move(clearance, ClearanceStatus.LODGED, by=by)
    clearance.lodged_at = lodged_at
    db.session.flush()
    journal.record(booking, "clearance_lodged", by=by, filename=notice.filename)


def accept(clearance: Clearance, answer: Answer, *, by: Member) -> None:
    """Record that the event may go ahead: the authority's word, or the desk's with its reason.

    Without a notice in time the reason must be told. Raises BadClearance.
    """
    booking = _locked(clearance)
    reason = asking.reason(answer.reason)
    if reason is None and answer.paper is None and not clearance_needs.is_in_time(clearance):
        raise BadClearance(
            "No notice was lodged in time; write down why the event may go ahead all the same."
        )
    _answer(booking, clearance, ClearanceStatus.ACCEPTED, answer, by)


def refuse(clearance: Clearance, answer: Answer, *, by: Member) -> None:
    """Record that the authority refused: the booking cannot be confirmed. Raises BadClearance."""
    booking = _locked(clearance)
    if asking.reason(answer.reason) is None:
        raise BadClearance("Write down why the authority refused; the unit reads it.")
    _answer(booking, clearance, ClearanceStatus.REFUSED, answer, by)


def exempt(clearance: Clearance, reason: str, *, by: Member) -> None:
    """Record why the organiser need not lodge a notice; the desk reads it before it confirms.

    Raises BadClearance without a reason, or where the rule exempts nobody.
    """
    booking = _locked(clearance)
    rule = clearance_rules.find(clearance.rule)
    if rule is None or rule.exemption is None:
        raise BadClearance("The rule exempts nobody; lodge the notice.")
    if clearance.status not in OPEN:
        raise MovedOn("The clearance is answered already; look again before you decide.")
    if asking.reason(reason) is None:
        raise BadClearance(
            "Write down who speaks, and for which body: the reason of the exemption."
        )
    _answer(booking, clearance, ClearanceStatus.EXEMPT, Answer(reason), by)


def demand(clearance: Clearance, reason: str, *, by: Member) -> None:
    """Ask for the notice after all: an exemption or answer does not hold. Raises BadClearance."""
    booking = _locked(clearance)
    why = asking.reason(reason)
    if why is None:
        raise BadClearance("Write down why the notice is needed after all; the unit reads it.")
    _move(clearance, ClearanceStatus.NEEDED, by=by)
    clearance.reason, clearance.lodged_at = why, None
    db.session.flush()
    journal.record(booking, "clearance_needed", by=by, reason=why)


def require_refused(clearance: Clearance) -> Clearance:
    """The clearance, its booking locked, if the authority refused it; raises MovedOn."""
    _locked(clearance)
    if clearance.status is not ClearanceStatus.REFUSED:
        raise MovedOn("The authority has not refused it; look again before you decide.")
    return clearance


def to_remind(within: timedelta, limit: int = 100) -> list[Clearance]:
    """What is needed with a deadline that near, and was not reminded of; locked for this worker."""
    now = clock.now()
    reminded = sa.exists().where(
        JournalEntry.subject == Clearance.__tablename__,
        JournalEntry.subject_id == Clearance.id,
        JournalEntry.verb == "reminded",
        # A reminder of an earlier deadline says nothing about this one.
        JournalEntry.at >= Clearance.deadline - sa.literal(within, sa.Interval()),
    )
    return list(
        db.session.scalars(
            sa.select(Clearance)
            .join(Clearance.booking)
            .where(
                Clearance.status == ClearanceStatus.NEEDED,
                Clearance.deadline > now,
                Clearance.deadline <= now + within,
                Booking.status.in_(LIVE),
                ~reminded,
            )
            .order_by(Clearance.deadline, Clearance.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Clearance)
        )
    )


def note_reminded(clearance: Clearance) -> None:
    """Remember that the unit was reminded."""
    journal.record(clearance, "reminded", by=None)


def _locked(clearance: Clearance) -> Booking:
    """The booking, locked and still to come about, with the clearance as it is now."""
    booking = moves.lock(db.session.get_one(Booking, clearance.booking_id))
    db.session.refresh(clearance)
    if booking.status not in LIVE:
        raise MovedOn(
            "The booking is {status}; its clearances no longer change.", status=booking.status
        )
    return booking


def _answer(
    booking: Booking, clearance: Clearance, to: ClearanceStatus, answer: Answer, by: Member
) -> None:
    if answer.paper is not None:
        _keep(clearance, answer.paper, AttachmentKind.ANSWER)
    _move(clearance, to, by=by)
    clearance.reason, clearance.answered_at = asking.reason(answer.reason), clock.now()
    db.session.flush()
    journal.record(booking, f"clearance_{to.value}", by=by, reason=clearance.reason)


def _keep(clearance: Clearance, paper: Attachment, kind: AttachmentKind) -> None:
    """Bind a file of the same booking to the clearance; raises BadClearance for any other."""
    if paper.booking_id != clearance.booking_id:
        raise BadClearance("The file belongs to another booking; upload it on this one.")
    paper.clearance_id, paper.kind = clearance.id, kind


def _move(clearance: Clearance, to: ClearanceStatus, *, by: Member | None = None) -> None:
    clearance.status, clearance.answered_at, clearance.reason = to, None, None
    clearance.member_id = by.id if by else None
