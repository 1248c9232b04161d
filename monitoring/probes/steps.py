"""What a test of a device finds, step by step: values, no sentences.

The portal says each finding in the reader's language. The facts may repeat what a hostile device
sent: they are one line without control characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.probes import values

# A public RSA key of 8192 bits fits.
LONGEST_FACT = 1500


class Stage(StrEnum):
    """What is tried, in the order of trying."""

    ADDRESS = "address"
    SNMP = "snmp"
    MIBS = "mibs"
    HOST_KEY = "host_key"
    LOGIN = "login"
    PROMPT = "prompt"
    PRIVILEGE = "privilege"
    COMMAND = "command"


class Verdict(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    DOUBTFUL = "doubtful"
    FAILED = "failed"
    SKIPPED = "skipped"


class Finding(StrEnum):
    """What exactly was found."""

    TCP_OPEN = "tcp_open"
    TCP_CLOSED = "tcp_closed"
    TCP_SILENT = "tcp_silent"
    NO_ROUTE = "no_route"
    NO_CREDENTIAL = "no_credential"
    CREDENTIAL_LOCKED = "credential_locked"
    SNMP_ANSWERS = "snmp_answers"
    SNMP_CLOSED = "snmp_closed"
    SNMP_SILENT = "snmp_silent"
    SNMP_GARBLED = "snmp_garbled"
    SNMP_NO_VIEW = "snmp_no_view"
    SNMP_FAILED = "snmp_failed"
    WRONG_COMMUNITY = "wrong_community"
    UNKNOWN_USER = "unknown_user"
    WRONG_AUTHENTICATION = "wrong_authentication"
    WRONG_PRIVACY = "wrong_privacy"
    WRONG_LEVEL = "wrong_level"
    WRONG_CLOCK = "wrong_clock"
    MIBS_TOLD = "mibs_told"
    MIBS_LACKING = "mibs_lacking"
    SSH_CLOSED = "ssh_closed"
    SSH_SILENT = "ssh_silent"
    SSH_GARBLED = "ssh_garbled"
    SSH_OUTDATED = "ssh_outdated"
    KEY_APPROVED = "key_approved"
    KEY_NEW = "key_new"
    KEY_CHANGED = "key_changed"
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGIN_KEY_DAMAGED = "login_key_damaged"
    LOGIN_BROKEN = "login_broken"
    PROMPT_SEEN = "prompt_seen"
    PROMPT_MISSING = "prompt_missing"
    PRIVILEGED = "privileged"
    ENABLE_REFUSED = "enable_refused"
    COMMAND_RAN = "command_ran"
    COMMAND_REFUSED = "command_refused"
    COMMAND_CUT = "command_cut"
    COMMAND_FAILED = "command_failed"
    BROKE_OFF = "broke_off"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, how it ended, and how long it took."""

    stage: Stage
    verdict: Verdict
    finding: Finding
    seconds: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what can be shown and stored."""
        kept = {key: values.printable(fact)[:LONGEST_FACT] for key, fact in self.facts.items()}
        object.__setattr__(self, "facts", kept)

    def as_json(self) -> dict[str, object]:
        """The step as a row keeps it and the API tells it."""
        return {
            "stage": self.stage.value,
            "verdict": self.verdict.value,
            "finding": self.finding.value,
            "seconds": round(self.seconds, 3),
            "facts": dict(self.facts),
        }
