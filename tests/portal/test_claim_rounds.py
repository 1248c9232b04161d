"""What comes round each minute for holds and the waitlist, and who is told by mail."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from portal.clock import turns
from portal.models import Notice
from portal.rounds import claims
from rental import bookings, holds
from rental.approvals import of as approvals_of
from rental.asking import RequestedBooking
from rental.models import EventKind, Hold, HoldStatus, Organiser, Role, WaitlistEntry, WaitStatus
from rental.series import RequestedSeries
from rental.series import request as request_series
from tests import build
from tests.rental.claims import held, lines, requested, waiting


def subjects():
    return [mail.subject.partition(": ")[2] for mail in db.session.scalars(sa.select(Notice))]


def test_both_come_round_each_minute(service):
    found = {turn.task: turn.seconds for turn in turns(service.extensions["settings"])}
    assert found["lapse_holds"] == found["sweep_waitlist"] == 60


@pytest.mark.parametrize(
    ("hours", "status", "mails"),
    [
        (-1, HoldStatus.LAPSED, ["lượt giữ chỗ đã hết hạn"]),
        (5, HoldStatus.STANDING, ["lượt giữ chỗ sắp hết hạn"]),
        (30, HoldStatus.STANDING, []),
    ],
)
def test_holds_are_ended_and_warned_of_once(service, hours, status, mails):
    with transaction():
        hold = held(build.a_member(), build.a_hall())
        hold.placed_at = clock.now() - timedelta(days=6)
        hold.expires_at = clock.now() + timedelta(hours=hours)
    claims.lapse_holds()
    claims.lapse_holds()
    assert db.session.scalars(sa.select(Hold.status)).all() == [status]
    assert subjects() == mails


def test_what_became_free_is_offered_and_told_once(service):
    with transaction():
        hall = build.a_hall()
        taken = requested(build.a_member(), hall)
        waiting(build.a_member(), hall)
    claims.sweep_waitlist()
    assert db.session.scalars(sa.select(WaitlistEntry.status)).all() == [WaitStatus.WAITING]
    with transaction():
        bookings.cancel(db.session.merge(taken), by=None)
    for _ in range(2):
        claims.sweep_waitlist()
    assert db.session.scalars(sa.select(WaitlistEntry.status)).all() == [WaitStatus.OFFERED]
    assert subjects().count("ngày quý vị chờ đã trống") == 1
    assert holds.rank_of(db.session.scalars(sa.select(Hold)).one()) == 1


def _press_conference(member, hall):
    return RequestedBooking(
        member.unit,
        "Họp báo",
        EventKind.PRESS_CONFERENCE,
        lines(hall),
        organiser=Organiser.FOREIGN,
    )


def test_a_series_asks_for_approval_once_for_all_its_dates(service):
    with transaction():
        director = build.a_member(role=Role.DIRECTOR)
        member = build.a_member()
        asked = RequestedSeries(_press_conference(member, build.a_hall()), "FREQ=WEEKLY;COUNT=5")
        made = request_series(asked, by=member)
        assert all(len(approvals_of(booking)) == 1 for booking in made.bookings)
    [mail] = db.session.scalars(sa.select(Notice).filter_by(recipient=director.email))
    assert "và 4 ngày khác" in mail.body
    assert "/approvals" in mail.body


def test_where_nobody_has_the_role_the_administrator_is_asked(service):
    with transaction():
        administrator = build.a_member(role=Role.ADMINISTRATOR)
        build.a_member(role=Role.DIRECTOR, is_active=False)
        member = build.a_member()
        bookings.request(_press_conference(member, build.a_hall()), by=member)
    told = db.session.scalars(sa.select(Notice).filter_by(recipient=administrator.email)).all()
    assert len(told) == 1
