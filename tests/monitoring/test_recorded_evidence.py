"""What others wrote down of a device counts as evidence: its names, its release, what is saved."""

from dataclasses import replace
from typing import Any

import pytest

from config import clock
from config.database import db
from monitoring import evidence, policy
from monitoring.models import ConfigRound, Device, Platform
from monitoring.policy import Evidence, Result
from tests.monitoring.policy_world import a_switch

pytestmark = pytest.mark.usefixtures("house")

OLD = "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.3, X"


def found(device: Device, seen: Evidence | None = None) -> dict[str, Result]:
    collected = evidence.Collected(device.id, clock.now(), seen or Evidence("cisco_xe"))
    rules = policy.load()
    return {one.rule: one.result for one in evidence.record(device, collected, rules)}


def a_polled_switch(**over: Any) -> Device:
    told = {"last_answer_at": clock.now(), "sys_name": "SW-9", "sys_descr": OLD, **over}
    return a_switch(platform=Platform.CISCO_XE, resource=None, **told)


def test_what_the_poller_read_is_judged() -> None:
    results = found(a_polled_switch())
    assert (results["X03"], results["N34"]) == (Result.PASS, Result.FAIL)
    results = found(a_polled_switch(sys_name="Switch", sys_descr=OLD.replace("17.9.3", "17.9.6")))
    assert (results["X03"], results["N34"]) == (Result.FAIL, Result.PASS)


def test_a_device_that_never_answered_the_poller_is_unknown() -> None:
    results = found(a_polled_switch(last_answer_at=None))
    assert (results["X03"], results["N34"]) == (Result.UNKNOWN, Result.UNKNOWN)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(0, Result.PASS), (3, Result.FAIL), (None, Result.UNKNOWN)],
)
def test_the_last_backup_tells_whether_the_configuration_is_saved(
    lines: int | None, expected: Result
) -> None:
    device = a_polled_switch()
    assert found(device)["N35"] is Result.UNKNOWN
    db.session.add(ConfigRound(device_id=device.id, since=clock.now(), unsaved_lines=lines))
    db.session.flush()
    assert found(device)["N35"] is expected


def test_a_short_host_key_fails_although_it_is_the_approved_one() -> None:
    seen = Evidence("cisco_xe", host_key_is_pinned=True, host_key=("ssh-rsa", 1024))
    results = found(a_polled_switch(), seen)
    assert (results["N36"], results["N22"]) == (Result.PASS, Result.FAIL)
    results = found(a_polled_switch(), replace(seen, host_key=("ssh-rsa", 3072)))
    assert results["N22"] is Result.PASS
