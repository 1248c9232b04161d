"""A violation lives once for a device and a rule, and moves only where the table lets it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations
from monitoring.errors import BadWaiver, UnknownViolation, ViolationMovedOn
from monitoring.models import Violation, ViolationStatus
from monitoring.policy import Severity
from monitoring.signals import violation_opened, violation_resolved
from rental import journal
from rental.models import ClosureKind
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, open_closures

pytestmark = pytest.mark.usefixtures("house")


def test_the_same_failure_again_refreshes_and_does_not_double() -> None:
    device = a_switch()
    began = clock.now()
    first = violations.open_or_refresh(device, a_failure(), at=began)
    again = violations.open_or_refresh(
        device, a_failure(evidence=("line vty 5 15",)), at=began + timedelta(hours=1)
    )
    assert again.id == first.id
    assert again.opened_at == began
    assert again.refreshed_at == began + timedelta(hours=1)
    assert again.evidence == ["line vty 5 15"]
    assert db.session.scalar(sa.select(sa.func.count(Violation.id))) == 1


def test_the_database_refuses_a_second_open_violation() -> None:
    device = a_switch()
    violations.open_or_refresh(device, a_failure())
    with pytest.raises(IntegrityError, match="uq_violation_open_device_rule"):
        db.session.execute(
            sa.insert(Violation).values(device_id=device.id, rule="N01", severity=Severity.LOW)
        )


def test_a_rule_broken_again_after_it_was_resolved_is_another_violation() -> None:
    device = a_switch()
    first = violations.open_or_refresh(device, a_failure())
    violations.resolve(first)
    assert violations.open_or_refresh(device, a_failure()).id != first.id


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (["acknowledged", "resolved"], "open"),
        (["acknowledged"], "acknowledged"),  # a colleague was quicker
        (["waived", "open", "acknowledged", "waived", "resolved"], "waived"),
        (["resolved"], "acknowledged"),
    ],
)
def test_the_table_of_moves_is_kept(path: list[str], refused: str) -> None:
    violation = Violation(rule="N01", status=ViolationStatus.OPEN)
    for status in path:
        violation.move_to(ViolationStatus(status))
    with pytest.raises(ViolationMovedOn):
        violation.move_to(ViolationStatus(refused))


def test_acknowledging_notes_who_and_leaves_the_quarantine() -> None:
    device, operator = a_switch(), build.desk()
    violation = violations.open_or_refresh(device, a_failure())
    violations.acknowledge(violation, by=operator, note=" seen ")
    enforcement.settle(device)
    assert violation.note == "seen"
    assert len(open_closures(device)) == 1
    assert [entry.verb for entry in journal.of(violation)] == ["opened", "acknowledged"]


@pytest.mark.parametrize(
    ("reason", "days"),
    [("", 30), ("  ", 30), ("bought in 2027", 0), ("bought in 2027", -1), ("for ever", 3650)],
)
def test_a_waiver_needs_a_reason_and_an_end(reason: str, days: int) -> None:
    violation = violations.open_or_refresh(a_switch(), a_failure())
    with pytest.raises(BadWaiver):
        violations.waive(
            violation, by=build.desk(), reason=reason, until=clock.now() + timedelta(days=days)
        )


def test_a_waiver_reopens_the_resource_until_its_time_is_over() -> None:
    device = a_switch()
    violation = violations.open_or_refresh(device, a_failure())
    enforcement.settle(device)
    until = clock.now() + timedelta(days=30)
    violations.waive(violation, by=build.desk(), reason="replaced in May", until=until)
    enforcement.settle(device)
    assert open_closures(device) == []
    assert violations.waived_rules(device) == {"N01"}
    assert violations.end_waivers() == []
    assert violations.end_waivers(at=until) == [violation]
    enforcement.settle(device)
    assert violation.status is ViolationStatus.OPEN
    assert [closure.cause for closure in open_closures(device)] == [violation.cause]


@pytest.mark.parametrize(
    ("severity", "is_closed"),
    [("critical", True), ("high", True), ("medium", False), ("low", False)],
)
def test_only_grave_rules_close_the_resource(severity: str, *, is_closed: bool) -> None:
    device = a_switch()
    violations.open_or_refresh(device, a_failure(severity=Severity(severity)))
    enforcement.settle(device)
    enforcement.settle(device)
    assert len(open_closures(device)) == int(is_closed)


def test_the_closure_says_which_rule_and_not_which_device() -> None:
    device = a_switch(name="SW-PRESS-02")
    violation = violations.open_or_refresh(device, a_failure())
    enforcement.settle(device)
    [closure] = open_closures(device)
    assert closure.kind is ClosureKind.QUARANTINE
    assert closure.cause == f"violation:{violation.id}"
    assert "SW-PRESS-02" not in closure.reason
    assert "N01" in closure.reason
    assert closure.during.upper is None


def test_of_a_pool_one_piece_is_closed_however_many_rules_one_device_breaks() -> None:
    device = a_switch(resource=build.equipment(stock=5))
    first = violations.open_or_refresh(device, a_failure("N01"))
    second = violations.open_or_refresh(device, a_failure("N03"))
    enforcement.settle(device)
    assert [(c.quantity, c.cause) for c in open_closures(device)] == [(1, first.cause)]
    violations.resolve(first)
    enforcement.settle(device)
    assert [(c.quantity, c.cause) for c in open_closures(device)] == [(1, second.cause)]
    violations.resolve(second)
    enforcement.settle(device)
    assert open_closures(device) == []


def test_another_closure_of_the_same_resource_stays() -> None:
    device, neighbour = a_switch(), None
    neighbour = a_switch(resource=device.resource)
    mine = violations.open_or_refresh(device, a_failure())
    theirs = violations.open_or_refresh(neighbour, a_failure())
    enforcement.settle_all([neighbour, device])
    violations.resolve(mine)
    enforcement.settle(device)
    assert [closure.cause for closure in open_closures(device)] == [theirs.cause]


def test_a_device_without_a_resource_is_judged_and_closes_nothing() -> None:
    device = a_switch(resource=None)
    violations.open_or_refresh(device, a_failure())
    enforcement.settle(device)
    assert violations.count(statuses=[ViolationStatus.OPEN]) == 1


def test_the_floor_above_hears_of_the_first_failure_and_of_the_pass() -> None:
    heard: list[tuple[str, int]] = []

    def opened(violation: Violation) -> None:
        heard.append(("opened", violation.id))

    def resolved(violation: Violation) -> None:
        heard.append(("resolved", violation.id))

    with violation_opened.connected_to(opened), violation_resolved.connected_to(resolved):
        device = a_switch()
        violation = violations.open_or_refresh(device, a_failure())
        violations.open_or_refresh(device, a_failure())
        violations.resolve(violation)
    assert heard == [("opened", violation.id), ("resolved", violation.id)]


def test_an_unknown_violation_is_not_found() -> None:
    with pytest.raises(UnknownViolation):
        violations.get(4711)


def test_a_violation_undone_by_a_rolled_back_transaction_closes_nothing() -> None:
    with transaction():
        device = a_switch()
    device_id = device.id

    def break_off() -> None:
        with transaction():
            violations.open_or_refresh(device, a_failure())
            enforcement.settle(device)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert violations.count(statuses=list(ViolationStatus)) == 0
    assert open_closures(db.session.get(type(device), device_id)) == []
