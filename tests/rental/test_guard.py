"""The database refuses over-booking, whoever writes to it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from config.database import db
from tests import build
from tests.build import TUESDAY


def occupy(resource_id: int, line_id: int, start: float, end: float, quantity: int = 1) -> None:
    """Straight SQL, as a hand at a prompt would write it."""
    db.session.execute(
        sa.text(
            "INSERT INTO occupancy (resource_id, line_id, quantity, during)"
            " VALUES (:r, :l, :q, tstzrange(:a, :b))"
        ),
        {
            "r": resource_id,
            "l": line_id,
            "q": quantity,
            "a": TUESDAY + timedelta(hours=start),
            "b": TUESDAY + timedelta(hours=end),
        },
    )


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (0, 1, False),  # well before
        (1, 2, False),  # ends exactly when the other begins
        (1, 3, True),  # runs into it
        (2, 4, True),  # the same period
        (3, 5, True),  # begins inside
        (4, 5, False),  # begins exactly when the other ends
        (0, 6, True),  # swallows it
    ],
)
def test_raw_sql_cannot_sell_a_hall_twice(house, start, end, refused):
    hall = build.a_hall()
    line = build.a_booking(hall).lines[0]
    occupy(hall.id, line.id, 2, 4)
    if refused:
        with pytest.raises(DBAPIError) as wrong:
            occupy(hall.id, line.id, start, end)
        assert wrong.value.orig.sqlstate == "23P01"
    else:
        occupy(hall.id, line.id, start, end)


def test_raw_sql_cannot_take_more_of_a_pool_than_its_peak_leaves(house):
    cables = build.equipment(stock=7)
    line = build.a_booking(cables).lines[0]
    occupy(cables.id, line.id, 10, 20, 3)
    occupy(cables.id, line.id, 0, 12, 2)
    occupy(cables.id, line.id, 18, 30, 2)
    # The day's sum is 7, yet no instant has more than 5 taken: two more fit all the way.
    occupy(cables.id, line.id, 0, 30, 2)
    with pytest.raises(DBAPIError, match="in stock"):
        occupy(cables.id, line.id, 11, 11.5, 1)


def test_raw_sql_cannot_move_an_occupancy_onto_another(house):
    hall = build.a_hall()
    line = build.a_booking(hall).lines[0]
    occupy(hall.id, line.id, 0, 1)
    occupy(hall.id, line.id, 2, 3)
    with pytest.raises(DBAPIError, match="in stock"):
        db.session.execute(
            sa.text("UPDATE occupancy SET during = tstzrange(:a, :b) WHERE lower(during) = :c"),
            {
                "a": TUESDAY + timedelta(hours=2),
                "b": TUESDAY + timedelta(hours=4),
                "c": TUESDAY,
            },
        )


def test_stock_cannot_sink_below_what_is_promised(house):
    cables = build.equipment(stock=7)
    line = build.a_booking(cables).lines[0]
    occupy(cables.id, line.id, 0, 4, 5)
    db.session.execute(sa.text("UPDATE resource SET stock = 5 WHERE id = :i"), {"i": cables.id})
    with pytest.raises(DBAPIError, match="promised beyond"):
        db.session.execute(sa.text("UPDATE resource SET stock = 4 WHERE id = :i"), {"i": cables.id})
