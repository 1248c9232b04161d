"""Lines are found in the newest configurations, with their paths, in bounded time; no secret is."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import config_backups, config_search, redaction
from monitoring.credentials import Keyring
from monitoring.errors import BadSearch
from monitoring.models import ConfigVersion, Platform
from monitoring.probes.configurations import Configurations
from tests.monitoring.policy_world import KEYRING, a_switch

NOW = clock.now().replace(microsecond=0)
IOS = """\
hostname press
enable secret 9 $9$aaaa$s3cr3tHash
snmp-server community s3cr3tWord RO
banner motd ^C
 transport input telnet is forbidden here
^C
interface Gi1/0/1
 description transport input telnet
line con 0
 transport input none
line vty 0 4
 transport input telnet ssh
line vty 5 15
 transport input ALL
access-list 10 permit 10.0.0.1
access-list 10 deny any
end
"""
JUNOS = "system {\n    services {\n        telnet;\n        ssh;\n    }\n}\n"
ROUTEROS = "/ip service\nset telnet disabled=no\nset ssh port=2222\n"
TELNET = r"^ *transport input .*(telnet|all)|^ *telnet;|set telnet disabled=no"


def keep(text: str, *, days: int = 0, **over):
    """A device with this configuration."""
    device = over.pop("device", None) or a_switch(resource=None, **over)
    at = NOW - timedelta(days=days)
    config_backups.record(device.id, Configurations(text), at, KEYRING)
    return device


def told(asked: str, *, is_pattern: bool = False) -> list[tuple[str, str, str]]:
    """Device, path and line of all that is found."""
    found = config_search.search(asked, KEYRING, is_pattern=is_pattern)
    return [
        (match.version.device.name, " / ".join(hit.path), hit.text)
        for match in found.matches
        for hit in config_search.hits(match, KEYRING)
    ]


def test_which_lines_still_allow_telnet(house):
    keep(IOS, name="a-switch")
    keep(JUNOS, name="b-core", platform=Platform.JUNIPER_JUNOS)
    keep(ROUTEROS, name="c-uplink", platform=Platform.MIKROTIK_ROUTEROS)
    keep(IOS.replace("telnet", "ssh").replace("ALL", "ssh"), name="d-clean")
    assert told(TELNET, is_pattern=True) == [
        # A banner is found too: it says so itself.
        ("a-switch", "", "transport input telnet is forbidden here"),
        ("a-switch", "line vty 0 4", "transport input telnet ssh"),
        ("a-switch", "line vty 5 15", "transport input ALL"),
        ("b-core", "system { / services {", "telnet;"),
        ("c-uplink", "/ip service", "set telnet disabled=no"),
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("TRANSPORT INPUT NONE", [("line con 0", "transport input none")]),
        ("deny any", [("access-list 10", "access-list 10 deny any")]),
        # Plain text is no pattern.
        ("input .*", []),
        ("nowhere to be found", []),
        # Secrets are not there to be found.
        ("s3cr3t", []),
        ("<removed> RO", [("", "snmp-server community <removed> RO")]),
    ],
)
def test_plain_text_is_found_whatever_its_case(house, asked: str, found: list[tuple[str, str]]):
    keep(IOS, name="x")
    assert [(path, line) for _, path, line in told(asked)] == found


def test_only_the_newest_version_of_devices_in_use_is_searched(house):
    old = keep("hostname alpha\nend\n", days=3, name="one")
    keep("hostname beta\nend\n", device=old)
    retired = keep("hostname beta\nend\n", name="two")
    retired.retired_at, retired.is_enabled = NOW, False
    db.session.flush()
    assert told("hostname alpha") == []
    assert told("hostname beta") == [("one", "", "hostname beta")]
    assert config_search.search("hostname", KEYRING).searched == 1


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("", "2 to 200"),
        ("a", "2 to 200"),
        ("x" * 201, "2 to 200"),
        ("(unclosed", "no regular expression"),
        ("a{99999999999999999999}", "no regular expression"),
        ("(?P<x>", "no regular expression"),
    ],
)
def test_what_is_no_search_is_refused(house, asked: str, says: str):
    keep(IOS)
    with pytest.raises(BadSearch, match=says):
        config_search.search(asked, KEYRING, is_pattern=True)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*)*b", r"(a*)*(a*)*b"])
def test_a_pattern_without_end_is_ended(house, monkeypatch, pattern: str):
    monkeypatch.setattr(config_search, "SECONDS", 0.5)
    keep(f"hostname {'a' * 60}!\nend\n")
    with pytest.raises(BadSearch, match="takes too"):
        config_search.search(pattern, KEYRING, is_pattern=True)


def test_many_lines_are_told_to_be_more(house):
    keep("".join(f"vlan {n}\n" for n in range(2, 60)) + "end\n")
    for is_pattern in (False, True):
        (match,) = config_search.search("vlan", KEYRING, is_pattern=is_pattern).matches
        assert match.has_more
        assert len(config_search.hits(match, KEYRING)) == config_search.MOST_LINES


def test_what_no_key_opens_is_named_and_the_others_searched(house):
    keep(IOS, name="well")
    lost = keep(IOS, name="lost")
    db.session.execute(
        sa.update(ConfigVersion).where(ConfigVersion.device_id == lost.id).values(key_id="gone")
    )
    db.session.expire_all()
    found = config_search.search("hostname", KEYRING)
    assert ([m.version.device.name for m in found.matches], found.unreadable) == (
        ["well"],
        ["lost"],
    )
    assert config_search.search("hostname", Keyring(b"z" * 32)).searched == 0


def test_a_line_that_later_rules_call_secret_is_not_told(house, monkeypatch):
    keep("hostname x\nnew-secret-word opensesame\nend\n")
    assert told("opensesame")
    redact = redaction.redact
    monkeypatch.setattr(
        redaction, "redact", lambda platform, text: redact(platform, text).replace("opensesame", "")
    )
    assert told("opensesame") == []


def test_portions_are_searched_one_after_another(house, monkeypatch):
    monkeypatch.setattr(config_search, "PORTION", 10)
    names = [keep(IOS, name=f"sw-{n}").name for n in range(3)]
    for is_pattern in (False, True):
        found = config_search.search("hostname", KEYRING, is_pattern=is_pattern)
        assert [match.version.device.name for match in found.matches] == names
        assert found.searched == 3
