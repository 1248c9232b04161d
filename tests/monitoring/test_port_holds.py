"""A port that a rule shuts stays shut for who has not begun, and is never taken from who has."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from config import clock
from config.database import db, transaction
from monitoring import enforcing, port_holds, provisioning, readiness, rules, violations
from monitoring.circuits import Rental, RentedPort, desired
from monitoring.models import PortState, Problem, Verdict, ViolationStatus
from monitoring.rules import Enforce, Severity
from tests import build
from tests.monitoring.policy_world import a_failure
from tests.monitoring.test_circuits import HOUR, NOON, TERMS, on, rental
from tests.monitoring.test_provisioning import (  # noqa: F401
    MINUTE,
    book,
    is_on,
    port,
    round_at,
    switch,
)


@pytest.mark.parametrize(
    ("has", "minutes", "is_given", "reason"),
    [
        (None, -10, False, "it has not begun"),
        (7, -10, False, "on for its lead is not begun"),
        (7, 0, True, "it runs"),
        (7, 59, True, "it runs"),
        (7, 61, False, "its own time is over, there is no lag"),
        (None, 30, False, "it runs and was never on"),
        (8, 30, False, "it is on for another"),
    ],
)
def test_a_held_port_is_only_of_who_runs_on_it(has, minutes, is_given, reason):
    ports = [RentedPort(1, 1, has, has and 110)]
    plan = desired(ports, [rental(7)], NOON + minutes * MINUTE, TERMS, {1})
    assert bool(on(plan)) is is_given, reason
    assert bool(plan.short) is not is_given


def test_who_finds_a_held_port_takes_another_of_the_circuit():
    plan = desired([RentedPort(1, 1), RentedPort(2, 1)], [rental(7)], NOON, TERMS, {1})
    assert on(plan) == {2: (7, 110)}
    assert plan.short == ()


walks = st.tuples(
    st.lists(st.integers(1, 2), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)),
        max_size=5,
    ),
    st.lists(st.tuples(st.integers(1, 50), st.sets(st.integers(1, 5))), max_size=15),
)


@given(walks)
def test_never_on_for_who_has_not_begun_while_held_and_never_off_for_who_has(walk):
    circuits_of, booked, rounds = walk
    ports = [RentedPort(n, resource) for n, resource in enumerate(circuits_of, 1)]
    rentals = {
        n: Rental(n, resource, quantity, NOON + begins * HOUR, NOON + (begins + hours) * HOUR)
        for n, (begins, hours, resource, quantity) in enumerate(booked, 1)
    }
    at = NOON - HOUR
    for minutes, held in rounds:
        before, at = at, at + timedelta(minutes=minutes)
        plan = desired(ports, rentals.values(), at, TERMS, held)
        for one in ports:
            wanted, had = plan.ports[one.id], rentals.get(one.line_id or 0)
            if one.id in held and wanted.is_on:
                assert wanted.line_id == one.line_id
                assert rentals[wanted.line_id].is_running(at)
            if had and had.is_running(before) and had.is_running(at):
                assert (wanted.line_id, wanted.vlan) == (one.line_id, one.vlan)
        ports = [
            replace(one, line_id=plan.ports[one.id].line_id, vlan=plan.ports[one.id].vlan)
            for one in ports
        ]


@pytest.fixture
def broken(house, port, monkeypatch):  # noqa: F811
    """Breaks a rule on the switch that asks for its ports to be shut."""
    rulebook = {rule.id: rule for rule in rules.load()}
    steps = (Enforce.NOTIFY, Enforce.SHUT_PORT)
    rulebook["N01"] = rulebook["N01"].model_copy(update={"enforce": steps})
    monkeypatch.setattr(enforcing, "_book", lambda: rulebook)

    def break_it():
        with transaction():
            return violations.open_or_refresh(port.device, a_failure("N01"))

    return break_it


def end(violation, status: ViolationStatus) -> None:
    with transaction():
        if status is ViolationStatus.RESOLVED:
            violations.resolve(violation)
        else:
            until = clock.now() + 24 * HOUR
            violations.waive(violation, by=build.desk(), reason="replaced in May", until=until)


def told() -> list[Problem]:
    query = sa.select(Problem).where(Problem.subject.contains(port_holds.KEPT_SHUT))
    return list(db.session.scalars(query.order_by(Problem.id)))


@pytest.mark.parametrize("ended", [ViolationStatus.RESOLVED, ViolationStatus.WAIVED])
def test_a_held_line_is_told_before_it_begins_and_on_when_the_violation_ends(
    port,  # noqa: F811
    switch,  # noqa: F811
    broken,
    ended,
):
    start = clock.now().replace(microsecond=0) + HOUR
    booking, violation = book(port, start), broken()
    round_at(port, start - 16 * MINUTE)
    assert told() == [], "nobody would have it on yet"
    for minutes in (-14, -13):
        round_at(port, start + minutes * MINUTE)
        assert not is_on(switch)
    (problem,) = told()
    assert (problem.severity, problem.cleared_at) == (Severity.HIGH, None)
    assert (problem.evidence["booking"], problem.evidence["wanted"]) == (booking.reference, "on")
    assert "N01" in problem.evidence["reason"]
    assert port_holds.of_line(booking.lines[0]) == problem
    red = [one for one in readiness.of_booking(booking).checks if one.verdict is Verdict.RED]
    assert readiness.KEPT_SHUT in [one.found for one in red]
    round_at(port, start + MINUTE)
    assert told()[0].severity is Severity.CRITICAL, "now somebody sits before a dead line"
    assert not is_on(switch)
    end(violation, ended)
    assert round_at(port, start + 2 * MINUTE).changed == 1
    assert is_on(switch)
    assert told()[0].cleared_at is not None
    assert port_holds.of_port(port, db.session.get(PortState, port.id)) is None


def test_who_runs_when_the_rule_is_broken_stays_on_until_the_end(port, switch, broken):  # noqa: F811
    start = clock.now().replace(microsecond=0)
    book(port, start)
    round_at(port, start)
    broken()
    for minutes in (1, 60, 119):
        round_at(port, start + minutes * MINUTE)
        assert is_on(switch)
    reason = port_holds.of_port(port, db.session.get(PortState, port.id))
    assert "stays on" in str(reason)
    round_at(port, start + 121 * MINUTE)
    assert not is_on(switch), "held ports have no lag"
    assert told() == []
    assert "kept shut" in str(port_holds.of_port(port, db.session.get(PortState, port.id)))


def test_a_port_left_alone_takes_its_problem_with_it(port, switch, broken):  # noqa: F811
    start = clock.now().replace(microsecond=0)
    book(port, start)
    broken()
    round_at(port, start)
    assert told()[0].cleared_at is None
    with transaction():
        provisioning.manage(port, is_managed=False, by=None)
    assert told()[0].cleared_at is not None
    assert port_holds.of_port(port, None) is None
