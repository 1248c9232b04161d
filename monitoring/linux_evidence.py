"""Reads what a Linux host says of itself: `sshd -T` (or an sshd_config) and `ss -ltnH`. Pure."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LISTENING = re.compile(r"(?P<address>\S+):(?P<port>\d{1,5})$")
# /proc/net/tcp: local address and port in hexadecimal, 0A is LISTEN.
_PROC = re.compile(
    r"^\s*\d+:\s+(?P<address>[0-9A-F]{8}|[0-9A-F]{32}):(?P<port>[0-9A-F]{4})\s+\S+\s+0A\b"
)


@dataclass(slots=True)
class SshdSection:
    """The options that hold for everybody (`where` is empty) or under one `Match`."""

    where: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SshdOptions:
    """An SSH server's configuration; `problem` says why it may not be all there is."""

    sections: list[SshdSection]
    problem: str | None = None

    def values(self, key: str) -> list[tuple[str, str]]:
        """Every value of the option with the section that sets it; empty where nothing does."""
        wanted = key.lower()
        return [
            (section.where, section.options[wanted])
            for section in self.sections
            if wanted in section.options
        ]


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A TCP port that the host listens on."""

    port: int
    address: str

    @property
    def is_reachable(self) -> bool:
        """Whether anybody but the host itself can knock."""
        try:
            return not ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return True

    def __str__(self) -> str:
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else f"{self.address}:{self.port}"
        )


def sshd_options(text: str) -> SshdOptions:
    """The options of `sshd -T` or of an sshd_config file.

    As sshd does, the first value of an option counts. An `Include` leaves the file incomplete.
    """
    sections = [SshdSection("")]
    problem = None
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        key, _, value = re.sub(r"^(\w+)\s*=\s*|^(\w+)\s+", r"\1\2 ", line).partition(" ")
        value = value.strip().strip('"')
        if key.lower() == "match":
            sections.append(SshdSection(value))
        elif key.lower() == "include":
            problem = "the file includes others that were not given; give the output of sshd -T"
        elif key.isalnum():
            sections[-1].options.setdefault(key.lower(), value)
    if not any(section.options for section in sections):
        problem = "this is not the configuration of an SSH server"
    return SshdOptions(sections, problem)


def listeners(text: str) -> tuple[Listener, ...]:
    """The listening TCP ports in the output of `ss -ltnH`, `netstat -ltn` or /proc/net/tcp[6]."""
    return tuple(sorted(set(_listeners(text))))


def _listeners(text: str) -> Iterator[Listener]:
    for line in text.splitlines():
        proc = _PROC.match(line)
        if proc:
            yield Listener(int(proc["port"], 16), _from_proc(proc["address"]))
            continue
        words = line.split()
        if "LISTEN" not in words:
            continue
        local = next(filter(None, map(_LISTENING.match, words)), None)
        if local:
            address = local["address"].split("%")[0].strip("[]")
            yield Listener(int(local["port"]), {"*": "::"}.get(address, address))


def _from_proc(digits: str) -> str:
    """An address of /proc/net/tcp: 32-bit words in the byte order of the host (little-endian)."""
    raw = b"".join(bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    return str(ipaddress.ip_address(raw))
