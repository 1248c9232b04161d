"""A series changes: this date, the following, all that lie ahead."""

from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from config.database import db
from config.errors import Conflict, Invalid
from rental import bookings, closures, series, series_changes, series_moves
from rental.asking import Changes, WantedLine
from rental.closures import NewClosure
from rental.errors import BadBooking, MovedOn, NotYourMove, ResourceUnavailable, SeriesGoesOn
from rental.models import (
    Booking,
    BookingStatus,
    ClosureKind,
    Occupancy,
    OnConflict,
)
from rental.period import Period
from rental.recurrence import BadRecurrence
from rental.series import DateState
from rental.series_changes import Scope
from tests import build
from tests.build import TUESDAY
from tests.rental.series_steps import TERMS, WEEK, ask, lines, starts, take, weeks


def test_a_longer_end_changes_the_following_and_splits_nothing(house):
    made = ask(build.a_member(), lines(build.a_hall()))
    chosen = made.bookings[2]
    wanted = [
        WantedLine(
            chosen.lines[0].resource.code,
            1,
            Period(*weeks(2), TUESDAY + 2 * WEEK + timedelta(hours=3)),
        )
    ]
    changed = series_changes.change(
        chosen, Changes(lines=wanted), scope=Scope.FOLLOWING, by=made.bookings[0].member
    )
    assert len(changed) == 4
    assert series.following(made.series) == []
    assert [b.ends_at - b.starts_at for b in series.live(made.series)] == [
        timedelta(hours=n) for n in (2, 2, 3, 3, 3, 3)
    ]
    # The earlier ones still count as usual: a change of all reaches them too.
    series_changes.change(
        made.bookings[0],
        Changes(lines=lines(chosen.lines[0].resource, hours=4)),
        scope=Scope.ALL,
        by=made.bookings[0].member,
    )
    assert {b.ends_at - b.starts_at for b in series.live(made.series)} == {timedelta(hours=4)}


def moved_by(booking, shift, hours=2):
    return Changes(
        lines=lines(booking.lines[0].resource, starts_at=booking.starts_at + shift, hours=hours)
    )


def test_a_change_of_time_splits_an_ongoing_series(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()))
    hour = timedelta(hours=1)
    with time_machine.travel(TUESDAY + 1.5 * WEEK):
        series_changes.change(
            made.bookings[3], moved_by(made.bookings[3], hour), scope=Scope.ALL, by=member
        )
    (new,) = series.following(made.series)
    assert starts(made.series) == weeks(0, 1)
    assert starts(new) == weeks(2, 3, 4, 5, shift=hour)
    assert [b.series_at for b in series.live(new)] == starts(new)
    assert series.dates_by_rule(made.series) == weeks(0, 1)
    assert series.dates_by_rule(new) == weeks(2, 3, 4, 5, shift=hour)
    assert new.unit == made.series.unit
    with pytest.raises(SeriesGoesOn, match=new.reference):
        series_changes.change_rule(made.series, "FREQ=WEEKLY;COUNT=9", by=member, terms=TERMS)


def test_a_series_of_which_nothing_has_begun_moves_as_it_is(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()), "FREQ=DAILY;COUNT=4")
    day = timedelta(days=1)
    series_changes.change(
        made.bookings[1], moved_by(made.bookings[1], day), scope=Scope.ALL, by=member
    )
    assert series.following(made.series) == []
    assert starts(made.series) == [TUESDAY + n * day for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("rrule", "days", "moves"),
    [
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6", 1, True),  # to Wednesday and Friday
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20300402T235959Z", 2, True),
        ("FREQ=MONTHLY;BYMONTHDAY=5;COUNT=4", 3, True),
        ("FREQ=MONTHLY;COUNT=4", 3, True),  # by the day of the first
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=9", 3, False),  # the first Friday is another rule
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=6", 3, False),  # over the end of a week
    ],
)
def test_a_rule_moves_to_another_day_where_a_rule_of_its_kind_can_say_so(house, rrule, days, moves):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()), rrule)
    before = starts(made.series)
    shift = timedelta(days=days)
    changes = moved_by(made.bookings[0], shift)
    if moves:
        series_changes.change(made.bookings[0], changes, scope=Scope.ALL, by=member)
        assert starts(made.series) == [at + shift for at in before]
    else:
        with pytest.raises(BadRecurrence, match="cannot move"), db.session.begin_nested():
            series_changes.change(made.bookings[0], changes, scope=Scope.ALL, by=member)
        db.session.expire_all()
        assert starts(made.series) == before


def test_what_was_moved_by_itself_keeps_its_time_and_gets_the_new_title(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()))
    single = made.bookings[3]
    bookings.change(single, moved_by(single, timedelta(hours=5)), by=member)
    series_changes.change(
        made.bookings[1],
        Changes(title="Tên mới", lines=moved_by(made.bookings[1], timedelta(hours=1)).lines),
        scope=Scope.FOLLOWING,
        by=member,
    )
    (new,) = series.following(made.series)
    hour = timedelta(hours=1)
    assert starts(new) == [
        *weeks(1, 2, shift=hour), *weeks(3, shift=5 * hour), *weeks(4, 5, shift=hour)
    ]  # fmt: skip
    assert [b.title for b in series.live(new)] == ["Tên mới"] * 5
    assert made.bookings[0].title == "Giao ban báo chí"


