"""What a rule demands of TLS, against what endpoints showed: the worst of them decides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from monitoring import conditions
from monitoring.probes import tls
from monitoring.rules import Condition, Result
from monitoring.tls_demand import VERSIONS
from monitoring.verdicts import CertificateShown, Evidence, TlsShown

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
MODERN = {"TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True}


def certificate(days: float = 90, **over: Any) -> CertificateShown:
    begins_at = over.pop("begins_at", NOW - timedelta(days=30))
    return CertificateShown(begins_at, NOW + timedelta(days=days), **over)


def shown(days: float = 90, *, endpoint: str = "Web 443", **over: Any) -> TlsShown:
    of_endpoint = {k: over.pop(k) for k in ("needs_trust", "offers") if k in over}
    return TlsShown(endpoint, NOW, certificate(days, **over), **{"offers": MODERN, **of_endpoint})


def judged(demand: dict[str, Any], *endpoints: TlsShown) -> tuple[Result, tuple[str, ...], str]:
    condition = Condition.model_validate({"tls": demand})
    found = conditions.judge(condition, Evidence("generic", tls=endpoints))
    return found.result, found.lines, found.reason


@pytest.mark.parametrize(
    ("days", "begins_in", "line"),
    [
        (-1, -90, "the certificate ended on 2026-11-26"),
        (0, -90, "the certificate ended on 2026-11-27"),  # the end is no part of it
        (0.5, -90, "the certificate ends on 2026-11-27, within a day"),
        (1, -90, "the certificate ends on 2026-11-28, in 1 day"),
        (14.2, -90, "the certificate ends on 2026-12-11, in 14 days"),
        (30, -90, "the certificate ends on 2026-12-27, in 30 days"),  # not more than thirty
        (365, 1, "the certificate is not valid before 2026-11-28 09:00 UTC"),
        (30.1, -90, None),
    ],
)
def test_days_are_counted_to_the_moment(days: float, begins_in: float, line: str | None) -> None:
    one = shown(days, begins_at=NOW + timedelta(days=begins_in))
    result, lines, _ = judged({"days_left": 30}, one)
    assert (result, lines) == (
        (Result.FAIL, (f"Web 443: {line}",))
        if line
        else (
            Result.PASS,
            ("Web 443: the certificate ends on 2026-12-27; it offers TLSv1.2, TLSv1.3",),
        )
    )


OWN = {"distrust": "self-signed certificate", "is_named": False}


@pytest.mark.parametrize(
    ("demand", "seen", "expected"),
    [
        ("where_needed", {**OWN, "needs_trust": False}, Result.PASS),
        ("where_needed", OWN, Result.FAIL),
        ("always", {**OWN, "needs_trust": False}, Result.FAIL),
        ("where_needed", {"is_named": False}, Result.FAIL),  # the right chain for another name
        ("where_needed", {"distrust": "unable to get local issuer certificate"}, Result.FAIL),
        ("always", {}, Result.PASS),
    ],
)
def test_a_certificate_of_its_own_is_exempted_where_no_authority_is_needed(
    demand: str, seen: dict[str, Any], expected: Result
) -> None:
    assert judged({"chain": demand}, shown(**seen))[0] is expected


@pytest.mark.parametrize(
    ("oldest", "offers", "expected"),
    [
        ("TLSv1.2", MODERN, Result.PASS),
        ("TLSv1.3", MODERN, Result.FAIL),
        ("TLSv1.2", {**MODERN, "TLSv1": True}, Result.FAIL),
        ("TLSv1.2", {"TLSv1.3": True, "TLSv1": False}, Result.UNKNOWN),
        ("TLSv1.2", {"TLSv1.1": True}, Result.FAIL),  # one is enough, whatever is untold
        ("TLSv1.2", {}, Result.UNKNOWN),
        ("TLSv1.2", {"TLSv1": False, "TLSv1.1": False}, Result.PASS),
    ],
)
def test_what_was_not_told_of_versions_has_not_passed(
    oldest: str, offers: dict[str, bool], expected: Result
) -> None:
    assert judged({"oldest": oldest}, shown(offers=offers))[0] is expected


def test_a_weak_key_is_named() -> None:
    result, lines, _ = judged({"sound": True}, shown(weak=("RSA 1024", "sha1")))
    assert result is Result.FAIL
    assert lines == (
        "Web 443: the certificate is weak: RSA 1024",
        "Web 443: the certificate is weak: sha1",
    )


def test_the_worst_endpoint_decides_and_all_that_speaks_for_it_is_shown() -> None:
    silent = TlsShown("Cổng", NOW, failure="no answer within 5 s")
    bad, worse = shown(3, endpoint="API"), shown(-3, endpoint="Web")
    assert judged({"days_left": 7}, shown(), silent, bad, worse) == (
        Result.FAIL,
        (
            "API: the certificate ends on 2026-11-30, in 3 days",
            "Web: the certificate ended on 2026-11-24",
        ),
        "",
    )
    assert judged({"days_left": 7}, shown(), silent) == (
        Result.UNKNOWN,
        (),
        "nothing is known of Cổng: no answer within 5 s",
    )


def test_nothing_is_asked_of_a_device_without_and_nothing_passes_unseen() -> None:
    assert judged({"days_left": 7})[0] is Result.NOT_APPLICABLE
    condition = Condition.model_validate({"tls": {"days_left": 7}})
    assert conditions.judge(condition, Evidence("generic")).result is Result.UNKNOWN


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"days_left": -1},
        {"days_left": 4000},
        {"oldest": "TLSv1"},
        {"sound": False},
        {"chain": "sometimes"},
        {"days": 30},
    ],
    ids=str,
)
def test_a_demand_that_demands_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate({"tls": wrong})


def test_rules_and_probes_speak_of_the_same_versions() -> None:
    assert tuple(tls.VERSIONS) == VERSIONS
