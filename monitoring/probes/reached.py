"""What is asked of an endpoint, and what came of it. A fault is a value: one stops nobody."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from monitoring.probes import values

LONGEST_SENTENCE = 300


class EndpointKind(StrEnum):
    """What an endpoint speaks; it decides how it is asked."""

    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    RTMP = "rtmp"
    RTSP = "rtsp"
    SRT = "srt"


class Fault(StrEnum):
    """Why an endpoint is not as it should be."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NAME = "name"
    FORBIDDEN = "forbidden"
    HUNG_UP = "hung_up"
    MALFORMED = "malformed"
    UNEXPECTED = "unexpected"
    HANDSHAKE = "handshake"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Goal:
    """One endpoint to ask, within `seconds` in all.

    `path` is an HTTP path, an RTMP application with its stream, or an RTSP path; `server_name` is
    whom a certificate must name.
    """

    kind: EndpointKind
    host: str
    port: int
    path: str = ""
    server_name: str = ""
    is_secure: bool = False
    expects_open: bool = True
    expected_status: int | None = None
    expected_word: str = ""
    seconds: float = 5.0
    endpoint_id: int = 0
    # Whether the versions of TLS are asked for besides; no part of what the endpoint is.
    asks_versions: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """The name that the other side is called by."""
        return self.server_name or self.host

    @property
    def authority(self) -> str:
        """Name and port as addresses write them."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every probe: whether the machine itself may be asked, and whom to trust."""

    allows_own: bool = False
    # Certificates of authorities in PEM, besides those of the system.
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of asking: how long it took, what was seen, and the fault, if any."""

    goal: Goal
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None
    sentence: str = ""


class Faulty(Exception):  # noqa: N818  # it says what happened, as the house's refusals do
    """Raised inside a probe; `reach` turns it into a value.

    The sentence may repeat what a hostile host sent: it is one line without control characters.
    """

    def __init__(self, fault: Fault, sentence: str, facts: dict[str, Any] | None = None) -> None:
        """A fault in a word and in a sentence; `facts` is what was seen nevertheless."""
        super().__init__(sentence)
        self.fault = fault
        self.sentence = values.printable(sentence)[:LONGEST_SENTENCE]
        self.facts = facts or {}


def shown(raw: bytes | str, most: int = 120) -> str:
    """What a host sent, as far as it can be shown and stored."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return values.printable(text)[:most]
