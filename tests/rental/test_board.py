"""The board: what lies on which resource, holds with the rank that everybody else reads."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from rental import board, catalogue, hold_ranks, holds
from rental.asking import WantedLine
from rental.board import Wanted
from rental.holds import NewHold
from rental.models import EventKind, Part
from rental.period import Period
from tests import build
from tests.build import TUESDAY

HOUR = timedelta(hours=1)


def span(first, last):
    return Period(TUESDAY + first * HOUR, TUESDAY + last * HOUR)


def hold(resource, period, quantity=1, title="Giữ ngày"):
    member = build.a_member()
    lines = [WantedLine(resource.code, quantity, period)]
    return holds.place(NewHold(member.unit, title, EventKind.SEMINAR, lines), by=member)


def held(*codes, period=None):
    """What is held by code: title and rank, as the board lists it."""
    listed = board.listed(Wanted(codes=codes))
    lying = board.lying(listed, period or span(0, 24), unit_id=0)
    return {one.code: [(h.title, h.rank) for h in lying[one.id].held] for one in listed}


@pytest.fixture
def rooms(house):
    """Two rooms, and a hall that consists of both."""
    site = build.a_site()
    one, two = (build.a_hall(code=code, site=site) for code in ("A", "B"))
    whole = build.a_hall(code="AB", site=site)
    whole.parts = [Part(part=one, quantity=1), Part(part=two, quantity=1)]
    db.session.flush()
    with clock.standing_at(TUESDAY - timedelta(days=2)):
        yield one, two, whole


def test_a_hold_of_a_combined_hall_lies_on_its_rooms_too(rooms):
    one, _two, whole = rooms
    hold(whole, span(1, 3), title="Cả hai")
    hold(one, span(2, 4), title="Một")
    assert held("A", "B", "AB") == {
        "A": [("Cả hai", 1), ("Một", 2)],
        "B": [("Cả hai", 1)],
        "AB": [("Cả hai", 1)],
    }


def test_the_rank_is_the_one_that_the_hold_itself_bears(rooms):
    one, _two, whole = rooms
    placed = [hold(whole, span(1, 3)), hold(one, span(2, 4)), hold(one, span(3, 5))]
    theirs = hold_ranks.ranked(hold_ranks.as_standing(placed))
    drawn = {rank for _title, rank in held("A")["A"]}
    assert drawn == set(theirs.values())


def test_of_a_pool_with_enough_for_all_every_hold_is_the_first(house):
    with clock.standing_at(TUESDAY - timedelta(days=2)):
        pool = build.equipment(code="MIC", stock=5)
        hold(pool, span(1, 3), 2, "Hai")
        hold(pool, span(1, 3), 3, "Ba")
        hold(pool, span(1, 3), 1, "Thêm một")
        assert held("MIC") == {"MIC": [("Hai", 1), ("Ba", 1), ("Thêm một", 2)]}


def test_a_hold_whose_time_is_up_lies_nowhere_before_it_is_swept(rooms):
    placed = hold(rooms[0], span(1, 3))
    assert held("A") == {"A": [("Giữ ngày", 1)]}
    with clock.standing_at(placed.expires_at + timedelta(seconds=1)):
        assert held("A") == {"A": []}


def test_a_hold_beyond_the_window_is_not_drawn(rooms):
    hold(rooms[0], span(1, 3))
    assert held("A", period=span(3, 5)) == {"A": []}
    assert held("A", period=span(2, 5)) == {"A": [("Giữ ngày", 1)]}


def test_two_lines_of_one_hold_lie_at_their_own_times(house):
    with clock.standing_at(TUESDAY - timedelta(days=2)):
        site = build.a_site()
        hall = build.a_hall(code="H", site=site, turnaround_after_minutes=60)
        build.equipment(code="MIC", stock=2, site=site)
        member = build.a_member()
        lines = [WantedLine("H", 1, span(1, 3)), WantedLine("MIC", 2, span(5, 6))]
        holds.place(NewHold(member.unit, "Hai mục", EventKind.SEMINAR, lines), by=member)
        hold(hall, span(8, 9), title="Khác")
        listed = board.listed(Wanted(codes=("H", "MIC")))
        lying = board.lying(listed, span(0, 24), unit_id=0)
        spans = {
            one.code: [Period(h.starts_at, h.ends_at) for h in lying[one.id].held] for one in listed
        }
        # Set-up and strike take stock, but what is drawn is the time that was asked for.
        assert spans == {"H": [span(1, 3), span(8, 9)], "MIC": [span(5, 6)]}
        assert catalogue.get("H").turnaround_minutes == 60
