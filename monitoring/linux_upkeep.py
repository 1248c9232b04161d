"""Reads how a Linux host is kept: which services run, and which security updates wait. Pure."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What waits to be installed, and how old the list is from which that is known (days)."""

    updates: tuple[str, ...] = ()
    list_days: int | None = None
    # The release of the kernel that runs, and of the newest that is installed.
    running: str = ""
    installed: str = ""
    must_restart: bool = False


def services(text: str) -> frozenset[str]:
    """The active services in what `systemctl list-units` prints, without `.service`."""
    found = re.findall(r"^\W*(\S+)\.service\s", text, re.MULTILINE)
    return frozenset(name.lower() for name in found)


def upkeep(text: str) -> Upkeep:
    """What the script of the probe prints: `list`, `update`, `kernel`, `restart`, a line each."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    told = {words[0]: words[1:] for words in lines}
    kernel = told.get("kernel", [])
    updates = {words[1] for words in lines if words[0] == "update" and len(words) > 1}
    return Upkeep(
        updates=tuple(sorted(updates)),
        list_days=_days(told.get("list", [])),
        running=kernel[0] if kernel else "",
        installed=kernel[1] if len(kernel) > 1 else "",
        must_restart="restart" in told,
    )


def _days(words: list[str]) -> int | None:
    """How old the list is; a clock that was set back makes it no younger than new."""
    found = re.fullmatch(r"(-?)(\d{1,9})", words[0]) if words else None
    return None if found is None else 0 if found[1] else int(found[2])
