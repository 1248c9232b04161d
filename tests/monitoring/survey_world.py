"""A small network on loopback: real agents, one of another community, a silent one, garbage."""

import contextlib
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from config.database import transaction
from monitoring import credentials, surveys
from monitoring.credentials import Keyring
from monitoring.models import Credential, Survey
from monitoring.probes.logins import SnmpCommunity, SnmpUser
from monitoring.probes.surveying import Pace
from monitoring.surveys import NewSurvey
from rental import units
from tests import build
from tests.monitoring import agents
from tests.monitoring.agents import hostile, oid, start_agent, table_agent, tlv
from tests.ports import free_port

KEYS = Keyring(b"k" * 32)
NETWORK = "127.0.0.0/29"
ALLOWED = (ip_network("127.0.0.0/24"),)
QUICK = Pace(per_second=200, timeout=0.5, tries=2)
LAB = "lab-community"
USER = SnmpUser(
    agents.USER, auth_password=agents.AUTH_PASSWORD, privacy_password=agents.PRIVACY_PASSWORD
)
SWITCH = "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2"


def a_switch(name: str = "SW-LAB.example.vn", description: str = SWITCH) -> dict[str, bytes]:
    """What a switch tells of itself."""
    return {
        "1.3.6.1.2.1.1.1.0": tlv(0x04, description.encode()),
        "1.3.6.1.2.1.1.2.0": oid("1.3.6.1.4.1.9.1.1208"),
        "1.3.6.1.2.1.1.5.0": tlv(0x04, name.encode()),
        "1.3.6.1.2.1.1.7.0": tlv(0x02, b"\x02"),
    }


def of_the_lab(table: dict[str, bytes]) -> agents.Reply:
    """An agent that is silent to every community but the laboratory's, and to SNMPv3."""
    answers = table_agent(table)

    def reply(raw: bytes) -> bytes | None:
        return answers(raw) if LAB.encode() in raw[:40] else None

    return reply


@contextlib.contextmanager
def a_network(folder: Path) -> Iterator[int]:
    """Its port: .2 and .6 are snmpd, .3 is of the laboratory, .4 silent, .5 garbage, .1 nobody."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        for last in (2, 6):
            (folder / str(last)).mkdir()
            stack.callback(start_agent(folder / str(last), f"127.0.0.{last}", port).stop)
        for last, reply in (
            (3, of_the_lab(a_switch())),
            (4, lambda _raw: None),
            (5, lambda _raw: b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ):
            stack.enter_context(hostile(reply, at=(f"127.0.0.{last}", port)))
        yield port


def the_logins() -> list[Credential]:
    """Credentials in the sequence in which they are tried: a wrong one first."""
    return [
        credentials.add("wrong", SnmpCommunity("nobody-knows"), KEYS),
        credentials.add("user", USER, KEYS),
        credentials.add("lab", SnmpCommunity(LAB), KEYS),
    ]


def ask(network: str = NETWORK, port: int = 161, logins: list[Credential] | None = None) -> Survey:
    """A survey of the first site, which is made if there is none; committed."""
    with transaction():
        site = units.sites()[0] if units.sites() else build.a_site()
        kept = logins or credentials.all_() or the_logins()
        return surveys.ask(NewSurvey(site, network, kept, port), ALLOWED, by=None)
