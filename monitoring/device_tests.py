"""Tests a device step by step on demand: each step is a row's, committed as soon as it is known.

Rows wait for a worker inside the device's site. A worker that is killed leaves the row unfinished,
and the next one begins it anew: asking a device twice harms nothing.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db, transaction
from monitoring import credentials, hostkeys
from monitoring.credentials import Keyring
from monitoring.errors import CredentialUnreadable, UnknownDeviceTest
from monitoring.models import Credential, Device, DeviceTest
from monitoring.probes import calls, snmp_steps, ssh_steps
from monitoring.probes.logins import Login, SnmpCommunity, SnmpUser, SshLogin
from monitoring.probes.outcomes import Target
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.steps import Finding, Stage, Step, Verdict
from rental import journal
from rental.models import Member

CONNECT_SECONDS = 3.0
SSH_SECONDS = 40.0
# What is kept of each device.
KEPT = 10


@dataclass(frozen=True, slots=True)
class Locked:
    """A credential that does not open with the keys of this installation."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a test needs of a device, its logins opened: keep it in a worker's memory only."""

    address: str
    snmp_port: int
    ssh_port: int
    platform: str
    snmp: Login | Locked | None
    ssh: Login | Locked | None
    host_key: PinnedKey | None
    is_legacy: bool = False


def ask(device: Device, *, by: Member | None) -> DeviceTest:
    """A test that waits for a worker; the one that goes on already, if there is one."""
    made = db.session.scalar(
        insert(DeviceTest)
        .values(device_id=device.id, asked_by_id=by.id if by else None, asked_at=clock.now())
        .on_conflict_do_nothing()
        .returning(DeviceTest.id)
    )
    if made is not None:
        journal.record(device, "test_asked", by=by, name=device.name)
        _forget_old(device)
    return db.session.scalars(_of(device).limit(1)).one()


def latest(device: Device) -> DeviceTest | None:
    """The newest test of a device, if there was one."""
    return db.session.scalar(_of(device).limit(1))


def get(device: Device, test_id: int) -> DeviceTest:
    """The device's test of this id; raises UnknownDeviceTest."""
    test = db.session.get(DeviceTest, test_id)
    if test is None or test.device_id != device.id:
        raise UnknownDeviceTest
    return test


def _of(device: Device) -> sa.Select[tuple[DeviceTest]]:
    return (
        sa.select(DeviceTest)
        .where(DeviceTest.device_id == device.id)
        .order_by(DeviceTest.finished_at.is_(None).desc(), DeviceTest.id.desc())
    )


def _forget_old(device: Device) -> None:
    kept = sa.select(DeviceTest.id).where(DeviceTest.device_id == device.id)
    kept = kept.order_by(DeviceTest.id.desc()).limit(KEPT)
    db.session.execute(
        sa.delete(DeviceTest).where(
            DeviceTest.device_id == device.id,
            DeviceTest.finished_at.is_not(None),
            DeviceTest.id.not_in(kept),
        )
    )


def run_waiting(site_id: int, keyring: Keyring) -> int:
    """Do the tests that wait at a site, one after another; how many were finished."""
    finished = 0
    while True:
        with transaction():
            waiting = db.session.scalar(
                sa.select(DeviceTest)
                .join(Device)
                .where(DeviceTest.finished_at.is_(None), Device.site_id == site_id)
                .order_by(DeviceTest.id)
                .limit(1)
            )
            if waiting is None:
                return finished
            test_id, asked = waiting.id, asked_of(waiting.device, keyring)
            waiting.steps = []
        try:
            for step in steps(asked):
                _keep(test_id, step)
        except Exception:
            # Ended, or it would be begun again for ever; the job fails and its log says why.
            _keep(test_id, Step(Stage.COMMAND, Verdict.FAILED, Finding.BROKE_OFF))
            raise
        finally:
            _finish(test_id)
        finished += 1


def _finish(test_id: int) -> None:
    with transaction():
        db.session.execute(
            sa.update(DeviceTest).where(DeviceTest.id == test_id).values(finished_at=clock.now())
        )


def _keep(test_id: int, step: Step) -> None:
    with transaction():
        test = db.session.get_one(DeviceTest, test_id)
        test.steps = [*test.steps, step.as_json()]
        if step.stage is Stage.HOST_KEY and step.finding in (Finding.KEY_NEW, Finding.KEY_CHANGED):
            # Now an operator can compare it and approve it on the page.
            hostkeys.note(test.device, step.facts["algorithm"], step.facts["key"])


def asked_of(device: Device, keyring: Keyring) -> Asked:
    """The device as a test wants it; decrypts its logins, so call it in a worker only."""
    pinned = hostkeys.pinned(device)
    return Asked(
        address=device.address,
        snmp_port=device.snmp_port,
        ssh_port=device.ssh_port,
        platform=device.platform.value,
        snmp=_opened(device.snmp_credential, keyring),
        ssh=_opened(device.ssh_credential, keyring),
        host_key=PinnedKey(pinned.algorithm, pinned.key) if pinned else None,
        is_legacy=device.needs_legacy_ssh,
    )


def _opened(credential: Credential | None, keyring: Keyring) -> Login | Locked | None:
    if credential is None:
        return None
    try:
        return credentials.open_(credential, keyring)
    except CredentialUnreadable as wrong:
        return Locked(credential.name, wrong.message)


def steps(asked: Asked) -> Iterator[Step]:
    """Every step, in order; SSH is tried whatever SNMP came to, for they fail apart."""
    yield _address(asked)
    if isinstance(asked.snmp, SnmpCommunity | SnmpUser):
        target = Target(asked.address, asked.snmp_port, asked.snmp, tries=2)
        yield from snmp_steps.steps(target)
    else:
        yield _without(Stage.SNMP, asked.snmp)
    read = partial(calls.read_host_key, is_legacy=asked.is_legacy)
    step, shown = ssh_steps.host_key(asked.address, asked.ssh_port, asked.host_key, read)
    yield step
    if shown is None or step.verdict is not Verdict.PASSED:
        # No password goes to a host that nobody has vouched for.
        return
    if isinstance(asked.ssh, SshLogin):
        yield from calls.try_login(
            SshTarget(
                asked.address,
                asked.ssh,
                shown,
                asked.platform,
                asked.ssh_port,
                SSH_SECONDS,
                is_legacy=asked.is_legacy,
            )
        )
    else:
        yield _without(Stage.LOGIN, asked.ssh)


def _without(stage: Stage, login: Login | Locked | None) -> Step:
    if isinstance(login, Locked):
        facts = {"credential": login.name, "told": login.message}
        return Step(stage, Verdict.FAILED, Finding.CREDENTIAL_LOCKED, 0, facts)
    return Step(stage, Verdict.SKIPPED, Finding.NO_CREDENTIAL)


def _address(asked: Asked) -> Step:
    """A hint only: a worker without rights cannot ping, but a refusal is a sign of life too."""
    began = time.monotonic()
    verdict, finding = Verdict.PASSED, Finding.TCP_OPEN
    facts = {"address": asked.address, "port": str(asked.ssh_port)}
    try:
        socket.create_connection((asked.address, asked.ssh_port), CONNECT_SECONDS).close()
    except ConnectionRefusedError:
        finding = Finding.TCP_CLOSED
    except TimeoutError:
        verdict, finding = Verdict.DOUBTFUL, Finding.TCP_SILENT
    except OSError as wrong:
        verdict, finding = Verdict.FAILED, Finding.NO_ROUTE
        facts["told"] = wrong.strerror or str(wrong)
    return Step(Stage.ADDRESS, verdict, finding, time.monotonic() - began, facts)
