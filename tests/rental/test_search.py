"""Finding bookings: words, periods, pages and counts, also where more fit than anybody counts."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from config import database
from config.database import bounded_count, db
from rental import search
from rental.models import Booking, BookingStatus
from rental.period import Period
from rental.search import Sorting, Sought
from tests.build import TUESDAY, a_booking, a_hall, a_unit

HOUR = timedelta(hours=1)


def titles(sought: Sought, **over: object) -> list[str]:
    return [booking.title for booking in search.bookings(sought, **over)[0]]


WORDS = [
    ("họp báo", True, "two words"),
    ("BÁO họp", True, "in another sequence and size"),
    ("thườ", True, "how a word begins"),
    ("ường", False, "a piece from within a word"),
    ("họp tối", False, "one word of two"),
    ("quý-iv", True, "parted by a mark"),
    ("4T9Q", True, "a piece of the reference"),
    ("bk4t9qw2m7", True, "the reference as people type it"),
    ("BK-4T9Q-W2M7", True, "the reference as we write it"),
    ("\u0068\u006f\u0323\u0070", True, "with a mark of its own (NFD)"),
    ("%", False, "no wildcard"),
    ("_", False, "no wildcard either"),
    ("'); DROP TABLE booking; --", False, "somebody who tries"),
    ("báo' & 'x", False, "a question within the question"),
    ("!họp | báo:*", True, "what text search would take for its own signs"),
    ("   ", True, "nothing"),
]


@pytest.mark.parametrize(("typed", "found", "reason"), WORDS, ids=[why for *_, why in WORDS])
def test_words_are_found_by_how_they_begin(house, typed, found, reason):
    a_booking(a_hall(), title="Họp báo thường kỳ (quý IV)", reference="BK-4T9Q-W2M7")
    assert bool(titles(Sought(q=typed))) == found, reason


PERIODS = [
    (0, 1, True, "the same"),
    (-1, 0, False, "ends when it begins"),
    (1, 2, False, "begins when it ends"),
    (-1, 9, True, "around it"),
]


@pytest.mark.parametrize(("first", "last", "found", "reason"), PERIODS)
def test_a_period_finds_what_overlaps_it(house, first, last, found, reason):
    a_booking(a_hall(), starts_at=TUESDAY, hours=1)
    period = Period(TUESDAY + first * HOUR, TUESDAY + last * HOUR)
    assert bool(titles(Sought(period=period))) == found, reason


@pytest.fixture
def seven(house):
    """Seven bookings of two units on seven days, asked for in another sequence."""
    units = [a_unit(slug="one"), a_unit(slug="two")]
    for number in (3, 0, 6, 1, 5, 2, 4):
        starts_at = TUESDAY + timedelta(days=number)
        status = BookingStatus.CONFIRMED if number % 3 else BookingStatus.CANCELLED
        a_booking(
            a_hall(), title=f"sự kiện {number}", starts_at=starts_at, hours=1,
            unit=units[number % 2], status=status,
        )  # fmt: skip


SOUGHT = [
    Sought(),
    Sought(unit="one"),
    Sought(unit="nobody"),
    Sought(statuses=[BookingStatus.CONFIRMED]),
    Sought(q="sự kiện"),
    Sought(ends_after=TUESDAY + timedelta(days=3)),
    Sought(period=Period(TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=4))),
    Sought(unit="one", statuses=[BookingStatus.CONFIRMED], q="sự"),
]


@pytest.mark.parametrize("sought", SOUGHT)
@pytest.mark.parametrize("sorting", list(Sorting))
def test_few_and_many_are_found_alike(seven, monkeypatch, sought, sorting):
    few = titles(sought, sorting=sorting, limit=100)
    # As if more fitted than anybody counts.
    monkeypatch.setattr(search, "COUNTED", -1)
    assert titles(sought, sorting=sorting, limit=100) == few
    paged = [
        title for n in range(7) for title in titles(sought, sorting=sorting, limit=1, offset=n)
    ]
    assert paged == few, "page after page is the whole"


def test_each_sorting_stands_in_its_sequence(seven):
    days = [int(title.split()[-1]) for title in titles(Sought(), sorting=Sorting.SOONEST)]
    assert days == [0, 1, 2, 3, 4, 5, 6]
    assert titles(Sought(), sorting=Sorting.LATEST)[0] == "sự kiện 6"
    ids = [booking.id for booking in search.bookings(Sought())[0]]
    assert all(newer > older for newer, older in pairwise(ids))


def test_a_count_stops_where_nobody_counts_further(seven, monkeypatch):
    everything = sa.select(Booking.id)
    assert bounded_count(everything) == 7
    monkeypatch.setattr(database, "COUNTED", 3)
    assert bounded_count(everything) == 4, "one more than was counted"
    assert bounded_count(everything, beyond=5) == 6, "a page further back sees that there is more"
    assert bounded_count(everything, beyond=50) == 7, "or that there is not"


@pytest.mark.parametrize("many", [False, True])
def test_whoever_asks_page_after_page_reaches_the_end(seven, monkeypatch, many):
    if many:
        monkeypatch.setattr(database, "COUNTED", 2)
        monkeypatch.setattr(search, "COUNTED", 2)
    seen, page = [], 0
    while True:
        rows, total = search.bookings(Sought(), limit=2, offset=2 * page)
        seen += [row.id for row in rows]
        page += 1
        if page * 2 >= total:
            break
    assert len(set(seen)) == 7


def test_no_search_reads_the_titles_one_by_one(house):
    """The index and the question say the same expression; otherwise nobody would notice."""
    db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    asked = search.narrowed(Sought(q="họp"))
    text = str(asked.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = "\n".join(db.session.scalars(sa.text("EXPLAIN " + text.replace(":", r"\:"))))
    assert "ix_booking_words" in plan, plan
