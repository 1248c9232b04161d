"""Policies change on a day, and an installation may have none."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from billing import reminder_rules, reminders, stops
from billing.models import Tone
from billing.reminder_rules import Recipient, ReminderPolicy, Step
from config import clock


def policy(valid_from, valid_to, days, **over):
    steps = tuple(Step(days=one, tone=Tone.FIRM, to=(Recipient.REQUESTER,)) for one in days)
    return ReminderPolicy(
        code=f"from {valid_from}",
        title={"vi": "a", "en": "a"},
        decision="d",
        source="s",
        valid_from=valid_from,
        valid_to=valid_to,
        steps=steps,
        **over,
    )


@pytest.fixture
def in_force(monkeypatch):
    def put(*found):
        monkeypatch.setattr(reminder_rules, "policies", lambda: found)

    return put


def taken(day: date) -> list[int]:
    local = datetime.combine(day, time(9), clock.LOCAL)
    with clock.standing_at(local.astimezone(UTC)):
        return [due.step.days for due in reminders.take_due()]


def test_the_policy_of_the_day_decides_and_nothing_is_written_again(open_invoice, in_force):
    due = open_invoice.due_on
    changes = due + timedelta(days=9)
    before = policy(due - timedelta(days=60), changes - timedelta(days=1), (2, 8))
    after = policy(changes, None, (2, 5, 12), least_days_between=3)
    in_force(before, after)
    assert taken(due + timedelta(days=2)) == [2]
    assert taken(due + timedelta(days=8)) == [8]
    # The new policy's fifth day lies before what was written already: only its twelfth is left.
    assert [taken(due + timedelta(days=n)) for n in (9, 10, 11, 12)] == [[], [], [], [12]]
    assert [one.policy for one in reminders.of(open_invoice)] == [
        before.code, before.code, after.code,
    ]  # fmt: skip


def test_without_a_policy_nobody_is_reminded_and_nobody_stopped(open_invoice, in_force):
    in_force()
    assert taken(open_invoice.due_on + timedelta(days=60)) == []
    with clock.standing_at(clock.now() + timedelta(days=200)):
        assert stops.arrears_of([open_invoice.unit_id]) == {}
        coming = reminders.following([open_invoice])[open_invoice.id]
    assert (coming.day, coming.step) == (None, None)


def test_a_policy_without_a_stop_stops_nobody(open_invoice, in_force):
    in_force(policy(date(2020, 1, 1), None, (1,)))
    with clock.standing_at(clock.now() + timedelta(days=400)):
        assert stops.arrears_of([open_invoice.unit_id]) == {}


def test_a_policy_without_steps_reminds_nobody(open_invoice, in_force):
    in_force(policy(date(2020, 1, 1), None, ()))
    assert taken(open_invoice.due_on + timedelta(days=10)) == []
