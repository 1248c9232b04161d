"""The booking cases gathered from public systems, by their numbers: 1, 7 to 11, 13 and 14.

Recurrence (2 to 6, 12) is the series' room; 11 with fifty clients is in test_races.py.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from billing import pricing
from billing.pricing import Rented
from billing.tariff import Measure, Tariff
from config.database import db
from rental import bookings, calendar, catalogue, closures
from rental.asking import Changes, WantedLine
from rental.availability import Claim, free_segments
from rental.calendar import Search
from rental.closures import NewClosure
from rental.errors import ResourceUnavailable
from rental.models import ClosureKind, Part, Resource, ResourceKind, UnitClass
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.rental.test_bookings import ask, span
from tests.rental.test_guard import occupy


def is_accepted(*lines) -> bool:
    try:
        with db.session.begin_nested():
            ask(build.a_member(), *lines)
    except ResourceUnavailable:
        return False
    return True


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        (0, 1, True),  # long before
        (1, 2, True),  # ends as the other begins: half-open
        (1, 3, False),
        (2, 4, False),
        (3, 5, False),
        (4, 5, True),  # begins as the other ends
    ],
)
def test_case_1_two_bookings_of_one_hall_share_no_instant(house, start, end, accepted):
    hall = build.a_hall()
    ask(build.a_member(), (hall, 1, span(2, 4)))
    assert is_accepted((hall, 1, span(start, end))) is accepted


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        (-2, -1, True),  # ends an hour before: the larger turnaround, not the sum of both
        (-2, -0.5, False),
        (2, 3, True),
        (1.5, 3, False),
    ],
)
def test_case_7_the_gap_reaches_the_larger_turnaround_not_the_sum(house, start, end, accepted):
    hall = build.a_hall(turnaround_before_minutes=60, turnaround_after_minutes=60)
    ask(build.a_member(), (hall, 1, span(0, 1)))
    assert is_accepted((hall, 1, span(start, end))) is accepted


@pytest.fixture
def family(house):
    """A house of two floors, each of two rooms: three levels of parts."""
    site = build.a_site()
    halls = {
        name: build.a_hall(site=site, code=name)
        for name in ("house", "floor1", "floor2", "room11", "room12", "room21")
    }
    for whole, part in (
        ("house", "floor1"), ("house", "floor2"), ("floor1", "room11"), ("floor1", "room12"),
        ("floor2", "room21"),
    ):  # fmt: skip
        db.session.add(Part(whole=halls[whole], part=halls[part], quantity=1))
    db.session.flush()
    return halls


@pytest.mark.parametrize(
    ("taken", "wanted", "accepted"),
    [
        ("house", "floor1", False),  # the whole is taken: no part is left
        ("house", "room21", False),  # nor a part of a part
        ("floor1", "house", False),  # a part is taken: the whole is not whole
        ("room11", "house", False),
        ("room11", "floor1", False),
        ("floor1", "room11", False),
        ("room11", "room12", True),  # siblings
        ("floor1", "floor2", True),
        ("floor1", "room21", True),  # another branch
    ],
)
def test_case_8_what_contains_each_other_conflicts_and_siblings_do_not(
    family, taken, wanted, accepted
):
    ask(build.a_member(), (family[taken], 1, span(0, 2)))
    shown = calendar.segments([family[wanted]], span(1, 2))[family[wanted].id]
    assert [segment.free for segment in shown] == [int(accepted)]
    found = [r.code for r, _free in calendar.free(Search(span(1, 2), kind=ResourceKind.HALL))]
    assert (wanted in found) is accepted
    assert is_accepted((family[wanted], 1, span(1, 3))) is accepted


def test_case_9_a_pool_is_as_free_as_its_peak_leaves(house):
    pool = build.equipment(stock=7)

    def days(first: int, last: int) -> Period:
        return Period(TUESDAY + timedelta(days=first), TUESDAY + timedelta(days=last + 1))

    for first, last, pieces in ((21, 31, 3), (10, 24, 2), (23, 36, 2)):
        ask(build.a_member(), (pool, pieces, days(first, last)))
    shown = calendar.segments([pool], days(1, 40))[pool.id]
    assert [((s.starts_at - TUESDAY).days, s.free) for s in shown] == [
        (1, 7), (10, 5), (21, 2), (23, 0), (25, 2), (32, 5), (37, 7),
    ]  # fmt: skip


def test_case_10_two_kits_of_three_cables_need_six_cables(house):
    cable, kit = build.equipment(stock=7), build.equipment(stock=5)
    db.session.add(Part(whole=kit, part=cable, quantity=3))
    db.session.flush()
    ask(build.a_member(), (kit, 2, span(0, 2)))
    assert calendar.segments([cable], span(0, 2))[cable.id][0].free == 1
    assert not is_accepted((kit, 1, span(1, 2)))
    assert not is_accepted((cable, 2, span(1, 2)))
    assert is_accepted((cable, 1, span(1, 2)))


def test_case_11_the_second_of_two_identical_requests_is_refused_with_the_numbers(house):
    pool = build.equipment(stock=3)
    ask(build.a_member(), (pool, 2, span(0, 2)))
    with pytest.raises(ResourceUnavailable) as refused:
        ask(build.a_member(), (pool, 2, span(0, 2)))
    conflict = refused.value.details["conflicts"][0]
    assert (conflict["free"], conflict["wanted"]) == (1, 2)


def test_case_13_extending_a_booking_is_checked_like_a_new_one(house):
    hall, member, desk = build.a_hall(), build.a_member(), build.desk()
    mine = ask(member, (hall, 1, span(0, 2)))
    ask(build.a_member(), (hall, 1, span(3, 4)))

    def until(end: float) -> None:
        with db.session.begin_nested():
            lines = [WantedLine(hall.code, 1, span(0, end))]
            bookings.change(mine, Changes(lines=lines), by=desk)

    until(3)
    with pytest.raises(ResourceUnavailable):
        until(3.5)
    assert mine.ends_at == span(0, 3).ends_at


RATES = Tariff.model_validate(
    {
        "code": "t", "title": {"vi": "t", "en": "t"}, "decision": "d", "source": "s",
        "valid_from": date(2030, 1, 1), "tax_inclusive": False, "currency": "EUR",
        "rates": [
            {"key": key, "per": per, "service": "general",
             "prices": dict.fromkeys(UnitClass, price)}
            for key, per, price in (("hourly", "hour", 4000), ("halves", "half_day", 30000))
        ],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "duration", "measure", "measured", "amount"),
    [
        ("hourly", timedelta(hours=1, minutes=15), Measure.HOUR, "1.25", 5000),  # 40 × 1 h 15 = 50
        ("halves", timedelta(hours=5), Measure.HALF_DAY, "1", 30000),
        ("halves", timedelta(hours=10), Measure.HALF_DAY, "2", 60000),  # two half days, not one
        ("halves", timedelta(hours=24), Measure.HALF_DAY, "2", 60000),
    ],
)
def test_case_14_prices_count_what_is_used(code, duration, measure, measured, amount):
    rented = Rented(code, ResourceKind.HALL, Period(TUESDAY, TUESDAY + duration))
    priced = pricing.price([RATES], UnitClass.OTHER, rented, date(2030, 3, 5))
    assert (priced.measure, priced.measured) == (measure, Decimal(measured))
    assert priced.amount.minor == amount


# Whatever is in the catalogue and whatever happened: three readers and the database say the same.

HALF_HOUR = timedelta(minutes=30)
GRID = 24
SIZES = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([0, 0, 30, 60]), st.sampled_from([0, 30, 90])),
    min_size=4,
    max_size=5,
)
PARTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 2)), max_size=5)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["book", "book", "book", "close", "close some"]),
        st.integers(0, 4),
        st.integers(1, 3),
        st.integers(0, GRID - 1),
        st.integers(1, 8),
    ),
    max_size=9,
)


def halves(start: int, length: int) -> Period:
    return Period(TUESDAY + start * HALF_HOUR, TUESDAY + (start + length) * HALF_HOUR)


def a_catalogue(sizes, parts) -> list[Resource]:
    site = build.a_site()
    found = [
        build.equipment(
            site=site, stock=n, turnaround_before_minutes=before, turnaround_after_minutes=after
        )
        for n, before, after in sizes
    ]
    pairs = {
        (whole, part): n for whole, part, n in parts if whole < part < len(found)
    }  # A part comes later than its whole: no circle.
    db.session.add_all(
        Part(whole=found[whole], part=found[part], quantity=n) for (whole, part), n in pairs.items()
    )
    db.session.flush()
    return found


def happen(resources, deeds) -> list[tuple[Resource, Period, int]]:
    """Book and close; gives back what was booked."""
    booked = []
    for deed, which, pieces, start, length in deeds:
        resource, period = resources[which % len(resources)], halves(start, length)
        if deed == "book":
            if is_accepted((resource, pieces, period)):
                booked.append((resource, period, pieces))
        else:
            quantity = None if deed == "close" else min(pieces, resource.stock)
            closures.close(
                resource,
                NewClosure(ClosureKind.MAINTENANCE, period, reason="bảo trì", quantity=quantity),
            )
    return booked


def shown_claims(resources, booked) -> dict[int, list[Claim]]:
    """What people see taken, reckoned anew from what happened."""
    parts = catalogue.parts_of(r.id for r in resources)
    by_id = {r.id: r for r in resources}
    claims: dict[int, list[Claim]] = {r.id: [] for r in resources}
    for whole, period, pieces in booked:
        for part_id, quantity in catalogue.unfolded(whole.id, pieces, parts).items():
            part = by_id[part_id]
            before = max(part.turnaround_before_minutes, whole.turnaround_before_minutes)
            after = max(part.turnaround_after_minutes, whole.turnaround_after_minutes)
            seen = period.widened(timedelta(minutes=before), timedelta(minutes=after))
            claims[part_id].append(Claim(*seen, quantity))
    for closure in closures.standing(by_id, halves(-8, GRID + 30)):
        pieces = closure.quantity or by_id[closure.resource_id].stock
        claims[closure.resource_id].append(
            Claim(closure.during.lower, closure.during.upper, pieces)
        )
    return claims


def assert_segments_are_stock_less_what_is_taken(resources, booked) -> None:
    parts, by_id = catalogue.parts_of(r.id for r in resources), {r.id: r for r in resources}
    claims, period = shown_claims(resources, booked), halves(-4, GRID + 16)
    shown = calendar.segments(resources, period)
    for resource in resources:
        needs = catalogue.unfolded(resource.id, 1, parts)
        for segment in shown[resource.id]:
            for instant in (segment.starts_at, segment.ends_at - timedelta(minutes=1)):
                left = [
                    max(
                        by_id[part].stock
                        - sum(c.quantity for c in claims[part] if c[0] <= instant < c[1]),
                        0,
                    )
                    // (1 if part == resource.id else needed)
                    for part, needed in needs.items()
                ]
                assert segment.free == min(left), (resource.code, instant)


@pytest.mark.slow
@given(SIZES, PARTS, DEEDS, st.integers(0, GRID), st.integers(1, 6))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_free_can_be_booked_and_what_is_denied_cannot(
    house, sizes, parts, deeds, start, length
):
    resources = a_catalogue(sizes, parts)
    booked = happen(resources, deeds)
    assert_segments_are_stock_less_what_is_taken(resources, booked)
    wanted = halves(start, length)
    free = {resource.id: pieces for resource, pieces in calendar.free(Search(wanted))}
    for resource in resources:
        pieces = free.get(resource.id, 0)
        point = db.session.begin_nested()
        # The service and the guard of the database say yes to all of it, …
        assert pieces == 0 or is_accepted((resource, pieces, wanted)), resource.code
        point.rollback()
        # … and no to one more.
        assert not is_accepted((resource, pieces + 1, wanted)), resource.code
    db.session.rollback()


@given(DEEDS, st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_free_and_taken_make_the_stock_at_every_instant(deeds, stock):
    claims = [Claim(*halves(start, length), n) for _deed, _which, n, start, length in deeds]
    for segment in free_segments(stock, claims, halves(0, GRID)):
        for instant in (segment.starts_at, segment.ends_at - timedelta(minutes=1)):
            out = sum(c.quantity for c in claims if c.starts_at <= instant < c.ends_at)
            assert segment.free == max(stock - out, 0)


def test_the_guard_denies_what_the_search_denies_whoever_writes(house):
    pool = build.equipment(stock=3)
    ask(build.a_member(), (pool, 2, span(0, 2)))
    assert dict(calendar.free(Search(span(1, 3)))) == {pool: 1}
    line = build.a_booking(pool).lines[0]
    with pytest.raises(DBAPIError, match="in stock"), db.session.begin_nested():
        occupy(pool.id, line.id, 1, 3, 2)
    occupy(pool.id, line.id, 1, 3, 1)
