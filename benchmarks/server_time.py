"""How much processor time a server has used, to the nanosecond, from Linux's `/proc`.

The kernel's `schedstat` counts by thread what `ps` rounds to hundredths of a second: fine enough
to tell one request from the next, and untouched by what else the machine does meanwhile.
"""

from collections.abc import Iterable
from pathlib import Path

import psutil

PROC = Path("/proc")


def family(*roots: int) -> list[int]:
    """The ids of these processes and of all below them."""
    found = [psutil.Process(root) for root in roots]
    return [one.pid for root in found for one in (root, *root.children(recursive=True))]


def spent_by(pids: Iterable[int]) -> float:
    """Milliseconds on a processor that all living threads of these processes have had."""
    total = 0
    for pid in pids:
        try:
            threads = list((PROC / str(pid) / "task").iterdir())
        except FileNotFoundError:
            continue
        for thread in threads:
            try:
                total += int((thread / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return total / 1e6
