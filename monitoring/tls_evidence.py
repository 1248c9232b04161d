"""What rules may know of a device's secure endpoints: what each of them showed when it was asked.

An endpoint on another host says nothing of the device. What was seen too long ago is not known.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring.models import Device, Endpoint
from monitoring.probes.reached import EndpointKind
from monitoring.probes.tls import OUTDATED, VERSIONS
from monitoring.verdicts import CertificateShown, TlsShown

# One lost answer is weather; three intervals and a bit are not.
INTERVALS, SLACK = 3, timedelta(minutes=2)
# A page is asked each minute, and greeted with every version of TLS once an hour.
GREETED = timedelta(hours=1)

# What speaks TLS on the device itself and is watched, as a query joins it with the device.
SECURE = sa.and_(
    Endpoint.is_enabled,
    sa.or_(
        Endpoint.kind == EndpointKind.TLS,
        sa.and_(Endpoint.kind == EndpointKind.HTTP, Endpoint.is_secure),
    ),
    sa.or_(Endpoint.host.is_(None), Endpoint.host == Device.address),
)


def of(device: Device, at: datetime) -> tuple[TlsShown, ...]:
    """What is known of each secure endpoint of a device at a moment, by name."""
    return by_device([device.id], at).get(device.id, ())


def by_device(
    device_ids: sa.Select[tuple[int]] | list[int], at: datetime
) -> dict[int, tuple[TlsShown, ...]]:
    """The same of several devices with one query; those without such an endpoint are missing."""
    query = (
        sa.select(Endpoint)
        .join(Endpoint.device)
        .where(Endpoint.device_id.in_(device_ids), SECURE)
        .order_by(Endpoint.device_id, Endpoint.name, Endpoint.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, tuple[TlsShown, ...]] = {}
    for endpoint in db.session.scalars(query):
        earlier = found.get(endpoint.device_id, ())
        found[endpoint.device_id] = (*earlier, shown(endpoint, at))
    return found


def shown(endpoint: Endpoint, at: datetime) -> TlsShown:
    """What an endpoint showed, as far as it still counts at this moment."""
    if failure := _failure(endpoint, at):
        return TlsShown(endpoint.name, at, needs_trust=endpoint.needs_trust, failure=failure)
    return TlsShown(
        endpoint.name,
        at,
        _certificate(endpoint.facts["certificate"]),
        needs_trust=endpoint.needs_trust,
        offers=_offers(endpoint, at),
    )


def _failure(endpoint: Endpoint, at: datetime) -> str:
    """Why what was seen does not count; empty where it does."""
    seen_at = _instant(endpoint.facts.get("certificate_at"))
    if "certificate" in endpoint.facts and seen_at is None and not endpoint.fault:
        # Written before the moment was kept with it.
        seen_at = endpoint.last_probe_at
    if endpoint.fault and (seen_at is None or seen_at != endpoint.last_probe_at):
        return endpoint.failure or endpoint.fault
    if seen_at is None:
        return "it has not been asked yet"
    if not _is_fresh(seen_at, _interval(endpoint), at):
        return f"it was seen last on {seen_at:%Y-%m-%d %H:%M} UTC"
    return ""


def _interval(endpoint: Endpoint) -> timedelta:
    return timedelta(seconds=endpoint.interval_seconds)


def _is_fresh(seen_at: datetime, interval: timedelta, at: datetime) -> bool:
    return at - INTERVALS * interval - SLACK <= seen_at <= at + SLACK


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _certificate(facts: Mapping[str, Any]) -> CertificateShown:
    return CertificateShown(
        begins_at=datetime.fromisoformat(facts["begins_at"]),
        ends_at=datetime.fromisoformat(facts["ends_at"]),
        distrust=facts["trust"],
        is_named=facts["is_named"],
        # Old versions of TLS stand beside weak keys there; they are asked for by themselves.
        weak=tuple(each for each in facts["weak"] if each not in OUTDATED),
    )


def _offers(endpoint: Endpoint, at: datetime) -> dict[str, bool]:
    asked_at = _instant(endpoint.facts.get("offers_at"))
    if asked_at is None or not _is_fresh(asked_at, max(_interval(endpoint), GREETED), at):
        return {}
    return dict(endpoint.facts.get("offers") or {})


def wants_versions(endpoint: Endpoint, at: datetime) -> bool:
    """Whether a page is to be greeted with every version of TLS when it is asked now."""
    if endpoint.kind is not EndpointKind.HTTP or not endpoint.is_secure:
        return False
    asked_at = _instant(endpoint.facts.get("offers_at"))
    # What could not be told is asked again with the next page.
    is_partly = len(endpoint.facts.get("offers") or {}) < len(VERSIONS)
    return asked_at is None or is_partly or not at - GREETED < asked_at <= at + SLACK


def remembered(before: Mapping[str, Any], facts: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The facts of an answer with the moments they were seen, and the versions known from before.

    A certificate without versions is that of a page that was not greeted this time, or in vain.
    """
    if "certificate" not in facts:
        return facts
    offers = {name: before[name] for name in ("offers", "offers_at") if name in before}
    if facts.get("offers"):
        offers = {"offers": facts["offers"], "offers_at": at.isoformat()}
    certificate = dict(facts["certificate"])
    # An old version is told beside a weak key, of pages as of certificates.
    weak = [each for each in certificate["weak"] if each not in OUTDATED]
    weak += [name for name in OUTDATED if offers.get("offers", {}).get(name)]
    certificate["weak"] = weak
    return {**facts, **offers, "certificate": certificate, "certificate_at": at.isoformat()}
