"""A problem is opened once, kept up to date, acknowledged by a person and cleared once."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import problems
from monitoring.errors import ProblemOver, UnknownProblem
from monitoring.models import Problem
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from monitoring.signals import problem_cleared, problem_opened
from tests import build
from tests.monitoring.policy_world import a_switch

HOT = NewProblem("sensor", "inlet", Severity.MEDIUM, value=61.0, threshold=60.0)
HOTTER = NewProblem("sensor", "inlet", Severity.HIGH, value=71.0, threshold=70.0)


@pytest.fixture
def told():
    """What the floor above heard."""
    heard: list[tuple[str, int]] = []

    def opened(problem: Problem) -> None:
        heard.append(("opened", problem.id))

    def cleared(problem: Problem) -> None:
        heard.append(("cleared", problem.id))

    with problem_opened.connected_to(opened), problem_cleared.connected_to(cleared):
        yield heard


def test_a_problem_is_opened_once_and_follows_what_is_seen(house, told):
    with transaction():
        device = a_switch()
        problem = problems.open_(device, HOT)
        assert problems.open_(device, HOTTER).id == problem.id
    assert told == [("opened", problem.id)]
    assert (problem.severity, problem.value, problem.threshold) == (Severity.HIGH, 71.0, 70.0)


def test_a_problem_cleared_comes_back_as_another(house, told):
    with transaction():
        device = a_switch()
        first = problems.open_(device, HOT)
        problems.clear(first)
        problems.clear(first)
        second = problems.open_(device, HOT)
    assert told == [("opened", first.id), ("cleared", first.id), ("opened", second.id)]
    assert [one.id for one in problems.of(device)] == [second.id, first.id]
    assert [one.id for one in problems.open_all()] == [second.id]


def test_a_problem_never_ends_before_it_began(house):
    with transaction():
        problem = problems.open_(a_switch(), HOT)
        problems.clear(problem, at=clock.now() - timedelta(hours=1))
    assert problem.cleared_at == problem.opened_at


def test_a_person_looks_after_what_is_open_and_not_after_what_is_over(house):
    with transaction():
        operator, device = build.desk(), a_switch()
        problem = problems.open_(device, HOT)
        problems.acknowledge(problem, by=operator, note="đang mở quạt")
    assert (problem.acknowledged_by_id, problem.note) == (operator.id, "đang mở quạt")
    with transaction():
        problems.clear_all(device)
    with pytest.raises(ProblemOver), transaction():
        problems.acknowledge(problem, by=operator)
    with pytest.raises(UnknownProblem):
        problems.get(0)
    assert db.session.get_one(Problem, problem.id).note == "đang mở quạt"
