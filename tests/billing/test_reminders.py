"""Which invoices are reminded of, whom, once per step, and what stands in the way."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from billing import invoices, payments, reminders
from billing.errors import BadPause, NotPaused, WrongInvoiceState
from billing.models import PauseCause, Reminder
from config import clock
from config.database import db
from rental import journal
from rental.models import Role
from tests import build
from tests.billing.steps import paid_by_transfer


def at(day: date, hour: int = 9, minute: int = 0):
    """That wall clock in Ho Chi Minh City."""
    local = datetime.combine(day, time(hour, minute), clock.LOCAL)
    return clock.standing_at(local.astimezone(UTC))


def days_after(invoice, days: int) -> date:
    return invoice.due_on + timedelta(days=days)


def taken(invoice, days: int, hour: int = 9) -> list[int]:
    with at(days_after(invoice, days), hour):
        return [due.step.days for due in reminders.take_due()]


def test_each_step_is_written_once_on_its_day(open_invoice):
    seen = {days: taken(open_invoice, days) for days in range(-5, 40)}
    assert {days: steps for days, steps in seen.items() if steps} == {
        -3: [-3], 1: [1], 7: [7], 15: [15], 30: [30],
    }  # fmt: skip


def test_missed_days_are_caught_up_with_the_latest_step_only(open_invoice):
    assert taken(open_invoice, 20) == [15]
    assert taken(open_invoice, 21) == []
    assert taken(open_invoice, 29) == []
    assert taken(open_invoice, 30) == [30]
    assert [one.days for one in reminders.of(open_invoice)] == [15, 30]


def test_a_step_that_comes_the_day_after_another_waits_for_the_rest(open_invoice):
    # The worker was away until the sixth day: the seventh would be a second mail in two days.
    assert taken(open_invoice, 6) == [1]
    assert taken(open_invoice, 7) == []
    assert taken(open_invoice, 8) == [7]


def test_nothing_is_written_before_the_hour_of_the_policy_in_ho_chi_minh_city(open_invoice):
    assert taken(open_invoice, 1, hour=7) == []
    assert taken(open_invoice, 1, hour=8) == [1]


def test_the_due_day_itself_is_the_local_day(open_invoice):
    # 08:30 in Ho Chi Minh City is 01:30 UTC: the same day there; 00:30 is the day before in UTC.
    with at(days_after(open_invoice, 1), 8, 30):
        assert [due.step.days for due in reminders.take_due()] == [1]
    assert reminders.of(open_invoice)[0].written_on == days_after(open_invoice, 1)


def test_a_new_invoice_is_not_reminded_of_on_the_day_it_is_issued(open_invoice):
    open_invoice.due_on = open_invoice.tax_date
    db.session.flush()
    with at(open_invoice.tax_date + timedelta(days=1)):
        assert reminders.take_due() == []
    with at(open_invoice.tax_date + timedelta(days=2)):
        assert [due.step.days for due in reminders.take_due()] == [1]


def test_what_is_left_is_named_after_a_part_was_paid(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(1_000_000), by=desk)
    taken(open_invoice, 1)
    (written,) = reminders.of(open_invoice)
    assert written.left == open_invoice.left
    assert written.left.minor == open_invoice.total_minor - 1_000_000


def test_nobody_is_reminded_of_what_is_paid_void_or_given_up(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    assert taken(open_invoice, 7) == []


def test_nobody_is_reminded_of_what_is_given_up(open_invoice, desk):
    invoices.write_off(open_invoice, by=desk, reason="giải thể")
    assert taken(open_invoice, 7) == []


def test_a_paused_invoice_waits_until_the_day_after_and_then_gets_one(open_invoice, desk):
    with at(days_after(open_invoice, 0)):
        reminders.pause(
            open_invoice,
            PauseCause.DISPUTED,
            reason="Đơn vị cho rằng sai số lượng",
            until=days_after(open_invoice, 20),
            by=desk,
        )
    assert [taken(open_invoice, days) for days in (1, 7, 15, 20)] == [[], [], [], []]
    assert taken(open_invoice, 21) == [15]


def test_a_pause_taken_back_lets_the_next_round_write(open_invoice, desk):
    with at(days_after(open_invoice, 1)):
        until = days_after(open_invoice, 20)
        reminders.pause(open_invoice, PauseCause.ARRANGED, reason="hẹn", until=until, by=desk)
        assert reminders.take_due() == []
        reminders.resume(open_invoice, by=desk)
        assert [due.step.days for due in reminders.take_due()] == [1]
        with pytest.raises(NotPaused):
            reminders.resume(open_invoice, by=desk)
    assert [e.verb for e in journal.of(open_invoice)][-3:] == [
        "reminders_paused", "reminders_resumed", "reminded",
    ]  # fmt: skip


def test_a_new_pause_takes_the_place_of_the_old(open_invoice, desk):
    today = clock.today()
    for days in (3, 9):
        reminders.pause(
            open_invoice,
            PauseCause.OTHER,
            reason="chờ",
            until=today + timedelta(days=days),
            by=desk,
        )
    found = reminders.pause_of(open_invoice)
    assert found is not None
    assert found.until == today + timedelta(days=9)


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        ("   ", 5),  # without a reason
        ("có", -1),  # gone by
        ("có", 400),  # forgotten for ever
    ],
)
def test_a_pause_says_why_and_until_when(open_invoice, desk, reason, days):
    until = clock.today() + timedelta(days=days)
    with pytest.raises(BadPause):
        reminders.pause(open_invoice, PauseCause.OTHER, reason=reason, until=until, by=desk)


def test_what_is_not_owed_is_not_paused(booking, desk):
    draft = invoices.draft_for(booking)
    with pytest.raises(WrongInvoiceState):
        reminders.pause(draft, PauseCause.OTHER, reason="có", until=clock.today(), by=desk)


def test_the_first_steps_go_to_who_asked_and_the_later_ones_to_the_heads_too(open_invoice):
    member = open_invoice.booking.member
    head = build.a_member(unit=member.unit, role=Role.HEAD)
    finance = build.a_member(unit=build.a_unit(), role=Role.FINANCE)
    told = {}
    for days in (1, 7, 30):
        with at(days_after(open_invoice, days)):
            told[days] = [one.id for due in reminders.take_due() for one in due.recipients]
    assert told == {1: [member.id], 7: [member.id, head.id], 30: [member.id, head.id, finance.id]}


def test_where_who_asked_has_left_the_unit_is_written_to(open_invoice):
    member = open_invoice.booking.member
    member.is_active = False
    other = build.a_member(unit=member.unit)
    db.session.flush()
    with at(days_after(open_invoice, 1)):
        (due,) = reminders.take_due()
    assert due.recipients == [other]


def test_a_unit_without_anybody_keeps_the_step_in_the_history(open_invoice):
    open_invoice.booking.member.is_active = False
    db.session.flush()
    assert taken(open_invoice, 1) == [1]
    assert reminders.of(open_invoice)[0].recipients == ""
    assert taken(open_invoice, 1) == []


def test_what_comes_next_is_told_with_the_pause_in_its_way(open_invoice, desk):
    with at(days_after(open_invoice, 2)):
        reminders.take_due()
        coming = reminders.following([open_invoice])[open_invoice.id]
        assert (coming.day, coming.step.days) == (days_after(open_invoice, 7), 7)
        until = days_after(open_invoice, 9)
        reminders.pause(open_invoice, PauseCause.DISPUTED, reason="sai", until=until, by=desk)
        assert reminders.following([open_invoice])[open_invoice.id].pause is not None


def test_the_table_refuses_a_step_written_twice(open_invoice):
    taken(open_invoice, 1)
    row = {c.name: c for c in Reminder.__table__.columns if c.name != "id"}
    again = sa.insert(Reminder).from_select(list(row), sa.select(*row.values()))
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(again)