def test_a_change_that_meets_a_conflict_changes_nothing_and_names_them_all(house):
    member, hall = build.a_member(), build.a_hall()
    made = ask(member, lines(hall))
    for at in weeks(2, 4, shift=timedelta(hours=3)):
        take(hall, at)
    with pytest.raises(ResourceUnavailable) as refused, db.session.begin_nested():
        series_changes.change(
            made.bookings[0],
            moved_by(made.bookings[0], timedelta(hours=2)),
            scope=Scope.ALL,
            by=member,
        )
    assert len(refused.value.details["conflicts"]) == 2
    db.session.expire_all()
    assert starts(made.series) == weeks(*range(6))


def test_dates_may_pass_each_other_when_all_of_them_move(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall(), hours=20), "FREQ=DAILY;COUNT=5")
    hour = timedelta(hours=1)
    series_changes.change(
        made.bookings[0], moved_by(made.bookings[0], 5 * hour, 20), scope=Scope.ALL, by=member
    )
    assert starts(made.series) == [TUESDAY + timedelta(days=n) + 5 * hour for n in range(5)]


def test_what_the_desk_has_confirmed_only_the_staff_changes(house):
    member, desk = build.a_member(), build.desk()
    made = ask(member, lines(build.a_hall()))
    bookings.confirm(made.bookings[4], by=desk)
    with pytest.raises(NotYourMove), db.session.begin_nested():
        series_changes.change(made.bookings[0], Changes(title="Khác"), scope=Scope.ALL, by=member)
    db.session.expire_all()
    assert {b.title for b in series.live(made.series)} == {"Giao ban báo chí"}
    series_changes.change(made.bookings[0], Changes(title="Khác"), scope=Scope.ALL, by=desk)
    assert {b.title for b in series.live(made.series)} == {"Khác"}


def test_the_past_is_never_touched(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()))
    with time_machine.travel(TUESDAY + 2.5 * WEEK):
        series_changes.change(made.bookings[0], Changes(title="Mới"), scope=Scope.ALL, by=member)
        series_moves.cancel(made.bookings[1], scope=Scope.ALL, by=member)
    assert [b.title for b in made.bookings] == ["Giao ban báo chí"] * 3 + ["Mới"] * 3
    assert [b.status.value for b in made.bookings] == ["requested"] * 3 + ["cancelled"] * 3
    with time_machine.travel(TUESDAY + 7 * WEEK), pytest.raises(MovedOn, match="lies ahead"):
        series_changes.change(made.bookings[0], Changes(title="Trễ"), scope=Scope.ALL, by=member)


def test_removed_dates_stay_removed_and_come_back_when_asked_for(house):
    member = build.a_member()
    made = ask(member, lines(build.a_hall()))
    series_moves.cancel(made.bookings[2], scope=Scope.THIS, by=member)
    # Cancelled by the normal service, as other rooms do: the date is as much out.
    bookings.cancel(made.bookings[4], by=member)
    hour = timedelta(hours=1)
    series_changes.change(
        made.bookings[1], moved_by(made.bookings[1], hour), scope=Scope.ALL, by=member
    )
    series_changes.change_rule(made.series, "FREQ=WEEKLY;COUNT=8", by=member, terms=TERMS)
    assert starts(made.series) == weeks(0, 1, 3, 5, 6, 7, shift=hour)
    back = series_changes.add_date(made.series, weeks(2, shift=hour)[0], by=member, terms=TERMS)
    assert back.status is BookingStatus.REQUESTED
    series_changes.add_date(made.series, weeks(4, shift=hour)[0], by=member, terms=TERMS)
    assert starts(made.series) == weeks(*range(8), shift=hour)
    assert {one.state for one in series.calendar(made.series)} == {DateState.BOOKED}
    with pytest.raises(MovedOn, match="already"):
        series_changes.add_date(made.series, weeks(4, shift=hour)[0], by=member, terms=TERMS)
    with pytest.raises(BadBooking, match="no date"):
        series_changes.add_date(made.series, TUESDAY, by=member, terms=TERMS)


def test_a_skipped_date_comes_back_once_it_is_free(house):
    hall, member = build.a_hall(), build.a_member()
    other = take(hall, TUESDAY + WEEK)
    made = ask(member, lines(hall), on_conflict=OnConflict.SKIP)
    with pytest.raises(ResourceUnavailable), db.session.begin_nested():
        series_changes.add_date(made.series, TUESDAY + WEEK, by=member, terms=TERMS)
    bookings.cancel(other, by=other.member)
    series_changes.add_date(made.series, TUESDAY + WEEK, by=member, terms=TERMS)
    assert starts(made.series) == weeks(*range(6))
    assert made.series.skipped == []


