"""Who is told of what, when, and when again: a table of cases."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.errors import Refusal
from monitoring.alerts.policy import AlertPolicy, Hours, policy
from monitoring.alerts.routing import Case, Due, Told, due
from monitoring.models import AlertKind, DeviceRole
from monitoring.rules import Severity

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# A Wednesday, 10:00 at the Centre.
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = AlertPolicy.model_validate(
    {
        "channels": [
            {"name": "mail", "kind": "email"},
            {"name": "noc", "kind": "webhook", "url": "https://noc.example/x"},
        ],
        "routes": [
            {
                "name": "grave",
                "severities": ["critical", "high"],
                "tell": [{"channel": "mail", "to": ["on-call"]}],
                "repeat_minutes": 60,
                "escalate": [
                    {"after_minutes": 20, "tell": [{"channel": "mail", "to": ["operators"]}]}
                ],
            },
            {
                "name": "cameras by day",
                "severities": ["medium"],
                "roles": ["camera"],
                "hours": {"from": "07:30", "to": "17:00"},
                "tell": [{"channel": "noc"}],
            },
            {
                "name": "live",
                "live_only": True,
                "kinds": ["outage", "received"],
                "tell": [{"channel": "noc"}],
            },
        ],
    }
)
FIRST = Due("mail", "on-call", "opened")
ESCALATED = Due("mail", "operators", "escalated:1")


def a_case(**over) -> Case:
    given_ = {"kind": AlertKind.OUTAGE, "severity": Severity.HIGH, "opened_at": NOW, **over}
    return Case(**given_)


def told(stage: str, minutes: int, to: str = "on-call", severity=Severity.HIGH) -> Told:
    return Told("mail", to, stage, severity, NOW - minutes * MINUTE)


CASES = [
    (a_case(), [FIRST], "it has just begun"),
    (a_case(severity=Severity.MEDIUM), [], "no route takes it"),
    (a_case(is_quiet=True), [], "its parent is down"),
    (a_case(told=[told("opened", 5)]), [], "told a moment ago"),
    (a_case(told=[told("opened", 19)]), [], "not long enough to escalate"),
    (a_case(told=[told("opened", 20)]), [ESCALATED], "nobody answered for twenty minutes"),
    (
        a_case(told=[told("opened", 60), told("escalated:1", 40, "operators")]),
        [Due("mail", "on-call", "repeat:1")],
        "an hour since it was told",
    ),
    (
        a_case(
            told=[
                told("opened", 120),
                told("repeat:1", 60),
                told("escalated:1", 100, "operators"),
            ]
        ),
        [Due("mail", "on-call", "repeat:2")],
        "and another hour",
    ),
    (a_case(is_acknowledged=True, told=[told("opened", 500)]), [], "somebody looks after it"),
    (
        a_case(severity=Severity.CRITICAL, told=[told("opened", 5)]),
        [Due("mail", "on-call", "raised:critical")],
        "an event has begun on it",
    ),
    (
        a_case(severity=Severity.HIGH, told=[told("opened", 5, severity=Severity.CRITICAL)]),
        [],
        "it has become less grave",
    ),
    (
        a_case(resolved_at=NOW, told=[told("opened", 5), told("escalated:1", 1, "operators")]),
        [Due("mail", "on-call", "resolved"), Due("mail", "operators", "resolved")],
        "whoever heard of it hears of its end",
    ),
    (a_case(resolved_at=NOW), [], "nobody heard of it"),
    (
        a_case(resolved_at=NOW, is_quiet=True, told=[told("opened", 5)]),
        [Due("mail", "on-call", "resolved")],
        "the end is told although it is quiet",
    ),
    (a_case(resolved_at=NOW, told=[told("opened", 5), told("resolved", 1)]), [], "told already"),
    (
        a_case(severity=Severity.MEDIUM, role=DeviceRole.CAMERA),
        [Due("noc", "", "opened")],
        "a camera by day",
    ),
    (
        a_case(severity=Severity.LOW, is_live=True),
        [Due("noc", "", "opened")],
        "an event runs on it",
    ),
    (a_case(kind=AlertKind.PROBLEM, severity=Severity.LOW, is_live=True), [], "no outage"),
    (
        a_case(kind=AlertKind.RECEIVED, severity=Severity.CRITICAL, is_live=True),
        [Due("noc", "", "opened")],
        "of another system: only where a route names it",
    ),
    (a_case(resolved_at=NOW, told=[Told("gone", "", "opened", Severity.LOW, NOW)]), [],
     "the channel is no longer in the policy"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expected", "why"), CASES, ids=[why for *_, why in CASES])
def test_who_is_due(case: Case, expected: list[Due], why: str) -> None:
    assert due(case, POLICY, NOW, ZONE) == expected


def test_what_waits_for_the_day_is_told_in_the_morning() -> None:
    case = a_case(severity=Severity.MEDIUM, role=DeviceRole.CAMERA)
    night, morning = NOW + timedelta(hours=12), NOW + timedelta(hours=21, minutes=30)
    assert due(case, POLICY, night, ZONE) == []
    assert due(case, POLICY, morning, ZONE) == [Due("noc", "", "opened")]


@pytest.mark.parametrize(
    ("hours", "local", "holds"),
    [
        ({"from": "08:00", "to": "17:00"}, "2026-11-25T08:00", True),
        ({"from": "08:00", "to": "17:00"}, "2026-11-25T17:00", False),
        ({"from": "22:00", "to": "06:00"}, "2026-11-25T23:00", True),
        ({"from": "22:00", "to": "06:00"}, "2026-11-25T05:59", True),
        ({"from": "22:00", "to": "06:00"}, "2026-11-25T12:00", False),
        # The night of Friday goes on into Saturday.
        ({"from": "22:00", "to": "06:00", "days": ["friday"]}, "2026-11-28T05:00", True),
        ({"from": "22:00", "to": "06:00", "days": ["friday"]}, "2026-11-27T05:00", False),
    ],
)
def test_hours_are_those_of_the_wall_clock(hours, local, holds) -> None:
    assert Hours.model_validate(hours).hold(datetime.fromisoformat(local)) is holds


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30), st.booleans())
def test_nothing_is_ever_told_twice(pauses, ends) -> None:
    """Whenever somebody looks, no receiver hears of one stage a second time."""
    told_: list[Told] = []
    at = NOW
    for pause in pauses:
        at += pause * MINUTE
        told_ += [
            Told(one.channel, one.to, one.stage, Severity.HIGH, at)
            for one in due(a_case(opened_at=NOW, told=tuple(told_)), POLICY, at, ZONE)
        ]
    if ends:
        for _ in range(2):
            case = a_case(opened_at=NOW, resolved_at=at, told=tuple(told_))
            told_ += [
                Told(one.channel, one.to, one.stage, Severity.HIGH, at)
                for one in due(case, POLICY, at, ZONE)
            ]
    keys = [(one.channel, one.to, one.stage) for one in told_]
    assert len(set(keys)) == len(keys)


WRONG = [
    ({"channels": [{"name": "x", "kind": "webhook"}]}, "url"),
    ({"channels": [{"name": "x", "kind": "telegram"}]}, "chat"),
    ({"channels": [{"name": "x", "kind": "email", "url": "https://a.example"}]}, "url"),
    ({"channels": [{"name": "x", "kind": "webhook", "url": "ftp://a.example"}]}, "url"),
    ({"channels": [{"name": "x", "kind": "webhook", "url": "http://u:p@a.example"}]}, "url"),
    ({"channels": [{"name": "x", "kind": "email"}] * 2}, "one name"),
    ({"routes": [{"name": "r", "tell": [{"channel": "x"}]}]}, "no channel 'x'"),
    (
        {
            "channels": [{"name": "x", "kind": "email"}],
            "routes": [{"name": "r", "tell": [{"channel": "x"}]}],
        },
        "`to`",
    ),
    (
        {
            "channels": [{"name": "x", "kind": "alertmanager", "url": "http://a.example"}],
            "routes": [{"name": "r", "tell": [{"channel": "x"}]}],
        },
        "in no route",
    ),
]


@pytest.mark.parametrize(("wrong", "says"), WRONG)
def test_a_policy_that_cannot_work_is_refused(wrong, says) -> None:
    with pytest.raises(ValidationError, match=says):
        AlertPolicy.model_validate(wrong)


def test_the_shipped_policy_is_sound_and_a_mistake_has_its_line(tmp_path) -> None:
    assert [channel.name for channel in policy().channels] == ["mail"]
    (tmp_path / "mine.yml").write_text(
        "channels:\n  - {name: m, kind: email}\nroutes:\n  - name: r\n    tel: []\n", "utf-8"
    )
    with pytest.raises(Refusal, match=r"mine\.yml, line [45]"):
        policy(tmp_path)
