"""The round of long series: who is written to, and what letting go costs."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from billing import charges
from billing.models import ChargeKind
from config.database import db, transaction
from portal import clock as timetable
from portal.models import Notice
from portal.rounds.reconfirmations import reconfirm_series
from rental import series, series_moves
from rental.models import Role
from rental.series import Terms
from rental.series_changes import Scope
from tests import build
from tests.build import TUESDAY
from tests.rental.series_steps import WEEK, ask, lines


def mails():
    db.session.rollback()
    return [(n.recipient, n.subject, n.body) for n in db.session.scalars(sa.select(Notice))]


@pytest.fixture
def scene(service):
    """A confirmed series of twenty Tuesdays, kept for the first eight weeks."""
    with transaction():
        member = build.a_member(email="unit@example.com", locale="en")
        desk = build.a_member(email="desk@example.com", role=Role.DESK, locale="vi")
        made = ask(
            member,
            lines(build.a_hall(tariff="hall_100")),
            "FREQ=WEEKLY;COUNT=20",
            terms=Terms(reconfirm_weeks=8),
        )
        series_moves.confirm(made.bookings[0], scope=Scope.ALL, by=desk)
        assert charges.live(made.bookings[9], ChargeKind.RENTAL) != []
        reference = made.series.reference
    with transaction():
        db.session.execute(sa.delete(Notice))
    return reference


def test_the_unit_is_asked_once_with_the_way_to_the_page(scene, service):
    with time_machine.travel(TUESDAY + 5 * WEEK, tick=False):
        reconfirm_series()
        reconfirm_series()
    ((recipient, subject, body),) = mails()
    assert recipient == "unit@example.com"
    assert subject == f"{scene}: do you still need these dates?"
    assert f"/series/{scene}" in body
    assert "(11)" in body


def test_what_is_let_go_is_told_to_unit_and_desk_and_costs_nothing(scene, service):
    with time_machine.travel(TUESDAY + 5 * WEEK, tick=False):
        reconfirm_series()
    # A round that comes a little late still leaves seven whole days.
    with time_machine.travel(TUESDAY + 8 * WEEK - timedelta(minutes=30), tick=False):
        reconfirm_series()
        reconfirm_series()
    told = [(recipient, subject) for recipient, subject, _body in mails()[1:]]
    assert told == [
        ("unit@example.com", f"{scene}: dates of a series are let go"),
        ("desk@example.com", f"{scene}: một số ngày trong chuỗi đã được trả lại"),
    ]
    gone = [b for b in series.bookings_of(series.get(scene)) if b.status.value == "cancelled"]
    assert len(gone) == 1
    assert charges.live(gone[0], ChargeKind.RENTAL) == []
    assert charges.live(gone[0], ChargeKind.CANCELLATION) == []


def test_zero_weeks_ask_nobody_and_let_nothing_go(scene, service):
    settings = service.extensions["settings"]
    service.extensions["settings"] = settings.model_copy(update={"reconfirm_weeks": 0})
    try:
        for week in (5, 9, 15):
            with time_machine.travel(TUESDAY + week * WEEK, tick=False):
                reconfirm_series()
    finally:
        service.extensions["settings"] = settings
    assert mails() == []
    assert len(series.live(series.get(scene))) == 20


def test_the_clock_brings_the_round(service):
    turns = {turn.task: turn for turn in timetable.turns(service.extensions["settings"])}
    # Several times within the hour that is kept in hand.
    assert turns["reconfirm_series"].seconds < timedelta(hours=1).total_seconds() / 2
