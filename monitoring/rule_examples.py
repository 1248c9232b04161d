"""Examples beside the rules: what a device shows, and what the rule must say of it.

They lie in `examples/` beneath the folder of the rules, so that reading the rules stays quick.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitoring import policy
from monitoring.conditions import Evidence, evidence_from, read_config
from monitoring.linux_evidence import Listener
from monitoring.linux_upkeep import Upkeep
from monitoring.rules import Result, Rule
from monitoring.tls_demand import VERSIONS
from monitoring.verdicts import CertificateShown, LoginTried, PortTraffic, TlsShown

FOLDER = "examples"
# The moment at which examples are judged.
_NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
Version = Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Port(_Strict):
    """A TCP port that a host listens on, and the address it listens at."""

    port: Annotated[int, Field(ge=1, le=65535)]
    address: str = "0.0.0.0"  # noqa: S104  # what a host says of itself


class HostKey(_Strict):
    """The key a device shows: its algorithm, its length, and whether it is the approved one."""

    algorithm: str = "ssh-ed25519"
    bits: int = 256
    approved: bool = True


class Carries(_Strict):
    """A port of a circuit: how much it carries that nobody booked, and whether that is known."""

    port: str
    unbooked_mbps: Annotated[float, Field(ge=0)] = 0
    measured: bool = True


class Secure(_Strict):
    """A secure endpoint and what it showed: `ends_in` and `began_ago` are days, from now."""

    endpoint: str = "Web"
    ends_in: float = 90
    began_ago: float = 30
    # Why no authority vouches for the certificate; empty where one does.
    distrust: str = ""
    named: bool = True
    # Whether it is marked as the device's own certificate.
    own: bool = False
    weak: tuple[str, ...] = ()
    # Which versions of TLS are offered; of those in `untold` nobody knows, the others are refused.
    offers: tuple[Version, ...] = ("TLSv1.2", "TLSv1.3")
    untold: tuple[Version, ...] = ()
    # Why nothing was seen lately.
    failure: str = ""


class Tried(_Strict):
    """A factory login that was tried so many days ago, and what became of it."""

    result: Literal["refused", "accepted", "unclear"]
    endpoint: str = "Web"
    user: str = "admin"
    days_ago: float = 1
    told: str = ""


class Waits(_Strict):
    """What waits to be installed on a host, from a list so many days old."""

    updates: tuple[str, ...] = ()
    list_days: int | None = 0
    # Which kernel runs, and which is installed.
    kernel: tuple[str, str] = ("", "")
    restart: bool = False


class Example(_Strict):
    """What one device shows and what the rule says of it.

    It is tried on `platforms`, or on every platform of the rule that has no `instead`.
    """

    finding: Literal[Result.PASS, Result.FAIL, Result.UNKNOWN, Result.NOT_APPLICABLE]
    platforms: tuple[str, ...] = ()
    about: str = ""
    # A configuration; of Linux, the output of sshd -T.
    text: str | None = None
    listens: tuple[Port, ...] | None = None
    answers: dict[int, bool] | None = None
    host_key: HostKey | None = None
    # Communities that were tried, and whether the agent answered.
    communities: dict[str, bool] | None = None
    snmp: dict[str, str] | None = None
    unsaved_lines: Annotated[int, Field(ge=0)] | None = None
    carries: tuple[Carries, ...] | None = None
    # The services that are active on a host, and what waits to be installed there.
    services: tuple[str, ...] | None = None
    waits: Waits | None = None
    # The secure endpoints of the device; of none an empty list.
    secure: tuple[Secure, ...] | None = None
    # Factory logins that were tried; of none an empty list.
    tried: tuple[Tried, ...] | None = None

    @model_validator(mode="after")
    def _shows_something(self) -> "Example":
        shown = (self.text, self.listens, self.answers, self.host_key, self.snmp)
        extra = (self.unsaved_lines, self.carries, self.communities, self.secure)
        host = (self.services, self.waits, self.tried)
        if all(each is None for each in (*shown, *extra, *host)):
            raise ValueError(
                "give one of text, listens, answers, host_key, snmp, unsaved_lines, carries, "
                "communities, secure, services, waits, tried"
            )
        return self


class ExampleFile(_Strict):
    """One file of `config/policies/examples`: the examples of each rule by its id."""

    examples: dict[str, tuple[Example, ...]]


def platforms_of(rule: Rule, example: Example) -> tuple[str, ...]:
    """The platforms on which an example is tried."""
    plain = tuple(name for name in rule.platforms if name not in rule.instead)
    return example.platforms or plain


def evidence(example: Example, platform: str) -> Evidence:
    """The example as evidence of a device of the platform."""
    text = example.text
    is_config = text is not None and platform != "linux"
    config, shown = read_config(platform, text) if is_config and text else (None, ())
    sshd = None if is_config or text is None else evidence_from(platform, text).sshd
    key = example.host_key
    return Evidence(
        platform,
        config=config,
        shown=shown,
        sshd=sshd,
        listeners=None if example.listens is None else tuple(_listeners(example.listens)),
        open_ports=example.answers,
        host_key_is_pinned=None if key is None else key.approved,
        host_key=None if key is None else (key.algorithm, key.bits),
        communities=example.communities,
        snmp=example.snmp,
        unsaved_lines=example.unsaved_lines,
        port_traffic=None if example.carries is None else tuple(map(_traffic, example.carries)),
        services=None if example.services is None else frozenset(example.services),
        upkeep=None if example.waits is None else _upkeep(example.waits),
        tls=None if example.secure is None else tuple(map(_secure, example.secure)),
        logins=None if example.tried is None else tuple(map(_tried, example.tried)),
    )


def _tried(tried: Tried) -> LoginTried:
    when = _NOON - timedelta(days=tried.days_ago)
    return LoginTried(tried.endpoint, tried.user, when, _NOON, tried.result, tried.told)


def _upkeep(waits: Waits) -> Upkeep:
    running, installed = waits.kernel
    return Upkeep(waits.updates, waits.list_days, running, installed, waits.restart)


def _traffic(carries: Carries) -> PortTraffic:
    told = f"{carries.port}: {carries.unbooked_mbps:.1f} Mbit/s" if carries.unbooked_mbps else ""
    return PortTraffic(carries.port, is_measured=carries.measured, unbooked=told)


def _secure(secure: Secure) -> TlsShown:
    if secure.failure:
        return TlsShown(secure.endpoint, _NOON, failure=secure.failure)
    certificate = CertificateShown(
        begins_at=_NOON - timedelta(days=secure.began_ago),
        ends_at=_NOON + timedelta(days=secure.ends_in),
        distrust=secure.distrust,
        is_named=secure.named,
        weak=secure.weak,
    )
    offers = {name: name in secure.offers for name in VERSIONS if name not in secure.untold}
    return TlsShown(secure.endpoint, _NOON, certificate, needs_trust=not secure.own, offers=offers)


def _listeners(ports: tuple[Port, ...]) -> Iterator[Listener]:
    return (Listener(port.port, port.address) for port in ports)


def tried(rule: Rule, example: Example) -> Iterator[tuple[str, Result, str]]:
    """What the rule says of the example: for each platform the result, and what it rests on."""
    for platform in platforms_of(rule, example):
        [finding] = policy.evaluate([rule], evidence(example, platform))
        yield platform, finding.result, finding.reason or "; ".join(finding.evidence)


def files(folder: Path) -> list[Path]:
    """The files of examples that belong to a folder of rules."""
    return sorted((folder / FOLDER).glob("*.yml"))
