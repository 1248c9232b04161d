"""Has the login that a device left the factory with tried on its web page: when asked, and once.

A wrong login may lock an account, so nothing is tried by schedule, during an event, or twice within
a day; and what was sent before a worker died is not sent again.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db, transaction
from monitoring import enforcement, evidence, exposure, factory_list, login_evidence, reaching
from monitoring.errors import BadEndpoint, FactoryLoginRecent, FactoryLoginUnknown, InUse
from monitoring.models import Device, Endpoint, FactoryTry, TryResult
from monitoring.policy import Evidence, Rule
from monitoring.probes import factory
from monitoring.probes.factory import Attempt
from monitoring.probes.reached import EndpointKind, Rules
from monitoring.rules import Source
from rental import journal
from rental.models import Member

PAUSE = timedelta(days=1)


def ask(endpoint: Endpoint, *, by: Member | None) -> FactoryTry:
    """An attempt that waits for a worker; the one that waits already, if there is one.

    Raises BadEndpoint for what is no web page of the device itself, FactoryLoginUnknown where the
    maker is none of `config/logins`, FactoryLoginRecent within a day of the last attempt, and InUse
    while an event uses the device.
    """
    # One writer an endpoint: two who press at once have one attempt.
    db.session.execute(sa.select(Endpoint.id).where(Endpoint.id == endpoint.id).with_for_update())
    last = latest(endpoint)
    if last is not None and last.tried_at is None:
        return last
    if endpoint.kind is not EndpointKind.HTTP or endpoint.host is not None:
        raise BadEndpoint("A factory login is tried on a web page of the device itself.")
    login = factory_list.of_vendor(endpoint.device.vendor)
    if login is None:
        raise FactoryLoginUnknown
    now = clock.now()
    if last is not None and last.tried_at is not None and now - last.tried_at < PAUSE:
        raise FactoryLoginRecent
    if endpoint.device_id in exposure.live_uses(now):
        raise InUse
    made = FactoryTry(
        endpoint_id=endpoint.id,
        vendor=login.vendor,
        username=login.user,
        asked_at=now,
        asked_by_id=by.id if by else None,
    )
    db.session.add(made)
    db.session.flush()
    journal.record(
        endpoint.device, "factory_login_asked", by=by, name=endpoint.name, user=login.user
    )
    return made


def latest(endpoint: Endpoint) -> FactoryTry | None:
    """The newest attempt on an endpoint."""
    return db.session.scalar(
        sa.select(FactoryTry)
        .where(FactoryTry.endpoint_id == endpoint.id)
        .order_by(FactoryTry.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def run_waiting(site_id: int, allowed: Rules, policies: Sequence[Rule]) -> int:
    """Make the attempts that wait at a site and judge what they mean; how many. An edge."""
    made = 0
    with transaction():
        waiting = db.session.scalars(
            sa.select(FactoryTry.id)
            .join(FactoryTry.endpoint)
            .join(Endpoint.device)
            .where(FactoryTry.tried_at.is_(None), Device.site_id == site_id, Device.is_enabled)
            .order_by(FactoryTry.id)
        ).all()
    for number in waiting:
        made += _run(number, allowed, policies)
    return made


def _run(number: int, allowed: Rules, policies: Sequence[Rule]) -> bool:
    with transaction():
        row = db.session.scalar(
            sa.select(FactoryTry)
            .where(FactoryTry.id == number, FactoryTry.tried_at.is_(None))
            .options(joinedload(FactoryTry.endpoint).joinedload(Endpoint.device))
            .with_for_update(of=FactoryTry, skip_locked=True)
        )
        if row is None or row.endpoint.device_id in exposure.live_uses(clock.now()):
            # Another worker has it; or an event began meanwhile, and it waits for its end.
            return False
        goal, device_id = reaching.goal(row.endpoint), row.endpoint.device_id
        login = factory_list.of_vendor(row.endpoint.device.vendor)
        # From here on it counts as tried, whatever becomes of this worker.
        row.tried_at = clock.now()
    if login is None:
        found = Attempt("unclear", "its maker has no factory login on record any more")
    else:
        found = asyncio.run(factory.attempt(goal, login.user, login.password, allowed))
    with transaction():
        _keep(number, found)
        device = db.session.get(Device, device_id)
        if device is not None:
            judge(device, policies)
    return True


def _keep(number: int, found: Attempt) -> None:
    db.session.execute(
        sa.update(FactoryTry)
        .where(FactoryTry.id == number)
        .values(result=TryResult(found.result), told=found.told or None)
    )


def judge(device: Device, policies: Sequence[Rule]) -> None:
    """What the rules about factory logins find on a device now, and what follows from it."""
    # One writer a device, as with every other evidence.
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    at = clock.now()
    asked = [rule for rule in policies if rule.evidence is Source.LOGIN]
    seen = Evidence(device.platform.value, logins=login_evidence.of(device, at))
    evidence.judge(device, evidence.speaking_of(device, asked), seen, at)
    enforcement.settle(device, at=at)
