"""Security rules as operators write them: the shape of `config/policies/*.yml`, and its reader."""

import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config import documents
from monitoring.tls_demand import TlsDemand

FOLDER = documents.HOME / "policies"
_BESIDE = documents.HOME.parent / "ansible" / "remedies"
# Beside the code, or where an installed package keeps them.
PLAYBOOKS = (
    _BESIDE if _BESIDE.is_dir() else Path(sys.prefix) / "share" / "media-center" / "remedies"
)


class Severity(StrEnum):
    """How much a broken rule matters; of themselves high and critical ones quarantine."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Enforce(StrEnum):
    """What is done about a broken rule."""

    # Alerts are sent.
    NOTIFY = "notify"
    # It counts one step of severity more while an event runs, or the Internet reaches the device.
    RAISE = "raise"
    # The resource is off the calendar, and so are bookings that have not begun.
    QUARANTINE = "quarantine"
    # What its remedy would change is looked at; people approve it.
    REMEDIATE = "remediate"
    # The circuits that its ports hand out are off the calendar as well.
    SHUT_PORT = "shut_port"


class Result(StrEnum):
    """What a rule found. What could not be looked at is unknown, never a pass."""

    PASS = "pass"  # noqa: S105  # a result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


class Source(StrEnum):
    """Where evidence comes from."""

    CONFIG = "config"
    SSHD = "sshd"
    PORTS = "ports"
    SNMP = "snmp"
    VERSION = "version"
    HOST_KEY = "host_key"
    STARTUP = "startup"
    TRAFFIC = "traffic"
    TLS = "tls"
    LOGIN = "login"
    SERVICES = "services"
    UPDATES = "updates"


def _compiled(value: object) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise ValueError("a regular expression is a text")  # what pydantic wants
    try:
        return re.compile(value, re.IGNORECASE)
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from wrong


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Present(_Strict):
    """A statement at the outermost level; `if_missing` says what its absence means."""

    line: Pattern
    if_missing: Literal[Result.FAIL, Result.UNKNOWN] = Result.FAIL


class AtLeast(_Strict):
    """`count` different statements; the first group of `line`, if any, tells them apart."""

    count: Annotated[int, Field(ge=1)]
    line: Pattern


class Bounds(_Strict):
    """Between which numbers a value lies, both ends included."""

    at_most: int | None = None
    at_least: int | None = None

    def hold(self, value: int) -> bool:
        """Whether the value lies between them."""
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )


class BlockNumber(Bounds):
    """A number that each block says: the groups of `line`, each times its unit, added up.

    `default` is what holds where a block does not say; without it such a block fails.
    """

    line: Pattern
    units: tuple[int, ...] = (1,)
    default: int | None = None


class EveryBlock(_Strict):
    """Every block whose head fits: each `must` has a line in it, no `must_not` has one.

    `where` narrows to the blocks that hold such a line, `where_not` leaves out those that hold
    one; `numbers` lie within their bounds; `within: everything` looks for what must not be at any
    depth; `about` names the lines worth showing when one that must be there is not; `if_none` is
    the answer where no block fits.
    """

    head: Pattern
    where: Pattern | None = None
    where_not: Pattern | None = None
    must: tuple[Pattern, ...] = ()
    must_not: tuple[Pattern, ...] = ()
    numbers: tuple[BlockNumber, ...] = ()
    within: Literal["block", "everything"] = "block"
    about: Pattern | None = None
    if_none: Literal[Result.PASS, Result.FAIL, Result.UNKNOWN, Result.NOT_APPLICABLE] = (
        Result.UNKNOWN
    )


class Covered(_Strict):
    """Every number that blocks use is in a range that other statements name: VLANs, mostly.

    The first group of `line`, and of `by`, is a list with ranges (`10,20-29`); blocks with a line
    that fits `where_not` use nothing; `if_none` is the answer where no number is used.
    """

    head: Pattern
    line: Pattern
    where_not: Pattern | None = None
    by: Pattern
    if_none: Literal[Result.PASS, Result.FAIL, Result.UNKNOWN, Result.NOT_APPLICABLE] = (
        Result.NOT_APPLICABLE
    )


class Number(Bounds):
    """The number in the first group of `line`, in every statement that fits.

    `default` is what holds where the configuration does not say.
    """

    line: Pattern
    default: int | None = None
    if_missing: Literal[Result.FAIL, Result.UNKNOWN] = Result.UNKNOWN


class SshdOption(_Strict):
    """An option of the SSH server's effective configuration (`sshd -T`)."""

    key: str
    equals: str | None = None
    one_of: tuple[str, ...] = ()
    # No word of a list between commas fits it.
    without: Pattern | None = None
    at_most: int | None = None
    at_least: int | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "SshdOption":
        bounds = self.at_most is not None or self.at_least is not None
        given = (self.equals is not None, bool(self.one_of), self.without is not None, bounds)
        if sum(given) != 1:
            raise ValueError("give one of equals, one_of, without, or bounds")
        return self


class Refused(_Strict):
    """Communities that an agent must not answer to; `if_unseen` is the answer where none tried."""

    communities: Annotated[tuple[str, ...], Field(min_length=1)]
    if_unseen: Literal[Result.UNKNOWN, Result.NOT_APPLICABLE] = Result.UNKNOWN