def test_an_extension_adds_only_what_is_new_and_with_the_lines_of_the_last(house):
    member, hall = build.a_member(), build.a_hall()
    made = ask(member, lines(hall), "FREQ=WEEKLY;COUNT=3")
    series_changes.change(
        made.bookings[2],
        Changes(lines=lines(hall, starts_at=TUESDAY + 2 * WEEK, hours=4), attendees=40),
        scope=Scope.FOLLOWING,
        by=member,
    )
    further = series_changes.change_rule(
        made.series, "FREQ=WEEKLY;UNTIL=20300402", by=member, terms=TERMS
    )
    assert [b.starts_at for b in further.bookings] == weeks(3, 4)
    assert {b.ends_at - b.starts_at for b in further.bookings} == {timedelta(hours=4)}
    assert {b.attendees for b in further.bookings} == {40}
    other_days = series_changes.change_rule(
        made.series, "FREQ=WEEKLY;BYDAY=TU,FR;UNTIL=20300402", by=member, terms=TERMS
    )
    assert [b.starts_at for b in other_days.bookings] == weeks(0, 1, 2, 3, shift=timedelta(days=3))
    with pytest.raises(BadRecurrence, match="02/04/2030"):
        series_changes.change_rule(
            made.series, "FREQ=WEEKLY;BYDAY=TU,FR;UNTIL=20300401", by=member, terms=TERMS
        )


def test_an_extension_onto_taken_dates_is_refused_or_skips_as_the_series_does(house):
    for on_conflict in OnConflict:
        hall, member = build.a_hall(), build.a_member()
        take(hall, TUESDAY + 3 * WEEK)
        made = ask(member, lines(hall), "FREQ=WEEKLY;COUNT=2", on_conflict=on_conflict)
        if on_conflict is OnConflict.REFUSE:
            with pytest.raises(ResourceUnavailable), db.session.begin_nested():
                series_changes.change_rule(
                    made.series, "FREQ=WEEKLY;COUNT=5", by=member, terms=TERMS
                )
            db.session.expire_all()
            assert starts(made.series) == weeks(0, 1)
        else:
            series_changes.change_rule(made.series, "FREQ=WEEKLY;COUNT=5", by=member, terms=TERMS)
            assert starts(made.series) == weeks(0, 1, 2, 4)


# Moving.


def test_following_and_all_are_confirmed_declined_and_cancelled_together(house):
    desk, member = build.desk(), build.a_member()
    made = ask(member, lines(build.a_hall()))
    series_moves.confirm(made.bookings[2], scope=Scope.FOLLOWING, by=desk)
    assert [b.status.value for b in made.bookings] == ["requested"] * 2 + ["confirmed"] * 4
    series_moves.decline(made.bookings[5], scope=Scope.ALL, by=desk, reason="Bận")
    assert [b.status.value for b in made.bookings] == ["declined"] * 2 + ["confirmed"] * 4
    series_moves.cancel(made.bookings[3], scope=Scope.FOLLOWING, by=desk, reason="Hoãn")
    assert [b.status.value for b in made.bookings[2:]] == ["confirmed"] + ["cancelled"] * 3
    assert series.read(made.series.removed) == set(weeks(3, 4, 5))
    with pytest.raises(MovedOn, match="waits for an answer"):
        series_moves.confirm(made.bookings[2], scope=Scope.ALL, by=desk)
    assert db.session.scalar(sa.select(sa.func.count(Occupancy.id))) == 1


def test_one_date_that_cannot_be_confirmed_keeps_all_of_them_waiting(house):
    desk, hall = build.desk(), build.a_hall()
    made = ask(build.a_member(), lines(hall))
    at = TUESDAY + 4 * WEEK
    closures.close(hall, NewClosure(ClosureKind.MAINTENANCE, Period(at, at + WEEK), "Sửa điện"))
    with pytest.raises(Conflict, match="Sửa điện"), db.session.begin_nested():
        series_moves.confirm(made.bookings[0], scope=Scope.ALL, by=desk)
    db.session.expire_all()
    assert {b.status for b in series.live(made.series)} == {BookingStatus.REQUESTED}


def test_a_booking_of_no_series_is_all_there_is(house):
    member = build.a_member()
    hall = build.a_hall()
    single = take(hall, TUESDAY)
    for scope in Scope:
        series_changes.change(single, Changes(title=f"Tên {scope}"), scope=scope, by=single.member)
        assert single.title == f"Tên {scope}"
    assert series_moves.cancel(single, scope=Scope.ALL, by=member) == [single]


def test_an_empty_list_of_lines_is_refused(house):
    made = ask(build.a_member(), lines(build.a_hall()))
    with pytest.raises(Invalid):
        series_changes.change(made.bookings[0], Changes(lines=[]), scope=Scope.ALL, by=build.desk())


def test_one_live_booking_a_date_is_kept_by_the_database(house):
    made = ask(build.a_member(), lines(build.a_hall()))
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(
            sa.update(Booking)
            .where(Booking.id == made.bookings[1].id)
            .values(series_at=made.bookings[0].series_at)
        )
    assert made.bookings[0].starts_at.tzinfo is UTC
