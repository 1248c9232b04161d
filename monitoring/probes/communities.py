"""Tries whether an agent answers to communities that everybody knows, by reading its uptime."""

from collections.abc import Iterable, Mapping

from gufo.snmp import SnmpError, SnmpVersion
from gufo.snmp.sync import SnmpSession

from monitoring.probes import mibs

WELL_KNOWN = ("public", "private")
SECONDS = 1.0


def answered(
    address: str, port: int, communities: Iterable[str] = WELL_KNOWN, seconds: float = SECONDS
) -> Mapping[str, bool]:
    """Whether the agent answers to each of them, by SNMP v2c. Never raises for what it does."""
    return {name: _answers(address, port, name, seconds) for name in communities}


def _answers(address: str, port: int, community: str, seconds: float) -> bool:
    try:
        with SnmpSession(
            address, port=port, community=community, version=SnmpVersion.v2c, timeout=seconds
        ) as session:
            return session.get(mibs.SYS_UP_TIME) is not None
    except (OSError, SnmpError, TimeoutError, ValueError):
        # Whatever else comes back, it is no answer to the question.
        return False
