"""Whether TCP ports answer from where the worker stands."""

import socket
from collections.abc import Iterable


def is_open(address: str, port: int, *, seconds: float = 2.0) -> bool:
    """Whether somebody accepts a connection; a refusal and silence are both a no."""
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


def open_ports(address: str, ports: Iterable[int], *, seconds: float = 2.0) -> dict[int, bool]:
    """The same for several ports, `seconds` each."""
    return {port: is_open(address, port, seconds=seconds) for port in ports}
