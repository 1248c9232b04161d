"""Endpoints as kept: described, asked in rounds, their problems opened and cleared."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import endpoint_rules, endpoints, problems, reaching
from monitoring.endpoint_rules import Flaw
from monitoring.endpoints import NewEndpoint
from monitoring.errors import BadEndpoint, EndpointExists
from monitoring.models import DeviceStatus, Endpoint, EndpointStatus, Problem
from monitoring.probes.reached import EndpointKind, Fault, Reached, Rules
from monitoring.rules import Severity
from tests.monitoring.endpoint_servers import DAY, Authority, saying, served, silent
from tests.monitoring.policy_world import a_switch, free_port

NOW = clock.now().replace(microsecond=0)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def an_endpoint(device=None, **over) -> Endpoint:
    given = {"name": "Trang", "kind": EndpointKind.HTTP, "port": 80, **over}
    device = device or a_switch(address="127.0.0.1", status=DeviceStatus.UP)
    return endpoints.add(device, NewEndpoint(**given), by=None)


def found(endpoint: Endpoint, *, fault=None, seconds=0.02, facts=None) -> Reached:
    sentence = "it was silent" if fault else ""
    return Reached(reaching.goal(endpoint), seconds, facts or {}, fault, sentence)


def told(endpoint: Endpoint, answers: str) -> None:
    """Record probes, one a letter: `.` answered, `s` slowly, `x` not."""
    for number, letter in enumerate(answers):
        one = found(
            endpoint,
            fault=Fault.TIMEOUT if letter == "x" else None,
            seconds=2.0 if letter == "s" else 0.02,
        )
        reaching.record([one], NOW + timedelta(minutes=number))


def open_problems() -> list[tuple[str, str, Severity]]:
    rows = db.session.scalars(sa.select(Problem).where(Problem.cleared_at.is_(None)))
    return sorted((row.kind, row.subject, row.severity) for row in rows)


@pytest.mark.parametrize(
    ("answers", "status", "expected"),
    [
        (".", EndpointStatus.UP, []),
        ("x", EndpointStatus.UNKNOWN, []),
        (".xx", EndpointStatus.UP, []),
        (".xxx", EndpointStatus.DOWN, [("endpoint", "Trang", Severity.HIGH)]),
        (".xxx.", EndpointStatus.DOWN, [("endpoint", "Trang", Severity.HIGH)]),
        (".xxx..", EndpointStatus.UP, []),
        (".sss", EndpointStatus.SLOW, [("endpoint", "Trang", Severity.MEDIUM)]),
        (".x.x.x.x", EndpointStatus.UP, []),
    ],
)
def test_some_faults_open_a_problem_and_some_answers_end_it(house, answers, status, expected):
    endpoint = an_endpoint(slow_ms=1000)
    told(endpoint, answers)
    assert endpoint.status is status
    assert open_problems() == expected


def test_a_device_that_is_down_has_its_outage_and_no_problem_more(house):
    device = a_switch(status=DeviceStatus.DOWN)
    told(an_endpoint(device), "xxxx")
    assert open_problems() == []
    # What is asked elsewhere is not the device's.
    told(an_endpoint(device, name="Nền tảng", host="live.example.com"), "xxxx")
    assert open_problems() == [("endpoint", "Nền tảng", Severity.HIGH)]


def test_an_answer_to_what_was_changed_meanwhile_counts_for_nothing(house):
    endpoint = an_endpoint()
    late = found(endpoint, fault=Fault.REFUSED)
    endpoints.change(endpoint, NewEndpoint("Trang", EndpointKind.HTTP, 8080), by=None)
    reaching.record([late], NOW)
    assert (endpoint.status, endpoint.recent) == (EndpointStatus.UNKNOWN, [])


def test_removing_ends_its_problems(house):
    endpoint = an_endpoint()
    told(endpoint, ".xxx")
    endpoints.remove(endpoint, by=None)
    assert open_problems() == []
    assert problems.open_all() == []


WRONG = [
    {"name": ""},
    {"name": "x" * 121},
    {"name": "a\x00b"},
    {"port": 0},
    {"port": 70_000},
    {"host": "a b"},
    {"host": "-x.example"},
    {"host": "0.0.0.0"},
    {"host": "224.0.0.1"},
    {"host": "999.1"},
    {"path": "a b"},
    {"path": "/x\r\nHost: evil"},
    {"interval_seconds": 5},
    {"timeout_seconds": 0.1},
    {"timeout_seconds": 31.0},
    {"interval_seconds": 15, "timeout_seconds": 20.0},
    {"expected_status": 42},
    {"expected_word": "x" * 201},
    {"slow_ms": 0},
    {"fire_count": 4, "fire_of": 3},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_asked_is_refused(house, wrong):
    with pytest.raises(BadEndpoint):
        an_endpoint(**wrong)
    assert db.session.scalars(sa.select(Endpoint)).all() == []


def test_a_name_is_used_once_on_a_device(house):
    first = an_endpoint()
    with pytest.raises(EndpointExists):
        an_endpoint(first.device)
    assert an_endpoint(a_switch()).name == "Trang"


@pytest.mark.parametrize(
    ("days", "shown", "flaws", "severity"),
    [
        (90, {}, (), Severity.LOW),
        (29, {}, (Flaw.EXPIRES_SOON,), Severity.MEDIUM),
        (6, {}, (Flaw.EXPIRES_SOON,), Severity.HIGH),
        (-1, {}, (Flaw.EXPIRED,), Severity.HIGH),
        (90, {"is_named": False}, (Flaw.WRONG_NAME,), Severity.HIGH),
        (90, {"trust": "self-signed"}, (Flaw.UNTRUSTED,), Severity.HIGH),
        (90, {"weak": ["TLS 1.0"]}, (Flaw.WEAK,), Severity.MEDIUM),
    ],
)
def test_a_certificate_is_judged(days, shown, flaws, severity):
    certificate = {
        "begins_at": (NOW - timedelta(days=200)).isoformat(),
        "ends_at": (NOW + timedelta(days=days)).isoformat(),
        "is_named": True, "trust": "", "weak": [], **shown,
    }  # fmt: skip
    verdict = endpoint_rules.judge(certificate, NOW, needs_trust=True)
    assert (verdict.flaws, verdict.severity) == (flaws, severity)
    own = endpoint_rules.judge(certificate, NOW, needs_trust=False)
    assert Flaw.UNTRUSTED not in own.flaws


def test_a_round_asks_real_servers_and_keeps_their_certificates(house, tmp_path):
    authority = Authority(tmp_path)
    context = authority.server("127.0.0.1", 9 * DAY)
    with served(saying(PAGE), context) as secure, served(silent) as mute:
        device = a_switch(address="127.0.0.1", status=DeviceStatus.UP)
        an_endpoint(device, name="Bảo mật", port=secure, is_secure=True, interval_seconds=15)
        an_endpoint(device, name="Im lặng", port=mute, timeout_seconds=0.5)
        an_endpoint(device, name="Đóng", kind=EndpointKind.TCP, port=free_port(),
                    expects_open=False)  # fmt: skip
        site_id = device.site_id
        db.session.commit()
        rules = Rules(allows_own=True, authorities=authority.pem)
        first = reaching.reach_site(site_id, rules)
        assert (first.asked, first.faults) == (3, 1)
        # Nothing is due again at once.
        assert reaching.reach_site(site_id, rules).asked == 0
    db.session.expire_all()
    (kept,) = endpoints.with_certificates()
    assert kept.name == "Bảo mật"
    assert ("certificate", "Bảo mật", Severity.MEDIUM) in open_problems()


def test_the_machine_itself_is_not_asked_unless_allowed(house):
    with served(saying(PAGE)) as port:
        endpoint = an_endpoint(port=port)
        site_id = endpoint.device.site_id
        db.session.commit()
        reaching.reach_site(site_id)
    db.session.expire_all()
    assert endpoints.get(endpoint.id).fault == "forbidden"


def test_who_asks_a_site_asks_it_alone(house):
    endpoint = an_endpoint()
    site_id = endpoint.device.site_id
    db.session.commit()
    with db.engine.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_lock(reaching.REACH_LOCK, site_id)))
        assert reaching.reach_site(site_id).asked == 0
        other.execute(sa.select(sa.func.pg_advisory_unlock(reaching.REACH_LOCK, site_id)))
    with transaction():
        assert [goal.endpoint_id for goal in reaching.due(site_id, clock.now())] == [endpoint.id]
