"""What a booking needs, what is out and when all of it is back: no database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rental import catalogue
from rental.counting import Moved, Need, Shelf, Stay, is_complete, needs, tally

NOON = datetime(2030, 3, 5, 5, tzinfo=UTC)
KIT, CABLE, BOX, HALL = 1, 2, 3, 9


def test_a_kit_needs_itself_and_its_pieces_through_all_levels():
    parts = {KIT: [(BOX, 2)], BOX: [(CABLE, 3)]}
    taken = catalogue.unfolded(KIT, 2, parts)
    needed = needs(7, taken, {KIT, BOX, CABLE})
    assert {(n.resource_id, n.quantity) for n in needed} == {(KIT, 2), (BOX, 4), (CABLE, 12)}


def test_a_hall_needs_no_scan():
    assert needs(7, {HALL: 1, CABLE: 2}, {CABLE}) == [Need(7, CABLE, 2)]


@pytest.mark.parametrize(
    ("moved", "out", "back", "missing", "room"),
    [
        ([], 0, 0, 3, 3),
        ([(1, True)], 1, 0, 2, 2),
        ([(1, True), (2, False)], 1, 2, 0, 2),  # what came back may be replaced while it lasts
        ([(3, True), (1, False)], 3, 0, 0, 0),  # one was exchanged: three are out, nothing missing
        ([(3, False)], 0, 3, 0, 3),
    ],
)
def test_out_and_back_fill_the_need(moved, out, back, missing, room):
    rows = [Moved(7, CABLE, quantity, is_out) for quantity, is_out in moved]
    (need,) = tally([Need(7, CABLE, 3)], rows)
    assert (need.out, need.back, need.missing, need.room) == (out, back, missing, room)


def test_a_stand_in_fills_the_place_of_what_was_booked():
    (need,) = tally([Need(7, CABLE, 1)], [Moved(7, BOX, 1, is_out=True, instead_of_id=CABLE)])
    assert need.out == 1


@given(
    quantity=st.integers(1, 9),
    moved=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=6),
)
def test_no_piece_is_counted_twice(quantity, moved):
    rows = [Moved(7, CABLE, n, is_out) for n, is_out in moved]
    (need,) = tally([Need(7, CABLE, quantity)], rows)
    assert need.out == sum(n for n, is_out in moved if is_out)
    assert need.back <= max(quantity - need.out, 0)
    assert need.out + need.back + need.missing >= quantity


def test_what_is_out_or_broken_is_not_on_the_shelf():
    shelf = Shelf({CABLE: 7}, {CABLE: 3}, {CABLE: 1})
    assert shelf.here(CABLE) == 3
    assert Shelf({CABLE: 1}, {CABLE: 1}, {CABLE: 1}).here(CABLE) == 0


RUNNING_HALL = Stay(NOON - timedelta(hours=1), NOON + timedelta(hours=1), is_place=True)
RUNNING_GEAR = Stay(NOON - timedelta(hours=1), NOON + timedelta(hours=1), is_place=False)
OVER = Stay(NOON - timedelta(hours=2), NOON, is_place=True)


@pytest.mark.parametrize(
    ("need", "stays", "complete"),
    [
        (Need(1, CABLE, 2, out=1, back=1), [OVER], False),  # one is still out
        (Need(1, CABLE, 2, back=2), [OVER], True),
        (Need(1, CABLE, 2, back=2), [RUNNING_GEAR], True),  # brought back early
        (Need(1, CABLE, 2, back=2), [RUNNING_HALL], False),  # the hall is in use
        (Need(1, CABLE, 2, back=1), [RUNNING_GEAR], False),  # the second may still be fetched
        (Need(1, CABLE, 2, back=1), [OVER], True),  # it will not be any more
    ],
)
def test_when_everything_is_back(need, stays, complete):
    assert is_complete([need], stays, NOON) is complete
