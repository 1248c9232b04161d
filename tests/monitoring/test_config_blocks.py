"""What means nothing is no difference, what means something is one; and a diff leads across."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring import config_blocks, config_diff, config_secrets, config_versions
from monitoring.config_blocks import Block
from monitoring.config_diff import Edit
from monitoring.config_versions import Text

CONFIGS = Path(__file__).parent / "configs"
IOS = """\
Building configuration...

Current configuration : 812 bytes
!
! Last configuration change at 10:11:12 ICT Tue Mar 5 2024 by netops
! NVRAM config last updated at 10:12:00 ICT Tue Mar 5 2024 by netops
!
hostname press
username desk password 7 0822455D0A16
enable secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM
banner motd ^C
! Only staff.
  interface Gi1/0/9
^C
crypto pki trustpoint TP
 certificate self-signed 01
  3082024F 308201B8
  A0030201 02020101
        quit
interface Gi1/0/1
 description Hall A
 switchport access vlan 10
interface Gi1/0/2
 shutdown
ip access-list extended IN
 permit tcp any any eq 22
 deny ip any any
access-list 10 permit 10.0.0.1
access-list 10 deny any
ntp clock-period 36028796
end
"""


def differ(before: str, after: str, platform: str = "cisco_ios") -> list[tuple[str, str]]:
    """The changed lines with their path."""
    told = config_versions.hunks(Text.of(platform, before), Text.of(platform, after))
    return [
        (" / ".join(hunk.path), f"{line.sign}{line.text}") for hunk in told for line in hunk.lines
    ]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("10:11:12 ICT Tue Mar 5 2024 by netops", "23:00:00 ICT Wed Mar 6 2024 by x", "a time"),
        ("36028796", "36029911", "the clock's drift"),
        ("812 bytes", "813 bytes", "the size"),
        ("0822455D0A16", "060506324F41", "the same password, encrypted with another salt"),
        ("  3082024F 308201B8\n  A0030201", "  3082024f\n  308201B8 A0030201", "line breaks"),
        ("interface Gi1/0/2\n shutdown\n", "", "what moves to another place"),
        (" description Hall A\n switchport access vlan 10\n",
         " switchport access vlan 10\n description Hall A\n", "lines that change places"),
        ("hostname press", "!\nhostname   press", "comments and spaces"),
        ("\n", "\r\n", "line ends"),
    ],
)  # fmt: skip
def test_noise_is_no_difference(old: str, new: str, why: str) -> None:
    after = IOS.replace(old, new)
    if why == "what moves to another place":
        after = after.replace("access-list 10 permit", f"{old}access-list 10 permit")
    assert after != IOS
    assert Text.of("cisco_ios", IOS).says_the_same(Text.of("cisco_ios", after)), why
    assert Text.of("cisco_ios", IOS).digest == Text.of("cisco_ios", after).digest
    assert differ(IOS, after) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (" shutdown\n", " no shutdown\n",
         [("interface Gi1/0/2", "-shutdown"), ("interface Gi1/0/2", "+no shutdown")]),
        # Order has a meaning here: the first line that fits decides.
        (" permit tcp any any eq 22\n deny ip any any\n",
         " deny ip any any\n permit tcp any any eq 22\n",
         [("ip access-list extended IN", "+deny ip any any"),
          ("ip access-list extended IN", "-deny ip any any")]),
        ("access-list 10 permit 10.0.0.1\naccess-list 10 deny any\n",
         "access-list 10 deny any\naccess-list 10 permit 10.0.0.1\n",
         [("access-list 10", "+access-list 10 deny any"),
          ("access-list 10", "-access-list 10 deny any")]),
        # What people wrote for people is compared as it stands.
        ("! Only staff.", "! Everybody.",
         [("", "-banner motd ^C"), ("", "-! Only staff."), ("", "-  interface Gi1/0/9"),
          ("", "-^C"), ("", "+banner motd ^C"), ("", "+! Everybody."),
          ("", "+  interface Gi1/0/9"), ("", "+^C")]),
        # Another secret is a change, and is not shown.
        ("0822455D0A16", "0822455D0A17",
         [("", "-username desk password 7 <removed>"),
          ("", "+username desk password 7 <removed>")]),
        ("$X.Hsg", "$Y.Hsg",
         [("", "-enable secret 9 <removed>"), ("", "+enable secret 9 <removed>")]),
        ("A0030201 02020101", "A0030201 02020102",
         [("crypto pki trustpoint TP", line) for line in (
             "-certificate self-signed 01", "-  <removed>", "-  <removed>", "-        quit",
             "+certificate self-signed 01", "+  <removed>", "+  <removed>", "+        quit")]),
        ("interface Gi1/0/2\n", "interface Gi1/0/3\n",
         [("", "-interface Gi1/0/2"), ("", "-shutdown"),
          ("", "+interface Gi1/0/3"), ("", "+shutdown")]),
    ],
)  # fmt: skip
def test_a_change_is_told_under_its_path(old: str, new: str, told: list[tuple[str, str]]) -> None:
    assert old in IOS
    assert not Text.of("cisco_ios", IOS).says_the_same(Text.of("cisco_ios", IOS.replace(old, new)))
    assert differ(IOS, IOS.replace(old, new)) == told


def test_another_secret_is_marked_as_such() -> None:
    after = IOS.replace("0822455D0A16", "0822455D0A17")
    (hunk,) = config_versions.hunks(Text.of("cisco_ios", IOS), Text.of("cisco_ios", after))
    assert [line.is_secret for line in hunk.lines] == [True, True]


JUNOS = """\
## Last commit: 2024-03-05 10:11:12 ICT by netops
system {
    host-name core;
    root-authentication { encrypted-password "$6$abc$def"; ## SECRET-DATA
    }
    radius-server {
        10.0.0.9 {
            secret "$9$LbHX-wg4Z"; ## SECRET-DATA
        }
    }
}
firewall {
    filter IN {
        term A;
        term B;
    }
}
"""
ROUTEROS = """\
# mar/05/2024 10:11:12 by RouterOS 7.14
# software id = ABCD-EFGH
/interface vlan
add name=press vlan-id=10 \\
    interface=ether1
