"""Whom to ask over SSH: address, login, the key that must be shown, and which way."""

from dataclasses import dataclass

from monitoring import credentials, hostkeys
from monitoring.credentials import Keyring
from monitoring.errors import CredentialUnreadable
from monitoring.models import Device
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget


@dataclass(frozen=True, slots=True)
class Asked:
    """One device to ask: where, with which login, and which key it must show."""

    device_id: int
    name: str
    platform: str
    address: str
    port: int
    login: SshLogin | Failure
    host_key: PinnedKey | None
    snmp_port: int = 161
    seconds: float = 60.0
    is_legacy: bool = False

    def target(self) -> SshTarget | Failure:
        """The device as a probe wants it, or why no login is to be sent to it."""
        if self.host_key is None:
            return Failure(FailureKind.HOST_KEY_UNAPPROVED, "nobody has approved its host key yet")
        if isinstance(self.login, Failure):
            return self.login
        return SshTarget(
            self.address,
            self.login,
            self.host_key,
            platform=self.platform,
            port=self.port,
            seconds=self.seconds,
            is_legacy=self.is_legacy,
        )


def asked(device: Device, keyring: Keyring, *, seconds: float = 60.0) -> Asked:
    """The device as probes want it; decrypts its login, so call it in a worker only."""
    key = hostkeys.pinned(device)
    return Asked(
        device_id=device.id,
        name=device.name,
        platform=device.platform.value,
        address=device.address,
        port=device.ssh_port,
        login=_opened(device, keyring),
        host_key=PinnedKey(key.algorithm, key.key) if key else None,
        snmp_port=device.snmp_port,
        seconds=seconds,
        is_legacy=device.needs_legacy_ssh,
    )


def _opened(device: Device, keyring: Keyring) -> SshLogin | Failure:
    if device.ssh_credential is None:
        return Failure(FailureKind.AUTHENTICATION, "no SSH login is on record")
    try:
        login = credentials.open_(device.ssh_credential, keyring)
    except CredentialUnreadable as wrong:
        return Failure(FailureKind.AUTHENTICATION, wrong.message)
    if not isinstance(login, SshLogin):
        return Failure(FailureKind.AUTHENTICATION, "the credential is not an SSH login")
    return login
