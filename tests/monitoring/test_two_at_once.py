"""Two operators, or an operator and the clock, at the same violation in the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from config import clock
from config.database import db, transaction
from config.errors import Refusal
from monitoring import enforcement, violations
from monitoring.models import Device, Violation, ViolationStatus
from rental import catalogue
from rental.models import Member
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, open_closures


def test_an_acknowledgement_does_not_undo_a_waiver_given_meanwhile(house: Any) -> None:
    with transaction():
        desk, device = build.desk(), a_switch()
        violation = violations.open_or_refresh(device, a_failure())
        enforcement.settle(device)
    assert violation.status is ViolationStatus.OPEN
    assert desk.name

    def waive(violation_id: int, member_id: int) -> None:
        with house.app_context(), transaction():
            seen = violations.get(violation_id)
            until = clock.now() + timedelta(days=1)
            by = db.session.get_one(Member, member_id)
            violations.waive(seen, by=by, reason="chờ vá lỗi", until=until)
            enforcement.settle(seen.device)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(waive, violation.id, desk.id).result(10)
    with pytest.raises(Refusal), transaction():
        violations.acknowledge(violation, by=desk)
    db.session.expire_all()
    assert db.session.get_one(Violation, violation.id).status is ViolationStatus.WAIVED
    assert open_closures(device) == []


def test_settling_several_devices_and_booking_several_halls_do_not_deadlock(house: Any) -> None:
    with transaction():
        low, high = build.a_hall(), build.a_hall()
        # The first device stands in the hall that bookings lock last.
        devices = [a_switch(resource=high), a_switch(resource=low)]
        for device in devices:
            violations.open_or_refresh(device, a_failure())
        ids, halls = [device.id for device in devices], (low.id, high.id)
    has_first = threading.Event()

    def book() -> None:
        with house.app_context(), transaction():
            catalogue.lock([halls[0]])
            has_first.set()
            threading.Event().wait(0.7)
            catalogue.lock([halls[1]])

    def settle() -> None:
        has_first.wait(5)
        with house.app_context(), transaction():
            enforcement.settle_all([db.session.get_one(Device, one) for one in ids])

    with ThreadPoolExecutor(2) as pool:
        for deed in [pool.submit(book), pool.submit(settle)]:
            deed.result(15)
    db.session.expire_all()
    assert [len(open_closures(db.session.get_one(Device, one))) for one in ids] == [1, 1]
