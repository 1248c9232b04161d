"""Who is on call: shifts without overlap, made for weeks ahead and swapped one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from config.database import db
from monitoring.errors import BadShift, ShiftTaken, UnknownShift
from monitoring.models import DutyShift
from rental import journal
from rental.models import Member, Role

OPERATORS = (Role.OPERATOR, Role.ADMINISTRATOR)
LONGEST = timedelta(days=31)
MOST_WEEKS = 53
WEEK = timedelta(days=7)


def operators() -> Sequence[Member]:
    """Everybody who may be on call, by name."""
    return db.session.scalars(
        sa.select(Member)
        .where(Member.role.in_(OPERATORS), Member.is_active)
        .order_by(Member.name, Member.id)
    ).all()


def on_call(at: datetime) -> Member | None:
    """Who is on call at this instant; nobody where the rota has a hole or its member has left."""
    return db.session.scalar(
        sa.select(Member)
        .join(DutyShift, DutyShift.member_id == Member.id)
        .where(DutyShift.starts_at <= at, DutyShift.ends_at > at, Member.is_active)
    )


def shifts(since: datetime, until: datetime) -> Sequence[DutyShift]:
    """The shifts that touch [since, until), by their beginning."""
    return db.session.scalars(
        sa.select(DutyShift)
        .where(DutyShift.starts_at < until, DutyShift.ends_at > since)
        .order_by(DutyShift.starts_at)
    ).all()


def add(member: Member, starts_at: datetime, ends_at: datetime, *, by: Member | None) -> DutyShift:
    """One shift; raises BadShift or ShiftTaken."""
    _check(member)
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise BadShift("A shift ends after it begins, and lasts a month at most.")
    shift = DutyShift(member=member, starts_at=starts_at, ends_at=ends_at)
    try:
        with db.session.begin_nested():
            db.session.add(shift)
            db.session.flush()
    except IntegrityError as overlapping:
        raise ShiftTaken from overlapping
    journal.record(shift, "added", by=by, name=member.name)
    return shift


def plan(
    members: Sequence[Member], first: date, weeks: int, zone: ZoneInfo, *, by: Member | None
) -> list[DutyShift]:
    """Weekly shifts in turn from 08:00 of a day on, all or none; raises BadShift or ShiftTaken.

    They begin at 08:00 on the wall clock, whatever the clocks do meanwhile.
    """
    if not members or not 1 <= weeks <= MOST_WEEKS:
        raise BadShift("Choose who takes turns, and 1 to 53 weeks.")
    edges = [
        datetime.combine(first + WEEK * number, time(8), zone).astimezone(UTC)
        for number in range(weeks + 1)
    ]
    with db.session.begin_nested():
        return [
            add(members[number % len(members)], edges[number], edges[number + 1], by=by)
            for number in range(weeks)
        ]


def give(shift: DutyShift, member: Member, *, by: Member | None) -> None:
    """Another member takes the shift; raises BadShift."""
    _check(member)
    before, shift.member = shift.member, member
    db.session.flush()
    journal.record(shift, "changed", by=by, name=member.name, before=before.name)


def remove(shift: DutyShift, *, by: Member | None) -> None:
    """Nobody is on call in its place."""
    journal.record(shift, "removed", by=by, name=shift.member.name)
    db.session.delete(shift)
    db.session.flush()


def get(shift_id: int) -> DutyShift:
    """The shift of this id; raises UnknownShift."""
    shift = db.session.get(DutyShift, shift_id)
    if shift is None:
        raise UnknownShift
    return shift


def _check(member: Member) -> None:
    if member.role not in OPERATORS or not member.is_active:
        raise BadShift("{name} is no operator; choose an operator.", name=member.name)
