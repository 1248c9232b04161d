"""Which step an invoice stands at, by its due day and today: pure."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import reminder_rules
from billing.models import Tone
from billing.reminder_rules import Recipient, ReminderPolicy, Step
from config.documents import BadDocument

DUE = date(2026, 11, 10)


def step(days: int) -> Step:
    return Step(days=days, tone=Tone.FRIENDLY, to=(Recipient.REQUESTER,))


STEPS = [step(days) for days in (-3, 1, 7, 15)]


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 11, 6), None),  # a day before the first step
        (date(2026, 11, 7), -3),  # three days before it is due
        (date(2026, 11, 10), -3),  # due today: not overdue yet
        (date(2026, 11, 11), 1),
        (date(2026, 11, 20), 7),  # the round missed a few days: the latest step only
        (date(2027, 11, 20), 15),  # a year later nothing new comes
    ],
)
def test_an_invoice_stands_at_the_latest_step_whose_day_has_come(today, days):
    found = reminder_rules.step_on(STEPS, DUE, today)
    assert (found.days if found else None) == days


@pytest.mark.parametrize(
    ("today", "last", "day", "days"),
    [
        (date(2026, 11, 1), None, date(2026, 11, 7), -3),
        (date(2026, 11, 12), -3, date(2026, 11, 12), 1),  # due since yesterday: written today
        (date(2026, 11, 12), 1, date(2026, 11, 17), 7),
        (date(2026, 12, 24), 15, None, None),  # nothing follows the last
    ],
)
def test_what_comes_next_is_known(today, last, day, days):
    found = reminder_rules.next_step(STEPS, DUE, today, last)
    assert found == (None if day is None else (day, step(days)))


@given(st.integers(-40, 60), st.lists(st.integers(-30, 40), unique=True, min_size=1, max_size=6))
def test_windows_and_steps_agree_and_no_due_day_stands_at_two_steps(offset, days):
    steps = [step(one) for one in sorted(days)]
    due = DUE + timedelta(days=offset)
    at = [
        window.step
        for window in reminder_rules.windows(steps, DUE)
        if due <= window.latest and (window.earliest is None or due >= window.earliest)
    ]
    expected = reminder_rules.step_on(steps, due, DUE)
    assert at == ([expected] if expected else [])


def policy(**over):
    whole = {
        "code": "p", "title": {"vi": "a", "en": "a"}, "decision": "d", "source": "s",
        "valid_from": "2026-01-01",
        "steps": [{"days": 1, "tone": "firm", "to": ["heads"]}],
    }  # fmt: skip
    return ReminderPolicy.model_validate(whole | over)


@pytest.mark.parametrize(
    "over",
    [
        {"steps": [{"days": 7, "tone": "firm", "to": ["heads"]}, {"days": 1, "tone": "firm", "to": ["heads"]}]},  # not in order  # noqa: E501
        {"steps": [{"days": 7, "tone": "rude", "to": ["heads"]}]},
        {"steps": [{"days": 7, "tone": "firm", "to": []}]},  # to nobody
        {"steps": [{"days": 7, "tone": "firm", "to": ["heads"], "channel": "fax"}]},
        {"stop": {"overdue_days": -1, "amount": 1}},
        {"valid_to": "2025-12-31"},
        {"surprise": 1},
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(over):
    with pytest.raises(ValidationError):
        policy(**over)


def test_two_policies_on_one_day_are_refused_when_read(tmp_path, monkeypatch):
    text = (reminder_rules.FOLDER / "centre-sample.yml").read_text("utf-8")
    (tmp_path / "a.yml").write_text(text, "utf-8")
    (tmp_path / "b.yml").write_text(text.replace("sample-2026", "other"), "utf-8")
    monkeypatch.setattr(reminder_rules, "FOLDER", tmp_path)
    reminder_rules.policies.cache_clear()
    try:
        with pytest.raises(BadDocument, match="in force on the same day"):
            reminder_rules.policies()
    finally:
        reminder_rules.policies.cache_clear()


def test_the_shipped_policy_is_marked_a_sample_and_has_its_source():
    found = reminder_rules.policy_on(date(2026, 11, 26))
    assert found is not None
    assert found.sample
    assert found.source
    assert found.stop is not None
