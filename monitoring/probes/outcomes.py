"""What came of asking: a fact or a failure. Failure is a value, so one dead device stops nobody."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitoring.probes import values
from monitoring.probes.logins import SnmpCommunity, SnmpLogin
from monitoring.probes.reading import Layout, Reading

LONGEST_SENTENCE = 500


class FailureKind(StrEnum):
    """Why a device could not be read."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    AUTHENTICATION = "authentication"
    MALFORMED = "malformed"
    PARTIAL = "partial"
    INTERNAL = "internal"
    # It speaks nothing that we accept any more.
    OUTDATED = "outdated"
    HOST_KEY_CHANGED = "host_key_changed"
    HOST_KEY_UNAPPROVED = "host_key_unapproved"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a device could not be read, in a word and in a sentence.

    The sentence may repeat what a hostile device sent: it is one line without control characters.
    """

    kind: FailureKind
    message: str

    def __post_init__(self) -> None:
        """Keep what can be shown and stored."""
        object.__setattr__(self, "message", values.printable(self.message)[:LONGEST_SENTENCE])

    def as_json(self) -> dict[str, Any]:
        """The failure as `media-center probe --json` prints it."""
        nothing = ("name", "description", "object_id", "uptime_seconds")
        return {
            "reachable": False,
            "system": dict.fromkeys(nothing),
            "interfaces": [],
            "processors": [],
            "storage": [],
            "sensors": [],
            "problems": [f"{self.kind}: {self.message}"],
        }


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, how, and for how long.

    `timeout` is seconds for one request, `tries` how often one is sent, `budget` seconds for the
    whole device: no request begins after it. Without a `layout` the device is discovered first;
    `layout_id` is the layout's row, if it was read from one.
    """

    address: str
    port: int = 161
    login: SnmpLogin = field(default_factory=SnmpCommunity)
    timeout: float = 2.0
    tries: int = 3
    budget: float = 20.0
    layout: Layout | None = None
    layout_id: int | None = None
    uptime_before: float | None = None
    device_id: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fact or a failure, when it was asked for (`at`) and how long it took."""

    target: Target
    at: datetime
    seconds: float
    value: Reading | Failure
    was_discovered: bool = False

    @property
    def reading(self) -> Reading | None:
        """The fact, if it is one."""
        return self.value if isinstance(self.value, Reading) else None

    @property
    def failure(self) -> Failure | None:
        """The failure, if it is one."""
        return self.value if isinstance(self.value, Failure) else None

    def as_json(self) -> dict[str, Any]:
        """What `media-center probe --json` prints."""
        return self.value.as_json()