class SnmpValue(_Strict):
    """What the poller read: `sysName` or `sysDescr`, and the pattern it fits."""

    name: Literal["sysName", "sysDescr"]
    fits: Pattern


class Train(_Strict):
    """The oldest release of one train that may run: `where` fits sysDescr, `version` finds it."""

    where: Pattern
    version: Pattern
    at_least: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]


class UpToDate(_Strict):
    """No security update waits; from a list older than `list_days` nobody knows."""

    list_days: Annotated[int, Field(ge=1, le=365)] = 7


ServiceName = Annotated[str, Field(pattern=r"^[a-z0-9@._-]{1,80}$")]
ServiceNames = Annotated[tuple[ServiceName, ...], Field(min_length=1)]


class Condition(_Strict):
    """One condition; exactly one key is given. `all`, `any` and `not` combine others."""

    absent: Pattern | None = None
    present: Present | None = None
    at_least: AtLeast | None = None
    every_block: EveryBlock | None = None
    covered: Covered | None = None
    banner: Literal["login", "motd", "exec"] | None = None
    number: Number | None = None
    sshd_option: SshdOption | None = None
    ports_within: tuple[Port, ...] | None = None
    port_closed: Port | None = None
    host_key: Literal["pinned"] | None = None
    rsa_bits: Annotated[int, Field(ge=1024, le=16384)] | None = None
    saved: Literal[True] | None = None
    communities_refused: Refused | None = None
    snmp_value: SnmpValue | None = None
    unbooked_traffic: Literal["none"] | None = None
    tls: TlsDemand | None = None
    factory_login: Literal["refused"] | None = None
    services_active: Annotated[tuple[ServiceNames, ...], Field(min_length=1)] | None = None
    up_to_date: UpToDate | None = None
    firmware: Annotated[tuple[Train, ...], Field(min_length=1)] | None = None
    all_of: tuple["Condition", ...] | None = Field(default=None, alias="all")
    any_of: tuple["Condition", ...] | None = Field(default=None, alias="any")
    not_: "Condition | None" = Field(default=None, alias="not")

    @property
    def kind(self) -> str:
        """The name of the one key that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Condition":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a condition has one key, not {len(given)}: {', '.join(given)}")
        return self


class Words(_Strict):
    """A text in the two languages of the service."""

    vi: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Mapping(_Strict):
    """Where a published framework asks the same; numbers only, its text is not ours."""

    framework: str
    version: str
    controls: tuple[str, ...]


class Instead(_Strict):
    """The same demand on a platform that writes it otherwise, and what is typed there."""

    condition: Condition
    commands: tuple[str, ...] = ()


class Remedy(_Strict):
    """A playbook of `ansible/remedies` that cures it on `platforms`; risky takes two people."""

    playbook: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    platforms: Annotated[tuple[str, ...], Field(min_length=1)]
    variables: dict[Annotated[str, Field(pattern=r"^remedy_[a-z0-9_]+$")], Any] = Field(
        default_factory=dict
    )
    risky: bool = True


class Rule(_Strict):
    """One rule: what must hold, on which platforms, how much it matters, how it is cured."""

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,11}$")]
    title: Words
    severity: Severity
    # What is done where it is broken; left out, what its severity does.
    enforce: tuple[Enforce, ...] | None = None
    platforms: Annotated[tuple[str, ...], Field(min_length=1)]
    evidence: Source
    when: Condition | None = None
    condition: Condition
    instead: dict[str, Instead] = Field(default_factory=dict)
    reason: Words
    cure: Words
    commands: tuple[str, ...] = ()
    remedy: Remedy | None = None
    mappings: tuple[Mapping, ...] = ()
    references: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _speaks_of_its_platforms(self) -> "Rule":
        strange = self.instead.keys() - set(self.platforms)
        if self.remedy is not None and set(self.remedy.platforms) - set(self.platforms):
            raise ValueError("remedy names platforms that platforms does not")
        if strange:
            raise ValueError(f"instead names {', '.join(sorted(strange))}, platforms does not")
        return self

    def asked_of(self, platform: str) -> Condition:
        """The condition as the platform writes it."""
        return self.instead[platform].condition if platform in self.instead else self.condition

    def typed_on(self, platform: str) -> tuple[str, ...]:
        """What an operator types on the platform to cure it."""
        return self.instead[platform].commands if platform in self.instead else self.commands

    def remedy_on(self, platform: str) -> Remedy | None:
        """What cures it on the platform, if a playbook does."""
        has_one = self.remedy is not None and platform in self.remedy.platforms
        return self.remedy if has_one else None


class RuleBook(_Strict):
    """One file of `config/policies`."""

    rules: tuple[Rule, ...]


def load(folder: Path | None = None) -> list[Rule]:
    """Every rule of the folder (the shipped one unless given), by id.

    Raises config.documents.BadDocument, which names file, line and key.
    """
    found: dict[str, Rule] = {}
    for rule in _rules(folder or FOLDER):
        if rule.id in found:
            raise documents.BadDocument(f"{folder or FOLDER}: the rule {rule.id} is given twice")
        found[rule.id] = rule
    return [found[name] for name in sorted(found)]


def _rules(folder: Path) -> Iterator[Rule]:
    for book in documents.read_folder(folder, RuleBook):
        yield from book.rules
