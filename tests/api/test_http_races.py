"""Fifty clients over real HTTP: exactly the stock is sold, the others are told so, nothing breaks.

The server is `media-center web`: several processes with several threads on one PostgreSQL.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier

import psycopg
import pytest

from tests.api.conftest import DAY, booking, line
from tests.api.serving import Client, served

CLIENTS = 50
ROUNDS = 10
START = datetime.fromisoformat(f"{DAY}T08:00:00+07:00")

pytestmark = pytest.mark.slow

# The most pieces taken of any resource at any instant, beyond its stock.
OVERSOLD = """
    SELECT r.code, at.instant, sum(o.quantity) FROM resource r
    JOIN (SELECT DISTINCT resource_id, lower(during) AS instant FROM occupancy) at
      ON at.resource_id = r.id
    JOIN occupancy o ON o.resource_id = r.id AND o.during @> at.instant
    GROUP BY r.code, r.stock, at.instant HAVING sum(o.quantity) > r.stock
"""


def asked(database_url, query):
    with psycopg.connect(database_url.replace("+psycopg", "")) as link:
        return link.execute(query).fetchall()


def deadlocks(database_url):
    """Read when the server has stopped: a backend reports what it counted when it ends."""
    return asked(
        database_url,
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    )


@contextmanager
def clients(centre, port):
    callers = [
        Client(port, centre.tokens["stranger" if n % 2 else "member"]) for n in range(CLIENTS)
    ]
    try:
        yield callers
    finally:
        for caller in callers:
            caller.close()


def race(callers, bodies):
    """Every client asks at the same moment; what each was answered."""
    barrier = Barrier(len(callers))

    def one(pair):
        caller, body = pair
        caller.connect()
        barrier.wait()
        return caller.call("POST", "/bookings", body)

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(one, zip(callers, bodies, strict=True)))


def wanted(code, starts_at, hours=4):
    ends_at = starts_at + timedelta(hours=hours)
    return booking(lines=[line(code, starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())])


@pytest.mark.parametrize(
    ("code", "stagger_minutes", "stock"),
    [
        ("H100", 0, 1),  # one hall, one period
        ("H100", 4, 1),  # every two periods overlap, no two are the same
        ("MIC", 0, 3),  # the last three of a pool of seven
    ],
    ids=["one hall and period", "overlapping periods", "the last three of a pool"],
)
def test_exactly_the_stock_is_sold(centre, database_url, tmp_path, code, stagger_minutes, stock):
    before = deadlocks(database_url)
    answers = []
    with served(database_url, tmp_path) as port, clients(centre, port) as callers:
        desk = Client(port, centre.tokens["desk"])
        for day in range(ROUNDS):
            begins = START + timedelta(days=day)
            if code == "MIC":
                taken = wanted(code, begins)
                taken["lines"][0]["quantity"] = 4
                assert desk.call("POST", "/bookings", taken)[0] == 201
            bodies = [
                wanted(code, begins + timedelta(minutes=stagger_minutes * number))
                for number in range(CLIENTS)
            ]
            answers.append(race(callers, bodies))
        desk.close()
    for answered in answers:
        told = Counter(status for status, _ in answered)
        assert told == {201: stock, 409: CLIENTS - stock}
        assert all(
            answer["conflicts"][0]["resource"] == code
            for status, answer in answered
            if status == 409
        )
    assert asked(database_url, OVERSOLD) == []
    assert deadlocks(database_url) == before


def test_several_resources_in_any_order_do_not_deadlock(centre, database_url, tmp_path):
    before = deadlocks(database_url)
    codes = ["CABLE", "MIC", "KIT", "H100", "WHOLE"]
    with served(database_url, tmp_path) as port, clients(centre, port) as callers:
        bodies = []
        for number in range(CLIENTS):
            turned = codes[number % 5 :] + codes[: number % 5]
            body = wanted("MIC", START)
            body["lines"] = [{**body["lines"][0], "resource": each} for each in turned[:4]]
            bodies.append(body)
        answered = race(callers, bodies)
    assert set(Counter(status for status, _ in answered)) <= {201, 409}
    assert any(status == 201 for status, _ in answered)
    assert asked(database_url, OVERSOLD) == []
    assert deadlocks(database_url) == before


def test_one_key_sent_twenty_times_at_once_books_once(centre, database_url, tmp_path):
    with served(database_url, tmp_path) as port:
        callers = [Client(port, centre.tokens["member"]) for _ in range(20)]
        barrier = Barrier(len(callers))

        def one(caller):
            caller.connect()
            barrier.wait()
            return caller.call(
                "POST", "/bookings", wanted("MIC", START), **{"Idempotency-Key": "a-double-click"}
            )

        with ThreadPoolExecutor(len(callers)) as pool:
            answered = list(pool.map(one, callers))
        for caller in callers:
            caller.close()
    assert {status for status, _ in answered} == {201}
    assert len({answer["reference"] for _, answer in answered}) == 1
    assert asked(database_url, "SELECT count(*) FROM booking") == [(1,)]
