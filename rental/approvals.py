"""Approvals: asked at a request, asked again where its grounds change, answered in any order."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from config import clock
from config.database import db
from rental import approval_rules, asking, journal, moves
from rental.approval_rules import Need
from rental.errors import ApprovalSettled, ApprovalsMissing, UnknownApproval
from rental.models import Approval, ApprovalStatus, Booking, BookingStatus, Line, Member, Role
from rental.signals import approval_answered, approval_asked

# While a booking stands so, an answer may still be given or thought over again.
OPEN = (BookingStatus.REQUESTED, BookingStatus.CONFIRMED)


def needed(booking: Booking) -> dict[str, Need]:
    """The approvals that a booking needs as it stands, by their keys; no query."""
    return approval_rules.needs(booking, approval_rules.load())


def ask(booking: Booking) -> None:
    """Ask everybody whose yes a new request needs; nothing happens where it needs none."""
    _add(booking, needed(booking).values())


def _add(booking: Booking, wanted: Iterable[Need]) -> None:
    asked = [
        Approval(booking_id=booking.id, rule=need.key, role=need.role, unit_id=need.unit_id)
        for need in wanted
    ]
    if not asked:
        return
    db.session.add_all(asked)
    db.session.flush()
    for approval in asked:
        approval_asked.send(approval)


def renew(booking: Booking, before: Mapping[str, Need]) -> None:
    """After a change: what has the same grounds keeps its answer, the rest is asked anew.

    `before` is what the booking needed until now.
    """
    after = needed(booking)
    if not before and not after:
        return
    rows = {approval.rule: approval for approval in of(booking)}
    for key, approval in rows.items():
        if key not in after:
            db.session.delete(approval)
        elif key not in before or before[key] != after[key]:
            _ask_again(approval)
    db.session.flush()
    _add(booking, (need for key, need in after.items() if key not in rows))


def _ask_again(approval: Approval) -> None:
    was_pending = approval.status is ApprovalStatus.PENDING
    approval.status = ApprovalStatus.PENDING
    approval.member_id = approval.answered_at = approval.comment = None
    db.session.flush()
    if not was_pending:
        approval_asked.send(approval)


def of(booking: Booking) -> list[Approval]:
    """The approvals of a booking, in the order asked."""
    return list(
        db.session.scalars(
            sa.select(Approval)
            .where(Approval.booking_id == booking.id)
            .options(joinedload(Approval.unit), joinedload(Approval.member))
            .order_by(Approval.id)
        )
    )


def missing_of(bookings: Sequence[Booking]) -> dict[int, list[Approval]]:
    """What is not approved yet, by the id of the booking; one query for all of them."""
    wanted = [booking.id for booking in bookings]
    found: dict[int, list[Approval]] = {}
    if wanted:
        rows = db.session.scalars(
            sa.select(Approval)
            .where(Approval.booking_id.in_(wanted), Approval.status != ApprovalStatus.APPROVED)
            .options(joinedload(Approval.unit))
            .order_by(Approval.id)
        )
        for approval in rows:
            found.setdefault(approval.booking_id, []).append(approval)
    return found


def require(booking: Booking) -> None:
    """Refuse with ApprovalsMissing, naming who has not said yes. No query where none is needed."""
    wanted = needed(booking)
    if not wanted:
        return
    rows = [one for one in of(booking) if one.rule in wanted]
    missing = [one for one in rows if one.status is not ApprovalStatus.APPROVED]
    if missing:
        raise ApprovalsMissing(
            "Approval is missing: {missing}. Ask them, or decline the request.",
            words={"missing": [one.role or _owner(one) for one in missing]},
            approvals=[
                {"rule": one.rule, "by": str(one.role or _owner(one)), "status": one.status.value}
                for one in missing
            ],
        )


def _owner(approval: Approval) -> str:
    return approval.unit.name if approval.unit is not None else ""


def may_answer(approval: Approval, member: Member) -> bool:
    """Whether it is this member's to answer; an administrator answers for any role."""
    if member.role is Role.ADMINISTRATOR:
        return True
    if approval.role is not None:
        return member.role is approval.role
    return member.role is Role.HEAD and member.unit_id == approval.unit_id


def get(approval_id: int, member: Member) -> Approval:
    """An approval that this member may answer; raises UnknownApproval for any other."""
    approval = db.session.get(Approval, approval_id)
    if approval is None or not may_answer(approval, member):
        raise UnknownApproval
    return approval


def answer(approval: Approval, status: ApprovalStatus, *, by: Member, comment: str = "") -> None:
    """Say yes or no, or say otherwise than before, while the booking is open.

    Raises UnknownApproval where it is not the member's, ApprovalSettled where it is too late.
    """
    if not may_answer(approval, by):
        raise UnknownApproval
    booking = moves.lock(approval.booking)
    db.session.refresh(approval)
    if booking.status not in OPEN or (
        booking.status is BookingStatus.CONFIRMED and approval.status is ApprovalStatus.APPROVED
    ):
        raise ApprovalSettled
    approval.status = status
    approval.member_id = by.id
    approval.answered_at = clock.now()
    approval.comment = asking.reason(comment)
    db.session.flush()
    db.session.refresh(approval, ["member"])
    journal.record(
        booking, f"approval_{status.value}", by=by, rule=approval.rule, reason=approval.comment
    )
    approval_answered.send(approval)


def _mine(member: Member) -> sa.ColumnElement[bool]:
    """The approvals that are this member's to answer."""
    if member.role is Role.ADMINISTRATOR:
        return sa.true()
    if member.role is Role.HEAD:
        return Approval.unit_id == member.unit_id
    return Approval.role == member.role


def _waiting(member: Member) -> sa.Select[tuple[int]]:
    return (
        sa.select(Approval.id)
        .join(Booking, Booking.id == Approval.booking_id)
        .where(
            Approval.status == ApprovalStatus.PENDING,
            Booking.status.in_(OPEN),
            _mine(member),
        )
    )


def waiting(member: Member, limit: int = 100) -> list[Approval]:
    """What waits for this member's answer, the soonest event first."""
    return list(
        db.session.scalars(
            sa.select(Approval)
            .join(Booking, Booking.id == Approval.booking_id)
            .where(Approval.id.in_(_waiting(member)))
            .options(
                joinedload(Approval.unit),
                joinedload(Approval.booking).selectinload(Booking.lines).joinedload(Line.resource),
            )
            .order_by(Booking.starts_at, Approval.id)
            .limit(limit)
        ).unique()
    )


def answered(member: Member, limit: int = 20) -> list[Approval]:
    """What this member could answer and somebody has, the newest answer first."""
    return list(
        db.session.scalars(
            sa.select(Approval)
            .where(Approval.status != ApprovalStatus.PENDING, _mine(member))
            .options(
                joinedload(Approval.unit),
                joinedload(Approval.member),
                selectinload(Approval.booking).selectinload(Booking.lines),
            )
            .order_by(Approval.answered_at.desc(), Approval.id.desc())
            .limit(limit)
        )
    )


def count_waiting(member: Member) -> int:
    """How many wait for this member's answer."""
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(_waiting(member).subquery())) or 0
    )
