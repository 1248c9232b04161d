"""What endpoints showed counts as evidence while it is fresh, and only of the device itself."""

from datetime import timedelta

import pytest

from config import clock
from monitoring import (
    endpoints,
    evidence,
    reaching,
    tls_evidence,
    violations,
)
from monitoring.policy import Evidence
from monitoring.probes.reached import EndpointKind, Fault, Reached
from monitoring.rules import Result
from tests.monitoring.policy_world import open_closures
from tests.monitoring.tls_world import (
    MODERN,
    RULES,
    an_encoder,
    answered,
    certificate,
    failed,
    judged,
    watched,
)

pytestmark = pytest.mark.usefixtures("house")


def test_versions_are_remembered_for_an_hour_and_not_believed_for_ever() -> None:
    device = an_encoder()
    page = watched(device, kind=EndpointKind.HTTP, is_secure=True)
    began = clock.now()

    def asks_versions(minutes: float) -> bool:
        [goal] = reaching.due(device.site_id, began + timedelta(minutes=minutes))
        return goal.asks_versions

    def offers(minutes: float) -> dict[str, bool]:
        at = began + timedelta(minutes=minutes)
        reaching.record([Reached(reaching.goal(page), 0.1, {"certificate": certificate()})], at)
        return dict(tls_evidence.shown(page, at).offers)

    assert asks_versions(0)
    answered(page, began)
    assert not asks_versions(2)
    assert offers(2) == MODERN
    assert asks_versions(61)
    # Greeted in vain: what was told before holds for a while, and is asked again.
    assert offers(62) == MODERN
    assert asks_versions(64)
    assert offers(200) == {}


def test_asking_now_asks_for_versions_as_well() -> None:
    device = an_encoder()
    page = watched(device, kind=EndpointKind.HTTP, is_secure=True)
    answered(page)
    endpoints.ask_now(page)
    [goal] = reaching.due(device.site_id, clock.now())
    assert goal.asks_versions
    assert "certificate" in page.facts


def test_endpoints_that_say_nothing_of_the_device_are_not_judged() -> None:
    device = an_encoder()
    watched(device, name="Nền tảng", host="live.example.com")
    watched(device, name="Trang", kind=EndpointKind.HTTP)
    watched(device, name="Tắt", is_enabled=False)
    assert judged(device) == {}
    seen = Evidence(device.platform.value)
    found = evidence.record(device, evidence.Collected(device.id, clock.now(), seen), RULES)
    assert {one.result for one in found if one.rule in ("X01", "X04")} == {Result.NOT_APPLICABLE}


def test_a_page_with_a_wrong_status_has_shown_its_certificate_all_the_same() -> None:
    device = an_encoder()
    page = watched(device, kind=EndpointKind.HTTP, is_secure=True)
    seen = {"certificate": certificate(), "offers": MODERN, "status": 503}
    one = Reached(reaching.goal(page), 0.1, seen, Fault.UNEXPECTED, "status 503")
    reaching.record([one], clock.now())
    assert judged(device) == {"X01": Result.PASS, "X04": Result.PASS}


def test_an_endpoint_that_nobody_has_asked_is_unknown() -> None:
    device = an_encoder()
    watched(device)
    assert judged(device) == {"X01": Result.UNKNOWN, "X04": Result.UNKNOWN}


def test_what_fails_or_was_seen_too_long_ago_is_unknown_and_changes_no_violation() -> None:
    device = an_encoder()
    endpoint = watched(device)
    answered(endpoint, certificate=certificate(-1))
    assert judged(device)["X04"] is Result.FAIL
    failed(endpoint)
    assert judged(device)["X04"] is Result.UNKNOWN
    assert violations.find_open(device, "X04") is not None
    assert len(open_closures(device)) == 1
    answered(endpoint)
    assert judged(device)["X04"] is Result.PASS
    # Nobody asks it any more: the worker stands still, say.
    long_ago = clock.now() - timedelta(seconds=3 * 60) - timedelta(minutes=3)
    answered(endpoint, long_ago)
    assert judged(device)["X04"] is Result.UNKNOWN