/ip firewall filter
add action=accept chain=input
add action=drop chain=input
"""


@pytest.mark.parametrize(
    ("platform", "text", "old", "new", "told"),
    [
        ("juniper_junos", JUNOS, "10:11:12 ICT by netops", "09:00:00 ICT by x", []),
        ("juniper_junos", JUNOS, "host-name core", "host-name edge",
         [("system", "-host-name core;"), ("system", "+host-name edge;")]),
        ("juniper_junos", JUNOS, "        term A;\n        term B;\n",
         "        term B;\n        term A;\n",
         [("firewall { / filter IN {", "+term B;"), ("firewall { / filter IN {", "-term B;")]),
        ("mikrotik_routeros", ROUTEROS, "10:11:12", "09:00:00", []),
        ("mikrotik_routeros", ROUTEROS, "vlan-id=10 \\\n    interface", "vlan-id=10 interface", []),
        ("mikrotik_routeros", ROUTEROS, "vlan-id=10", "vlan-id=20",
         [("/interface vlan", "-add name=press vlan-id=10 \\"),
          ("/interface vlan", "-    interface=ether1"),
          ("/interface vlan", "+add name=press vlan-id=20 \\"),
          ("/interface vlan", "+    interface=ether1")]),
        ("mikrotik_routeros", ROUTEROS,
         "add action=accept chain=input\nadd action=drop chain=input\n",
         "add action=drop chain=input\nadd action=accept chain=input\n",
         [("/ip firewall filter", "+add action=drop chain=input"),
          ("/ip firewall filter", "-add action=drop chain=input")]),
    ],
)  # fmt: skip
def test_other_platforms_are_compared_by_their_own_blocks(
    platform: str, text: str, old: str, new: str, told: list[tuple[str, str]]
) -> None:
    assert old in text
    found = differ(text, text.replace(old, new), platform)
    assert [(path.replace("system {", "system"), line) for path, line in found] == told


@pytest.mark.parametrize(
    ("code", "plain"),
    [("0822455D0A16", "cisco"), ("060506324F41", "cisco"), ("99AB", None)],
)
def test_type_7_is_undone(code: str, plain: str | None) -> None:
    assert config_secrets.type_7(code) == plain


@pytest.mark.parametrize(
    ("words", "settled"),
    [
        ('secret "$9$LbHX-wg4Z"', 'secret "plain lc"'),
        # No encoding of Junos: left as it stands.
        ('secret "$9$!!!!!"', 'secret "$9$!!!!!"'),
        ("enable secret 9 $9$a$b", "enable secret 9 $9$a$b"),
        ("key 6 AbC\\dEf", "key 6 <encrypted by the device>"),
        ("snmp-server community x RO 7", "snmp-server community x RO 7"),
        ("permit 7 0822455D0A16", "permit 7 0822455D0A16"),
    ],
)
def test_only_reversible_secrets_are_settled(words: str, settled: str) -> None:
    assert config_secrets.settled(words) == settled


HOSTILE = {
    "nested without end": "".join(" " * depth + f"a{depth}\n" for depth in range(3000)),
    "a banner that never ends": "banner motd ^C\n" + "interface x\n" * 500,
    "one letter again and again": "ip access-list extended X\n" + " permit any\n" * 6000,
    "open braces": "a {\n" * 3000,
    "nothing": "",
    "only a certificate": "certificate self-signed 01\n" + "AB\n" * 500,
    "continued to its end": "/ip\nadd x \\\n" * 300 + "\\",
    "control characters": "interface \x00\x1b[31m<script>\u202e\n é\n",
}


@pytest.mark.parametrize("platform", ["cisco_ios", "juniper_junos", "mikrotik_routeros"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_read_and_compared(platform: str, text: str) -> None:
    first, second = Text.of(platform, text), Text.of(platform, "x\n" + text + "y\n")
    assert first.says_the_same(Text.of(platform, text))
    assert config_versions.hunks(first, first) == []
    config_versions.hunks(first, second)
    config_blocks.paths(second.blocks)


def test_ten_thousand_like_lines_are_told_as_gone_and_come() -> None:
    text = "ip access-list extended X\n" + " permit any\n" * 6000
    after = text.replace(" permit any\n", " deny any\n", 1) + " deny any\n"
    assert len(differ(text, after)) == 6000 + 6001


def test_twenty_thousand_lines_are_compared() -> None:
    ports = [f"interface Gi{n}\n description port {n}\n switchport mode access\n shutdown\n"
             for n in range(5000)]  # fmt: skip
    before = "".join(ports)
    assert before.count("\n") == 20_000
    after = "".join(reversed(ports)).replace("description port 77\n", "description hall\n")
    assert differ(before, after) == [
        ("interface Gi77", "-description port 77"),
        ("interface Gi77", "+description hall"),
    ]


# Blocks of a few words, so that both sides have some in common; `filter x` is ordered.
WORDS = st.sampled_from(["a", "b", "c", "filter x", "access-list 1"])
TREES = st.recursive(
    st.builds(lambda words: (words, ()), WORDS),
    lambda inside: st.tuples(WORDS, st.lists(inside, max_size=4).map(tuple)),
    max_leaves=12,
)
FORESTS = st.lists(TREES, max_size=5)


def built(forest) -> tuple[Block, ...]:
    return tuple(Block(words, 1, 1, built(inside)) for words, inside in forest)


def applied(before: tuple[Block, ...], edits: tuple[Edit, ...], *, is_ordered: bool = False):
    """What the edits make of `before`; fails where they speak of what is not there."""
    left, after = list(before), []
    for edit in edits:
        if edit.before is not None:
            assert not is_ordered or left[0] is edit.before
            left.remove(edit.before)
        if edit.before is not None and edit.after is not None:
            inside = applied(edit.before.children, edit.edits, is_ordered=edit.before.is_ordered)
            after.append(Block(edit.before.words, 1, 1, inside))
        elif edit.after is not None:
            after.append(edit.after)
    assert left == []
    return tuple(after)


@settings(max_examples=300, deadline=None)
@given(FORESTS, FORESTS)
def test_a_diff_applied_to_one_side_gives_the_other(one, other) -> None:
    before, after = built(one), built(other)
    told = config_diff.edits(before, after)
    assert config_blocks.canonical(applied(before, told)) == config_blocks.canonical(after)
    back = config_diff.edits(after, before)
    assert config_blocks.canonical(applied(after, back)) == config_blocks.canonical(before)
    is_same = config_blocks.canonical(before) == config_blocks.canonical(after)
    if is_same and len({block.words for block in before}) == len(before):
        assert config_diff.counted(config_diff.edits(before, before)) == (0, 0)
    if not is_same:
        assert config_diff.counted(told) != (0, 0)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("secrets_*.cfg")), ids=lambda path: path.stem)
def test_no_secret_is_in_a_diff(path: Path) -> None:
    platforms = {"ios": "cisco_ios", "nxos": "cisco_nxos", "eos": "arista_eos",
                 "junos": "juniper_junos", "routeros": "mikrotik_routeros",
                 "procurve": "hp_procurve"}  # fmt: skip
    platform = platforms[path.stem.split("_")[1]]
    text = path.read_text()
    for before, after in ((text, ""), ("", text), (text, text.replace("s3cr3t", "0th3r"))):
        for where, line in differ(before, after, platform):
            assert "s3cr3t" not in (where + line).lower()
            assert "0th3r" not in (where + line).lower()
