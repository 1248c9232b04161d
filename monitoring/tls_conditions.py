"""What rules demand of secure endpoints, judged on what each of them showed last. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.rules import Result
from monitoring.tls_demand import VERSIONS, TlsDemand
from monitoring.verdicts import CertificateShown, Evidence, TlsShown, Verdict, all_, unseen

_NONE_LEFT = timedelta()


def tls(wanted: TlsDemand, evidence: Evidence) -> Verdict:
    """Every secure endpoint meets the demand; without one nothing is asked."""
    if evidence.tls is None:
        return unseen(evidence, "tls")
    return all_([_one(wanted, shown) for shown in evidence.tls])


def _one(wanted: TlsDemand, shown: TlsShown) -> Verdict:
    if shown.certificate is None:
        reason = shown.failure or "it has not been asked yet"
        return Verdict(Result.UNKNOWN, reason=f"nothing is known of {shown.endpoint}: {reason}")
    flaws = [*_of_certificate(wanted, shown, shown.certificate), *_of_versions(wanted, shown)]
    if flaws:
        return Verdict(Result.FAIL, tuple(f"{shown.endpoint}: {flaw}" for flaw in flaws))
    untold = [name for name in _too_old(wanted) if name not in shown.offers]
    if untold:
        reason = f"it is not known whether {shown.endpoint} offers {', '.join(untold)}"
        return Verdict(Result.UNKNOWN, reason=reason)
    return Verdict(Result.PASS, (f"{shown.endpoint}: {_told(shown, shown.certificate)}",))


def _of_certificate(
    wanted: TlsDemand, shown: TlsShown, certificate: CertificateShown
) -> Iterator[str]:
    if wanted.days_left is not None:
        yield from _dates(wanted.days_left, certificate, shown.at)
    if wanted.chain == "always" or (wanted.chain == "where_needed" and shown.needs_trust):
        if certificate.distrust:
            yield f"no authority vouches for the certificate: {certificate.distrust}"
        if not certificate.is_named:
            yield "the certificate does not name the host"
    if wanted.sound:
        yield from (f"the certificate is weak: {what}" for what in certificate.weak)


def _dates(days: int, certificate: CertificateShown, at: datetime) -> Iterator[str]:
    """What is wrong with the dates; of what has ended nobody asks when it began."""
    left, ends_on = certificate.ends_at - at, f"{certificate.ends_at:%Y-%m-%d}"
    if left <= _NONE_LEFT:
        yield f"the certificate ended on {ends_on}"
    elif certificate.begins_at > at:
        yield f"the certificate is not valid before {certificate.begins_at:%Y-%m-%d %H:%M} UTC"
    elif left <= timedelta(days=days):
        yield f"the certificate ends on {ends_on}, {_within(left.days)}"


def _within(days: int) -> str:
    if days == 0:
        return "within a day"
    return "in 1 day" if days == 1 else f"in {days} days"


def _of_versions(wanted: TlsDemand, shown: TlsShown) -> Iterator[str]:
    return (f"it offers {name}" for name in _too_old(wanted) if shown.offers.get(name))


def _too_old(wanted: TlsDemand) -> tuple[str, ...]:
    return VERSIONS[: VERSIONS.index(wanted.oldest)] if wanted.oldest else ()


def _told(shown: TlsShown, certificate: CertificateShown) -> str:
    ends = f"the certificate ends on {certificate.ends_at:%Y-%m-%d}"
    offered = ", ".join(name for name in VERSIONS if shown.offers.get(name))
    return f"{ends}; it offers {offered}" if offered else ends
