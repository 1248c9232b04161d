"""What the benchmark of scale asks over HTTP: a person with a cookie, a program with a token."""

import http.client
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from benchmarks import rental_seeding
from config import clock

# Days that are as full as any, and days on which nothing is booked.
FULL_IN, EMPTY_IN = timedelta(days=3), timedelta(days=40)
WEEKS = 52
PATIENCE = 10.0


class AnswerError(RuntimeError):
    """The service answered with another status than the question is meant to have."""


class Visitor:
    """One connection that stays open, with the headers that say who asks."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        """`headers` go with every request."""
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = headers
        self._asked = time.monotonic()

    def get(self, path: str) -> int:
        """The size of the answer in bytes; raises AnswerError for anything but 200."""
        return self._send("GET", path, None, 200)

    def post(self, path: str, body: dict[str, object]) -> int:
        """The size of the answer in bytes; raises AnswerError for anything but 201."""
        return self._send("POST", path, json.dumps(body), 201)

    def _send(self, method: str, path: str, body: str | None, expected: int) -> int:
        # The server hangs up on who has been silent for a quarter of a minute.
        if time.monotonic() - self._asked > PATIENCE:
            self._link.close()
        self._link.request(method, path, body, self._headers)
        answer = self._link.getresponse()
        text = answer.read()
        self._asked = time.monotonic()
        if answer.status != expected:
            raise AnswerError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return len(text)


def by_token(port: int, token: str) -> Visitor:
    """A program."""
    return Visitor(port, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})


def signed_in(port: int, email: str) -> Visitor:
    """A person with a browser; raises AnswerError where the sign-in fails."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    link.request("GET", "/sign-in")
    answer = link.getresponse()
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', answer.read())
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    form = {
        "email": email,
        "password": rental_seeding.PASSWORD,
        "csrf_token": token[1].decode() if token else "",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    link.request("POST", "/sign-in", urlencode(form), headers)
    answer = link.getresponse()
    answer.read()
    if answer.status != 302:
        raise AnswerError(f"sign-in as {email}: {answer.status}")
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    return Visitor(port, {"Cookie": cookie, "Accept": "text/html"})


@dataclass(frozen=True)
class Question:
    """What is asked again and again: a name, the goal for p95 in milliseconds, the deed."""

    name: str
    goal: int | None
    # Takes the number of the question, so that no two bookings ask for the same hour.
    ask: Callable[[int], int]


@dataclass(frozen=True)
class Visitors:
    """Who asks."""

    member: Visitor
    desk: Visitor
    program: Visitor


def _span(day: date, days: int = 1) -> str:
    begins = datetime(day.year, day.month, day.day, tzinfo=clock.LOCAL)
    return f"from={quote(begins.isoformat())}&to={quote((begins + timedelta(days)).isoformat())}"


def _line(number: int, day: date) -> dict[str, object]:
    """A hall and an hour that only this number asks for: six times a day, hall by hall."""
    hour = 8 + 2 * (number // rental_seeding.HALLS % 6)
    begins = datetime(day.year, day.month, day.day, hour, tzinfo=clock.LOCAL)
    begins += timedelta(days=number // (rental_seeding.HALLS * 6))
    return {
        "resource": f"H{1 + number % rental_seeding.HALLS}",
        "quantity": 1,
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
    }


def reading(who: Visitors) -> list[Question]:
    """Questions that write nothing."""
    day = clock.today() + FULL_IN
    at = f"from={day}T09:00:00%2B07:00&to={day}T11:00:00%2B07:00"
    find = f"/find?day={day}&from=09:00&to=11:00&people=50"
    asked = [
        ("day of all resources, page", 100, who.desk, f"/calendar?day={day}"),
        ("the same, of a member", 100, who.member, f"/calendar?day={day}"),
        ("further rows of the day", 100, who.desk, f"/calendar/rows?day={day}&from=500"),
        ("day of all resources, API", 100, who.program, f"/api/v1/availability?{_span(day)}"),
        ("week of all resources, API", None, who.program, f"/api/v1/availability?{_span(day, 7)}"),
        ("free halls, page", 100, who.member, f"{find}&kind=hall"),
        ("all that is free, page", 100, who.member, find),
        ("free halls, API", 100, who.program, f"/api/v1/free?kind=hall&seats_min=50&{at}"),
        ("home of a member", None, who.member, "/"),
        ("home of the desk", None, who.desk, "/"),
        ("requests waiting, page", None, who.desk, "/desk"),
        ("bookings of a unit, page", None, who.member, "/bookings"),
        ("all bookings, page", None, who.desk, "/bookings"),
        ("all bookings ever, page", None, who.desk, "/bookings?when=all"),
        ("bookings by word, page", None, who.desk, "/bookings?when=all&q=B%C3%A1o+4711"),
        ("all bookings, API", None, who.program, "/api/v1/bookings"),
        ("booking form", None, who.member, "/bookings/new"),
    ]
    return [
        Question(name, goal, lambda _n, who=visitor, path=path: who.get(path))
        for name, goal, visitor, path in asked
    ]


def writing(who: Visitors) -> list[Question]:
    """One booking, and one rule that makes 52."""
    first = clock.today() + EMPTY_IN

    def booked(number: int) -> int:
        return who.program.post("/api/v1/bookings", _wish(number, first))

    def repeated(number: int) -> int:
        # Years after the single bookings, each on a hall and hour of its own.
        body = _wish(number, first + timedelta(days=400))
        rule = {"rrule": f"FREQ=WEEKLY;COUNT={WEEKS}"}
        return who.program.post("/api/v1/bookings", {**body, "recurrence": rule})

    return [Question("one booking", 25, booked), Question(f"{WEEKS} dates", 300, repeated)]


def _wish(number: int, day: date) -> dict[str, object]:
    return {
        "title": "Họp báo thường kỳ",
        "event_kind": "press_conference",
        "attendees": 20,
        # Each of another unit, as they come: one unit alone would soon be beyond its quota.
        "unit": f"unit-{1 + number % rental_seeding.UNITS}",
        "lines": [_line(number, day)],
    }
