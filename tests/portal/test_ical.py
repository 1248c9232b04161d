"""What stands in a calendar comes back as it was, whatever somebody typed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import ical
from portal.ical import Event, Sheet


def _lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n")


AT = datetime(2030, 3, 5, 2, tzinfo=UTC)


def _written(**over: Any) -> bytes:
    values: dict[str, Any] = {
        "uid": "BK@x", "starts_at": AT, "ends_at": AT + timedelta(hours=1), "summary": "Họp",
        "status": ical.CONFIRMED, "sequence": 0, "changed_at": AT,
    }  # fmt: skip
    return ical.written(Sheet("Lịch", "Asia/Ho_Chi_Minh", [Event(**{**values, **over})]))


HOSTILE = [
    ("Họp\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:giả", "a forged event"),
    ("a\rATTENDEE:x", "a lone CR ends a line for some"),
    ("a\u2028X-EVIL:1", "a line separator"),
    ("bốn, năm; sáu\\nbảy: “tám”", "commas, semicolons and backslashes are escaped"),
    ("🚆" * 60, "four octets a letter, never cut in two"),
    ("Nghiêng ngả ườn ượt ữ" * 9, "Vietnamese beyond any line"),
    ("\x00\x08\x1b[2J", "controls"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "reason"), HOSTILE, ids=[why for _, why in HOSTILE])
def test_a_hostile_title_stays_a_title(title: str, reason: str) -> None:
    raw = _written(summary=title, location=title, description=title)
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["SUMMARY"]) == ical.plain(title), reason
    assert str(event["LOCATION"]) == str(event["DESCRIPTION"]) == ical.plain(title)
    assert max(map(len, _lines(raw))) <= 75
    assert raw.count(b"BEGIN:VEVENT") == 1 or b"\r\nBEGIN:VEVENT\r\nSUMMARY:gi" not in raw
    assert set(event) & {"ATTENDEE", "X-EVIL"} == set()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=250))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    raw = _written(summary=text)
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["SUMMARY"]) == ical.plain(text)
    assert all(len(line) <= 75 and line.decode() is not None for line in _lines(raw))
