"""What almost fits: shifted, shortened, moved, exchanged or fewer, and never what is taken too."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import clock
from config.database import db
from rental import closures, finding, suggestions
from rental.closures import NewClosure
from rental.errors import ResourceUnavailable
from rental.finding import Sought
from rental.models import ClosureKind, Part, ResourceKind
from rental.occupancies import Ask
from rental.suggestions import Wish
from tests import build
from tests.rental.test_bookings import ask, span


def told(found):
    """Kind, codes and minutes of each suggestion."""
    return [
        (
            each.kind.value,
            [line.resource.code for line in each.asks],
            each.starts_by // timedelta(minutes=1),
            each.ends_by // timedelta(minutes=1),
        )
        for each in found
    ]


def wish(*lines, **over):
    return Wish(tuple(Ask(*line) for line in lines), **over)


def test_what_fits_needs_no_suggestion(house):
    assert suggestions.suggest(wish((build.a_hall(), 1, span(0, 2)))) == []


@pytest.mark.parametrize(
    ("taken", "minutes"),
    [
        ((0, 2.25), 15),  # the neighbour ends a quarter of an hour late: begin later
        ((3.75, 5), -15),  # the next begins too early: begin earlier
        ((0, 2 + 20 / 60), 20),  # twenty minutes are the most
        ((0, 2.5), None),
    ],
)
def test_a_booking_is_shifted_by_twenty_minutes_at_most(house, taken, minutes):
    hall = build.a_hall()
    ask(build.a_member(), (hall, 1, span(*taken)))
    found = suggestions.suggest(wish((hall, 1, span(2, 4))))
    shifts = [each[2] for each in told(found) if each[0] == "shift"]
    assert shifts[:1] == ([minutes] if minutes is not None else [])


def test_all_lines_are_shifted_together(house):
    hall, pool = build.a_hall(), build.equipment(stock=2)
    ask(build.a_member(), (hall, 1, span(0, 2.25)))
    ask(build.a_member(), (pool, 2, span(4.2, 6)))
    found = suggestions.suggest(wish((hall, 1, span(2, 4)), (pool, 1, span(2, 4))))
    # A quarter of an hour later the gear is gone: the shift would not help.
    assert "shift" not in [each[0] for each in told(found)]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((3, 5), ("shorten", 0, -60)),  # a quarter of four hours
        ((-2, 0.5), ("shorten", 30, 0)),
        ((2.9, 5), None),  # more than a quarter
    ],
)
def test_a_booking_is_shortened_by_a_quarter_at_most(house, taken, expected):
    hall = build.a_hall()
    ask(build.a_member(), (hall, 1, span(*taken)))
    found = suggestions.suggest(wish((hall, 1, span(0, 4))))
    cut = [(kind, start, end) for kind, _codes, start, end in told(found) if kind == "shorten"]
    assert cut[:1] == ([expected] if expected else [])


def test_another_hall_has_enough_seats_the_same_site_first_and_the_nearest_size(house):
    here, there = build.a_site(), build.a_site()
    hall = build.a_hall(site=here, code="A", seats=80)
    build.a_hall(site=here, code="SMALL", seats=79)
    build.a_hall(site=here, code="LARGE", seats=300)
    build.a_hall(site=here, code="NEAR", seats=90)
    build.a_hall(site=there, code="FAR", seats=80)
    taken = build.a_hall(site=here, code="TAKEN", seats=85)
    for busy in (hall, taken):
        ask(build.a_member(), (busy, 1, span(0, 8)))
    found = told(suggestions.suggest(wish((hall, 1, span(2, 4)))))
    assert [codes for kind, codes, *_ in found if kind == "hall"] == [["NEAR"], ["LARGE"]]
    of_few = told(suggestions.suggest(wish((hall, 1, span(2, 4)), attendees=50)))
    assert [codes for kind, codes, *_ in of_few if kind == "hall"] == [["SMALL"], ["NEAR"]]


def test_the_parts_of_a_hall_do_not_stand_in_for_it(house):
    site = build.a_site()
    whole = build.a_hall(site=site, seats=100)
    part = build.a_hall(site=site, seats=100)
    db.session.add(Part(whole=whole, part=part, quantity=1))
    db.session.flush()
    assert suggestions.alternatives(whole) == []


def test_an_equal_model_has_the_same_category(house):
    site = build.a_site()
    mine = build.equipment(site=site, code="M1", category="sound", stock=2)
    build.equipment(site=site, code="M2", category="sound", stock=4)
    build.equipment(site=site, code="CAM", category="video", stock=4)
    ask(build.a_member(), (mine, 1, span(0, 8)))
    found = told(suggestions.suggest(wish((mine, 2, span(2, 4)))))
    assert [codes for kind, codes, *_ in found if kind == "model"] == [["M2"]]
    assert [kind for kind, *_ in found] == ["model", "fewer"]


def test_fewer_pieces_are_as_many_as_are_left(house):
    pool = build.equipment(stock=5)
    ask(build.a_member(), (pool, 3, span(0, 8)))
    found = suggestions.suggest(wish((pool, 4, span(2, 4))))
    assert [line.quantity for line in found[0].asks] == [2]


def test_nobody_is_sent_to_closed_doors_or_into_the_past(house):
    site = build.a_site(slug="centre")
    hall = build.a_hall(site=site)
    # Doors close at 18:00 on the wall, nine hours after the test's hour zero.
    ask(build.a_member(), (hall, 1, span(4, 7.25)))
    found = told(suggestions.suggest(wish((hall, 1, span(7, 9)))))
    assert "shift" not in [kind for kind, *_ in found]
    ahead = build.a_hall()
    ask(build.a_member(), (ahead, 1, span(3.75, 5)))
    with clock.standing_at(span(2, 3).starts_at + timedelta(minutes=14)):
        late = told(suggestions.suggest(wish((ahead, 1, span(2, 4)))))
    assert "shift" not in [kind for kind, *_ in late]


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 12)), max_size=8),
    st.integers(0, 24),
    st.integers(2, 12),
)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_suggestion_can_be_booked_as_it_stands(house, taken, start, length):
    site = build.a_site()
    resources = [
        build.a_hall(site=site, seats=50, turnaround_after_minutes=30),
        build.a_hall(site=site, seats=60),
        build.equipment(site=site, stock=3, category="sound"),
    ]
    member = build.a_member()
    for which, begins, quarters in taken:
        try:
            with db.session.begin_nested():
                ask(member, (resources[which], 1, span(begins / 4, (begins + quarters) / 4)))
        except ResourceUnavailable:
            continue
    period = span(start / 4, (start + length) / 4)
    asked = wish((resources[0], 1, period), (resources[2], 3, period))
    for each in suggestions.suggest(asked):
        point = db.session.begin_nested()
        ask(member, *((line.resource, line.quantity, line.period) for line in each.asks))
        point.rollback()
    db.session.rollback()


def test_another_hall_for_every_date_of_a_series(house):
    site = build.a_site()
    hall = build.a_hall(site=site, seats=50)
    some, all_dates = build.a_hall(site=site, seats=50), build.a_hall(site=site, seats=70)
    dates = [span(24 * day, 24 * day + 2) for day in range(4)]
    ask(build.a_member(), (some, 1, dates[2]))
    assert suggestions.halls_free_on(hall, dates) == [all_dates]
    assert suggestions.halls_free_on(hall, []) == []


def test_find_sorts_out_what_is_free_by_fitting_size(house):
    site = build.a_site()
    halls = {n: build.a_hall(site=site, code=f"H{n}", seats=n) for n in (40, 80, 100, 300)}
    pool = build.equipment(site=site, stock=3)
    ask(build.a_member(), (halls[100], 1, span(0, 4)), (pool, 2, span(0, 4)))
    found = finding.find(Sought((span(1, 3),), people=80))
    assert [(f.resource.code, f.free) for f in found.free if f.resource.kind == "hall"] == [
        ("H80", 1),
        ("H300", 1),
    ]
    assert [f.free for f in found.free if f.resource is pool] == [1]
    assert (found.taken, found.total) == ((halls[100],), 4)


def test_several_days_are_free_only_if_each_is(house):
    hall = build.a_hall()
    ask(build.a_member(), (hall, 1, span(24, 26)))
    days = tuple(span(24 * day, 24 * day + 2) for day in range(3))
    sought = Sought(days, kind=ResourceKind.HALL)
    assert finding.find(sought).taken == (hall,)
    assert finding.explain([hall], sought)[0].days_free == 2


def test_what_is_taken_says_when_it_is_next_free(house):
    hall = build.a_hall(turnaround_after_minutes=30)
    ask(build.a_member(), (hall, 1, span(0, 3.1)))
    ask(build.a_member(), (hall, 1, span(5, 8)))
    (denied,) = finding.explain([hall], Sought((span(1, 3),)))
    # From 3:36 to 5:00 two hours with their turnaround do not fit; after 8:30 they do.
    assert denied.next_free == span(8.5, 10.5)
    assert denied.nearly is None


def test_what_is_closed_says_why_and_waits_for_open_doors(house):
    hall = build.a_hall(site=build.a_site(slug="centre"))
    closures.close(hall, NewClosure(ClosureKind.MAINTENANCE, span(-1, 12), reason="sơn lại"))
    (denied,) = finding.explain([hall], Sought((span(1, 3),)))
    assert denied.closure is not None
    assert denied.closure.reason == "sơn lại"
    # Closed until 21:00 on the wall; the doors open at 08:00 of the next day.
    assert denied.next_free == span(23, 25)


def test_a_little_later_is_said_beside_what_is_taken(house):
    hall = build.a_hall()
    ask(build.a_member(), (hall, 1, span(0, 1.25)))
    (denied,) = finding.explain([hall], Sought((span(1, 3),)))
    assert denied.nearly is not None
    assert denied.nearly.starts_by == timedelta(minutes=15)
