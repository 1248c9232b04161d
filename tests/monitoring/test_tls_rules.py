"""Rules about TLS, judged by rounds of endpoints on devices that nobody signs in to."""

import ssl
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import (
    endpoints,
    enforcement,
    evidence,
    policy,
    reaching,
    tls_rules,
    violations,
)
from monitoring.endpoints import NewEndpoint
from monitoring.models import (
    Device,
    Violation,
    ViolationStatus,
)
from monitoring.policy import Evidence
from monitoring.probes.reached import EndpointKind, Rules
from monitoring.rules import Result
from tests import build
from tests.monitoring.endpoint_servers import DAY, Authority, saying, served
from tests.monitoring.policy_world import KEYRING, open_closures
from tests.monitoring.tls_world import (
    PAGE,
    RULES,
    Worn,
    an_encoder,
    an_hour_passes,
    answered,
    certificate,
    judged,
    kept,
    lines,
    watched,
)

pytestmark = pytest.mark.usefixtures("house")


def a_round(device: Device, rules: Rules) -> dict[str, Result]:
    """One round of endpoints as the worker makes it, and what the rules about TLS find then."""
    endpoints.ask_now(endpoints.of(device)[0])
    began = clock.now()
    db.session.commit()
    assert reaching.reach_site(device.site_id, rules).asked == 1
    tls_rules.judge_site(device.site_id, RULES, since=began)
    return kept(device)


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=[EndpointKind.TLS, EndpointKind.HTTP])
def kind(request: pytest.FixtureRequest) -> EndpointKind:
    return request.param


