"""Moving one line of an event: what the rest of it does."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rental.asking import WantedLine
from rental.following import Shift, shifted
from rental.period import Period

SAIGON, HELSINKI = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("Europe/Helsinki")


def at(text: str, zone: ZoneInfo = SAIGON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def line(code: str, first: str, last: str, zone: ZoneInfo = SAIGON) -> WantedLine:
    day = "2026-12-01T"
    first, last = (text if "T" in text else day + text for text in (first, last))
    return WantedLine(code, 1, Period(at(first, zone), at(last, zone)))


def told(lines: list[WantedLine], zone: ZoneInfo = SAIGON) -> list[str]:
    return [
        f"{one.resource} {one.period.starts_at.astimezone(zone):%d %H:%M}"
        f"–{one.period.ends_at.astimezone(zone):%H:%M}"
        for one in lines
    ]


EVENT = [
    line("H100", "08:00", "11:00"),
    line("C", "07:00", "11:00"),
    line("F1", "08:00", "10:00"),
]


@pytest.mark.parametrize(
    ("first", "last", "together", "after"),
    [
        # all follow by as much
        ("10:00", "13:00", True, ["H1 01 10:00–13:00", "C 01 09:00–13:00", "F1 01 10:00–12:00"]),
        # only the hall
        ("10:00", "13:00", False, ["H1 01 10:00–13:00", "C 01 07:00–11:00", "F1 01 08:00–10:00"]),
        # longer at the end: who shared the end follows
        ("08:00", "12:00", True, ["H1 01 08:00–12:00", "C 01 07:00–12:00", "F1 01 08:00–10:00"]),
        # begins earlier: who began with it does too
        ("07:30", "11:00", True, ["H1 01 07:30–11:00", "C 01 07:00–11:00", "F1 01 07:30–10:00"]),
        # begins when the line has ended already: that one stays, for people to see
        ("10:30", "11:00", True, ["H1 01 10:30–11:00", "C 01 07:00–11:00", "F1 01 08:00–10:00"]),
    ],
)  # fmt: skip
def test_the_event_follows_the_line_that_was_moved(
    first: str, last: str, *, together: bool, after: list[str]
) -> None:
    shift = Shift(0, "H1", line("H1", first, last).period, together)
    assert told(shifted(EVENT, shift, SAIGON)) == after


def test_two_days_later_is_the_same_wall_clock_time_though_clocks_change_meanwhile() -> None:
    # The night of 29 March 2026 has an hour less in Helsinki.
    event = [
        line("H1", "2026-03-28T10:00", "2026-03-28T12:00", HELSINKI),
        line("C", "2026-03-28T09:00", "2026-03-28T12:30", HELSINKI),
    ]
    to = Period(at("2026-03-30T10:00", HELSINKI), at("2026-03-30T12:00", HELSINKI))
    after = shifted(event, Shift(0, "H1", to), HELSINKI)
    assert told(after, HELSINKI) == ["H1 30 10:00–12:00", "C 30 09:00–12:30"]
    assert after[0].period.starts_at - event[0].period.starts_at != to.duration
