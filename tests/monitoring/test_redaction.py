"""No secret leaves in a configuration; what is no secret stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.redaction import REMOVED, redact
from monitoring.redaction_patterns import ALL, ANY, EVERYWHERE, may_hold_secrets

CONFIGS = Path(__file__).parent / "configs"
# In the sample configurations every secret, and nothing else, carries this mark.
MARK = "s3cr3t"
PLATFORMS = {
    "ios": "cisco_ios",
    "nxos": "cisco_nxos",
    "eos": "arista_eos",
    "junos": "juniper_junos",
    "routeros": "mikrotik_routeros",
    "procurve": "hp_procurve",
    "linux": "linux",
}
SAMPLES = sorted(CONFIGS.glob("secrets_*"))


def platform_of(path: Path) -> str:
    return PLATFORMS[path.stem.split("_")[1]]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_no_secret_of_a_sample_survives_and_the_lines_stay(path: Path) -> None:
    text = path.read_text()
    assert text.count(MARK) > 5, "the sample has secrets to lose"
    for platform in (platform_of(path), "generic"):
        clean = redact(platform, text)
        leaked = [line for line in clean.splitlines() if MARK in line.lower()]
        assert leaked == []
        assert len(clean.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_redacting_twice_is_redacting_once(path: Path) -> None:
    for platform in (platform_of(path), "generic"):
        once = redact(platform, path.read_text())
        assert redact(platform, once) == once


@pytest.mark.parametrize(
    ("platform", "line", "clean"),
    [
        ("cisco_ios", "enable secret 9 $9$abc", f"enable secret 9 {REMOVED}"),
        ("cisco_ios", "enable password my pass", f"enable password {REMOVED}"),
        (
            "cisco_ios",
            "username a privilege 15 password  7 08",
            f"username a privilege 15 password  7 {REMOVED}",
        ),
        ("cisco_ios", "snmp-server community x RO 10", f"snmp-server community {REMOVED} RO 10"),
        # The community is the word 7, not an encoding.
        ("cisco_ios", "snmp-server community 7 RO 10", f"snmp-server community {REMOVED} RO 10"),
        ("cisco_ios", " key 7 0822", f" key 7 {REMOVED}"),
        (
            "cisco_ios",
            "crypto isakmp key a;b address 10.0.0.1",
            f"crypto isakmp key {REMOVED} address 10.0.0.1",
        ),
        ("cisco_ios", 'username a secret "open', f"username a secret {REMOVED}"),
        (
            "juniper_junos",
            '            secret "plain"; ## SECRET-DATA',
            f"            secret {REMOVED}; ## SECRET-DATA",
        ),
        ("mikrotik_routeros", "add name=a password=b c=d", f"add name=a password={REMOVED} c=d"),
    ],
)
def test_what_surrounds_a_secret_stays(platform: str, line: str, clean: str) -> None:
    assert redact(platform, line) == clean


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("cisco_ios", "service password-encryption"),
        ("cisco_ios", "password encryption aes"),
        ("cisco_ios", "key chain ROUTING"),
        ("cisco_ios", "key chain ROUTING\n key 1"),
        ("cisco_ios", "aaa authentication login default group tacacs+ local"),
        ("cisco_ios", "ip ssh version 2"),
        ("cisco_ios", "snmp-server enable traps snmp authentication linkdown"),
        ("cisco_ios", "security passwords min-length 12"),
        ("cisco_ios", "tunnel key 100"),
        ("cisco_ios", " standby 1 authentication md5 key-chain HSRP"),
        ("cisco_ios", " isis authentication mode md5 level-1\n isis authentication key-chain K"),
        ("cisco_ios", "ntp authenticate\nntp trusted-key 1\nntp server 192.0.2.1 key 1"),
        ("cisco_ios", " ipv6 ospf authentication null\nmpls ldp password required"),
        ("cisco_nxos", "password strength-check\nno password strength-check"),
        ("hp_procurve", "password minimum-length 10\npassword complexity all"),
        ("juniper_junos", "system {\n login {\n  password {\n   minimum-length 10;\n  }\n }\n}"),
        ("juniper_junos", "set system login password format sha512"),
        ("mikrotik_routeros", '/interface wireguard peers\nadd public-key="PUB=" comment=x'),
        ("linux", "bypass: true\nauthorizedkeysfile .ssh/authorized_keys"),
        ("juniper_junos", "set policy-options community CENTRE members 65000:1"),
        ("juniper_junos", "policy-options {\n    community CENTRE members 65000:1;\n}"),
        ("mikrotik_routeros", "/ip service\nset telnet disabled=yes\nset ssh port=22"),
        ("linux", "passwordauthentication no\npermitemptypasswords no\nmaxauthtries 4"),
        ("linux", "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*"),
    ],
)
def test_what_is_no_secret_stays(platform: str, line: str) -> None:
    assert redact(platform, line) == line


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_line_that_a_pattern_fits_is_looked_at(path: Path) -> None:
    every = (*ALL, *ANY, *EVERYWHERE)
    for line in path.read_text().splitlines():
        if any(pattern.fits(line) for pattern in every):
            assert may_hold_secrets(line), line


@pytest.mark.parametrize("word", ["standby ", "client ", "curl ", "set snmp ", "pre-shared-key a "])
def test_a_line_made_to_cost_much_does_not_keep_the_next_one_waiting(word: str) -> None:
    clean = redact("generic", word * 20_000 + "\nenable secret hidden-word")
    assert clean.splitlines()[1] == f"enable secret {REMOVED}"


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
heads = st.sampled_from(
    [
        "enable secret ",
        "username a password 7 ",
        "snmp-server community ",
        " key ",
        "password=",
        "key chain ",
        "snmp-server user a b v3 auth sha ",
        "-----BEGIN PRIVATE KEY-----",
        "certificate self-signed 01",
        "quit",
        "/snmp community",
        "add name=",
        "snmp {",
        "}",
        "createUser a SHA ",
        "usmUser 1 3 ",
        "trapsess -c ",
        "secret = ",
        "pre-shared-key address 192.0.2.1 key ",
        "ipv6 ospf encryption ipsec spi 1 esp aes-cbc 128 ",
        ":local pass ",
        "rtmp://host/live/",
        "authentication text ",
        "\n",
        "\\\n",
    ]
)


@given(
    st.lists(st.tuples(heads, words), max_size=12),
    st.sampled_from([*PLATFORMS.values(), "generic"]),
)
def test_any_text_is_stable_after_one_redaction(
    pieces: list[tuple[str, str]], platform: str
) -> None:
    text = "\n".join(head + word for head, word in pieces)
    once = redact(platform, text)
    assert redact(platform, once) == once