def test_a_device_is_closed_for_its_certificate_and_reopened_when_it_is_renewed(
    authority: Authority, kind: EndpointKind
) -> None:
    worn = Worn(authority.server("127.0.0.1"))
    device = an_encoder()
    round_ = partial(a_round, device, Rules(allows_own=True, authorities=authority.pem))
    with served(saying(PAGE), worn) as port:
        watched(device, port, kind=kind, is_secure=True, timeout_seconds=10)
        assert round_() == {"X01": Result.PASS, "X04": Result.PASS}

        worn.context = authority.server("127.0.0.1", 9 * DAY)
        assert round_() == {"X01": Result.FAIL, "X04": Result.PASS}
        [line] = lines(device, "X01")
        assert line.startswith("Web: the certificate ends on ")
        assert line.endswith(", in 8 days")
        # Nobody loses a line for a certificate that still holds.
        assert open_closures(device) == []

        worn.context = authority.server("127.0.0.1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            worn.context.minimum_version = ssl.TLSVersion.TLSv1
        assert round_() == {"X01": Result.PASS, "X04": Result.FAIL}
        assert lines(device, "X04") == ["Web: it offers TLSv1", "Web: it offers TLSv1.1"]
        violation = violations.find_open(device, "X04")
        assert violation is not None
        [closure] = open_closures(device)
        assert closure.cause == violation.cause

        worn.context = authority.server("127.0.0.1")
        assert round_() == {"X01": Result.PASS, "X04": Result.PASS}
    assert open_closures(device) == []
    assert violations.all_(device=device) == []


@pytest.mark.parametrize(
    ("made", "line"),
    [
        ({"left": -DAY}, "the certificate ended on "),
        ({"is_signed": False}, "no authority vouches for the certificate: self-signed certificate"),
        ({"name": "other.example.com"}, "the certificate does not name the host"),
        ({"bits": 1024}, "the certificate is weak: RSA 1024"),
    ],
)
def test_what_is_broken_today_closes(authority: Authority, made: dict[str, Any], line: str) -> None:
    device = an_encoder()
    context = authority.server(**{"name": "127.0.0.1", **made})
    with served(saying(PAGE), context) as port:
        watched(device, port, timeout_seconds=10)
        db.session.commit()
        reaching.reach_site(device.site_id, Rules(allows_own=True, authorities=authority.pem))
    assert judged(device)["X04"] is Result.FAIL
    assert any(one.startswith(f"Web: {line}") for one in lines(device, "X04"))
    assert len(open_closures(device)) == 1


def test_a_certificate_of_its_own_is_taken_where_no_authority_is_needed(
    authority: Authority,
) -> None:
    device = an_encoder()
    with served(saying(PAGE), authority.server("own.example", is_signed=False)) as port:
        watched(device, port, timeout_seconds=10, needs_trust=False)
        db.session.commit()
        reaching.reach_site(device.site_id, Rules(allows_own=True))
    assert judged(device) == {"X01": Result.PASS, "X04": Result.PASS}


def test_a_collection_judges_endpoints_too() -> None:
    device = an_encoder()
    answered(watched(device), certificate=certificate(9))
    seen = evidence.Collected(device.id, clock.now(), Evidence("generic"))
    evidence.record(device, seen, RULES)
    assert (kept(device)["X01"], kept(device)["X04"]) == (Result.FAIL, Result.PASS)


def test_an_endpoint_described_anew_is_unknown_and_one_taken_away_is_not_asked_about() -> None:
    device = an_encoder()
    endpoint = watched(device)
    answered(endpoint, certificate=certificate(-1))
    assert judged(device)["X04"] is Result.FAIL
    endpoints.change(endpoint, NewEndpoint("Web", EndpointKind.TLS, 8443), by=None)
    assert judged(device)["X04"] is Result.UNKNOWN
    assert len(open_closures(device)) == 1
    endpoints.remove(endpoint, by=None)
    assert judged(device)["X04"] is Result.NOT_APPLICABLE
    assert open_closures(device) == []
    db.session.commit()
    assert tls_rules.judge_site(device.site_id, RULES) == 0


def test_only_who_says_something_new_is_judged_again_within_the_hour() -> None:
    device = an_encoder()
    endpoint = watched(device)
    answered(endpoint)
    judged(device)
    answered(endpoint)
    db.session.commit()
    assert tls_rules.judge_site(device.site_id, RULES) == 0
    # What still holds only has its time moved on.
    an_hour_passes()
    assert tls_rules.judge_site(device.site_id, RULES, since=clock.now()) == 0
    assert min(row.at for row in evidence.findings(device)) > clock.now() - timedelta(minutes=1)
    # Nobody has asked it since: what was good is unknown within the hour.
    answered(endpoint, clock.now() - timedelta(minutes=10))
    an_hour_passes()
    assert tls_rules.judge_site(device.site_id, RULES, since=clock.now()) == 1
    assert kept(device)["X01"] is Result.UNKNOWN
    answered(endpoint, certificate=certificate(9))
    db.session.commit()
    # An answer of before the round was judged by that round.
    assert tls_rules.judge_site(device.site_id, RULES, since=clock.now()) == 0
    assert tls_rules.judge_site(device.site_id, RULES) == 1


def test_a_waiver_is_not_judged_anew_each_round_and_a_pass_ends_it() -> None:
    device, desk = an_encoder(), build.desk()
    endpoint = watched(device)
    answered(endpoint, certificate=certificate(-1))
    judged(device)
    violation = violations.find_open(device, "X04")
    assert violation is not None
    violations.waive(violation, by=desk, reason="thiết bị đi thuê", until=clock.now() + DAY)
    enforcement.settle(device)
    an_hour_passes()
    assert judged(device)["X04"] is Result.WAIVED
    assert open_closures(device) == []
    assert tls_rules.judge_site(device.site_id, RULES) == 0
    answered(endpoint)
    assert judged(device)["X04"] is Result.PASS
    db.session.refresh(violation)
    assert violation.status is ViolationStatus.RESOLVED


def test_a_site_of_many_devices_is_asked_three_questions() -> None:
    site = build.a_site()
    for _ in range(30):
        answered(watched(an_encoder(site=site, resource=None)))
    db.session.commit()
    assert tls_rules.judge_site(site.id, RULES) == 30
    site_id, asked = site.id, []

    def note(*given: Any) -> None:
        asked.append(given[2])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        with transaction():
            found = tls_rules.due(site_id, tls_rules.asking(RULES), clock.now())
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert (found, len(asked)) == (tls_rules.Due((), ()), 3)


def test_rules_that_look_at_more_than_tls_wait_for_a_collection() -> None:
    alone = {rule.id for rule in tls_rules.asking(RULES)}
    assert alone == {"X01", "X04"}
    [mixed] = [rule for rule in RULES if rule.id == "X04"]
    also = mixed.model_copy(update={"when": RULES[0].condition})
    assert tls_rules.asking([also]) == []


def test_two_rounds_at_once_open_one_violation_and_one_closure(house: Any) -> None:
    device = an_encoder()
    answered(watched(device), certificate=certificate(-1))
    site_id, device_id = device.site_id, device.id
    db.session.commit()
    together = threading.Barrier(3)

    def judge() -> None:
        with house.app_context():
            together.wait(10)
            tls_rules.judge_site(site_id, RULES)

    with ThreadPoolExecutor(3) as pool:
        for deed in [pool.submit(judge) for _ in range(3)]:
            deed.result(30)
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Violation).where(Violation.device_id == device_id)).all()
    assert sorted(row.rule for row in rows) == ["X01", "X04"]
    assert len(open_closures(device)) == 1


def test_a_round_that_was_killed_half_way_is_made_up_by_the_next() -> None:
    device = an_encoder()
    answered(watched(device), certificate=certificate(-1))
    db.session.commit()
    tls_rules.record(device, clock.now(), RULES)
    db.session.rollback()
    assert kept(device) == {}
    assert judged(device)["X04"] is Result.FAIL
    assert len(open_closures(device)) == 1


def test_a_rule_taken_away_ends_on_devices_that_nobody_signs_in_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = an_encoder()
    answered(watched(device), certificate=certificate(-1))
    assert judged(device)["X04"] is Result.FAIL
    db.session.commit()
    evidence.collect_site(device.site_id, KEYRING)
    assert len(open_closures(device)) == 1
    monkeypatch.setattr(policy, "load", lambda: [rule for rule in RULES if rule.id != "X04"])
    evidence.collect_site(device.site_id, KEYRING)
    assert kept(device) == {"X01": Result.FAIL}
    assert open_closures(device) == []
