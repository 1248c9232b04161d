"""Which port is on, for whom and in which VLAN: a function of time and bookings."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.documents import BadDocument
from monitoring import circuits
from monitoring.circuits import PortTerms, Rental, RentedPort, Wanted, desired

NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = PortTerms.model_validate(
    {
        "code": "t",
        "title": {"vi": "t", "en": "t"},
        "source": "t",
        "valid_from": "2024-01-01",
        "lead_minutes": 15,
        "lag_minutes": 5,
        "parking_vlan": 999,
        "vlans": [{"first": 110, "last": 112}],
    }
)


def rental(line_id: int, begins: float = 0, hours: float = 1, **over: int) -> Rental:
    """A line of circuit 1 that begins so many hours after noon."""
    starts_at = NOON + begins * HOUR
    values = {"resource_id": 1, "quantity": 1, **over}
    return Rental(line_id, starts_at=starts_at, ends_at=starts_at + hours * HOUR, **values)


def on(plan: circuits.Plan) -> dict[int, tuple[int | None, int | None]]:
    return {p.port_id: (p.line_id, p.vlan) for p in plan.ports.values() if p.is_on}


@pytest.mark.parametrize(
    ("minutes", "is_on", "reason"),
    [
        (-16, False, "before its lead nobody has it"),
        (-15, True, "it is on a quarter of an hour early"),
        (0, True, "it runs"),
        (59, True, "it runs"),
        (60, True, "whoever talks on is not cut off at the second"),
        (64.9, True, "the lag"),
        (65, False, "over"),
    ],
)
def test_a_port_is_on_only_around_its_booking(minutes, is_on, reason):
    at = NOON + timedelta(minutes=minutes)
    plan = desired([RentedPort(1, 1)], [rental(7)], at, TERMS)
    assert (on(plan) == {1: (7, 110)}) is is_on, reason


def test_without_a_booking_every_port_is_off():
    plan = desired([RentedPort(1, 1, 7, 110), RentedPort(2, 1)], [], NOON, TERMS)
    assert plan.ports == {1: Wanted(1), 2: Wanted(2)}


def test_a_rental_gets_as_many_ports_as_it_booked_and_keeps_them():
    ports = [RentedPort(1, 1), RentedPort(2, 1, 7, 111), RentedPort(3, 1), RentedPort(4, 2)]
    plan = desired(ports, [rental(7, quantity=2)], NOON, TERMS)
    assert on(plan) == {1: (7, 111), 2: (7, 111)}, "its own port, one more, one VLAN for both"
    assert plan.short == ()


def test_who_runs_takes_the_port_from_who_only_lingers():
    before, after = rental(7, -1), rental(8, 0)
    ports = [RentedPort(1, 1, 7, 110)]
    plan = desired(ports, [before, after], NOON, TERMS)
    assert on(plan) == {1: (8, 111)}, "and never stands in the other's VLAN"
    early = desired(ports, [before, after], NOON - timedelta(minutes=10), TERMS)
    assert on(early) == {1: (7, 110)}, "a lead cuts nobody off"
    assert [one.line_id for one in early.short] == [8]


def test_what_lacks_a_port_or_a_vlan_is_told():
    two = desired([RentedPort(1, 1)], [rental(7, quantity=2)], NOON, TERMS)
    assert on(two) == {1: (7, 110)}
    assert [one.line_id for one in two.short] == [7]
    ports = [RentedPort(n, n) for n in range(1, 5)]
    many = [rental(n, resource_id=n) for n in range(1, 5)]
    full = desired(ports, many, NOON, TERMS)
    assert len(on(full)) == 3
    assert [one.line_id for one in full.short] == [4]


worlds = st.tuples(
    st.lists(st.integers(1, 3), max_size=8),
    st.lists(
        st.tuples(st.integers(-3, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
        max_size=8,
    ),
    st.integers(-240, 240),
)


@given(worlds)
def test_on_only_for_a_booking_one_vlan_a_renter_and_the_same_again(world):
    circuits_of, booked, minutes = world
    at = NOON + timedelta(minutes=minutes)
    ports = [RentedPort(n, resource) for n, resource in enumerate(circuits_of, 1)]
    rentals = [
        Rental(n, resource, quantity, NOON + begins * HOUR, NOON + (begins + hours) * HOUR)
        for n, (begins, hours, resource, quantity) in enumerate(booked, 1)
    ]
    plan = desired(ports, rentals, at, TERMS)
    assert set(plan.ports) == {port.id for port in ports}
    by_line = {one.line_id: one for one in rentals}
    vlans: dict[int, int] = {}
    for port in ports:
        wanted = plan.ports[port.id]
        if not wanted.is_on:
            continue
        holder = by_line[wanted.line_id]
        assert holder.resource_id == port.resource_id
        assert holder.starts_at - TERMS.lead <= at < holder.ends_at + TERMS.lag
        assert vlans.setdefault(wanted.line_id, wanted.vlan) == wanted.vlan
        assert wanted.vlan in TERMS.pool
    assert len(set(vlans.values())) == len(vlans), "no two renters share a VLAN"
    for line_id in vlans:
        given_ports = sum(one.line_id == line_id for one in plan.ports.values())
        assert given_ports <= by_line[line_id].quantity
    # Whoever runs has ports unless there are none left or no VLAN.
    for one in rentals:
        if one.is_running(at) and one.line_id not in vlans:
            assert one in plan.short
    held = [
        RentedPort(p.id, p.resource_id, plan.ports[p.id].line_id, plan.ports[p.id].vlan)
        for p in ports
    ]
    assert desired(held, list(reversed(rentals)), at, TERMS).ports == plan.ports


@pytest.mark.parametrize(
    "wrong",
    [
        {"parking_vlan": 111},
        {"vlans": [{"first": 120, "last": 110}]},
        {"vlans": []},
        {"parking_vlan": 1},
        {"lead_minutes": -1},
    ],
)
def test_terms_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        PortTerms.model_validate({**TERMS.model_dump(), **wrong})


def test_the_terms_of_the_day_are_those_shipped_and_none_are_none():
    assert circuits.terms_on(date(2026, 12, 1)).code == "ports-sample-2024"
    with pytest.raises(BadDocument):
        circuits.terms_on(date(2020, 1, 1))


@pytest.mark.parametrize(
    ("rentals", "short", "reason"),
    [
        ([rental(1), rental(2, 1)], [], "one after the other on the same port"),
        ([rental(1), rental(2, 0.5)], [2], "whoever starts first has it"),
        ([rental(2, 0.5), rental(1)], [2], "in whatever order they are read"),
        ([rental(1, quantity=2)], [1], "two ports of one"),
        ([rental(1), rental(2, 0.5), rental(3, 1.2)], [2], "the third finds it free again"),
        ([rental(n, resource_id=n) for n in (1, 2, 3)], [], "three VLANs for three"),
        ([rental(n, resource_id=n) for n in (1, 2, 3, 4)], [4], "there is no fourth VLAN"),
        ([rental(1, resource_id=9)], [1], "a circuit without ports"),
    ],
)
def test_who_will_find_no_port_or_vlan_is_known_before(rentals, short, reason):
    counts = {1: 1, 2: 1, 3: 1, 4: 1}
    assert [one.line_id for one in circuits.lacking(counts, rentals, TERMS)] == short, reason
