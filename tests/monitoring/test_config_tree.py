"""Configurations become trees; banners, comments and certificates stay out of the way."""

import re
import time

import pytest

from monitoring import config_tree, linux_evidence
from monitoring.linux_evidence import Listener


def shape(statements: list[config_tree.Statement]) -> list[object]:
    return [(s.words, shape(s.children)) if s.children else s.words for s in statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n b\n  c\n d\ne\n", [("a", [("b", ["c"]), "d"]), "e"]),
        ("  a\n   b\n  c\n", [("a", ["b"]), "c"]),  # pasted with a margin
        ("a\n ! remark\n b\n!\nc\n", [("a", ["b"]), "c"]),
        ("banner motd ^C\nline vty 0 4\n ^C\na\n", ["banner motd", "a"]),
        ("banner motd ^Chello^C\na\n", ["banner motd", "a"]),
        ("banner motd #hello\nagain # and more\na\n", ["banner motd", "a"]),
        ("banner login\nline vty 0 4\nEOF\na\n", ["banner login", "a"]),
        ("aaa authentication banner $\nx\n$\na\n", ["aaa authentication banner", "a"]),
        (
            "crypto pki certificate chain T\n certificate self-signed 01\n  30 82\n  \tquit\na\n",
            [("crypto pki certificate chain T", ["certificate self-signed 01"]), "a"],
        ),
        ("int Gi0/1\n shut\n", [("interface Gi0/1", ["shutdown"])]),
        ("a\r\n b\r\n", [("a", ["b"])]),
        ("\ufeffa\n", ["a"]),
        ("", []),
    ],
)
def test_indentation_makes_the_tree(text: str, expected: list[object]) -> None:
    assert shape(config_tree.parse(text, "cisco_ios").statements) == expected


JUNOS = """\
system {
    services {
        ssh { root-login deny; }   # set system services telnet
        inactive: telnet;
        /* ftp; */
    }
    login { message "no telnet; { here"; }
}
groups {
    clocks { system { ntp { server 10.0.0.1; } } }
    unused { system { services { telnet; } } }
}
apply-groups clocks;
"""


def test_junos_is_read_as_paths_without_what_is_inactive_or_in_a_group_that_nobody_applies() -> (
    None
):
    tree = config_tree.parse(JUNOS, "juniper_junos")
    assert [(s.words, s.line) for s in tree.top()] == [
        ("system services ssh root-login deny", 3),
        ('system login message "no telnet; { here"', 7),
        ("system ntp server 10.0.0.1", 10),
    ]
    assert tree.problem is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set system services telnet\n", ["system services telnet"]),
        ("set system services telnet\ndeactivate system services telnet\n", []),
        ("set system services telnet\ndelete system services\nset version 1\n", ["version 1"]),
        ("set system services telnet-x\ndelete system services telnet\n", None),
    ],
)
def test_junos_in_set_lines_is_the_same(text: str, expected: list[str] | None) -> None:
    wanted = ["system services telnet-x"] if expected is None else expected
    assert [s.words for s in config_tree.parse(text, "juniper_junos").top()] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "system { services { ssh;",
        "system { } }",
        "system { services { apply-groups x; } }",  # what it brings is not known
        "system { host-name a; } apply-groups [ gone ];",
        "hostname a\ninterface Gi0/1\n",
    ],
)
def test_half_a_junos_configuration_says_so(text: str) -> None:
    assert config_tree.parse(text, "juniper_junos").problem


@pytest.mark.parametrize(
    "text",
    [
        "/ip service\nset telnet disabled=yes\n",
        "# 2026-11-27\r\n/ip service\r\nset telnet disabled=yes\r\n",
        "/ip service set telnet disabled=yes\n",
        "/ip/service/set telnet disabled=yes\n",
        "/ip service\nset telnet \\\n    disabled=yes\n",
        "/ip service\nset telnet disa\\\n    bled=yes\n",
    ],
)
def test_routeros_is_the_same_in_all_its_forms(text: str) -> None:
    tree = config_tree.parse(text, "mikrotik_routeros")
    assert [s.words for s in tree.top()] == ["/ip service set telnet disabled=yes"]
    assert tree.problem is None


def test_what_is_no_export_of_routeros_says_so() -> None:
    for text in ("", "bad command name", "# nothing\n"):
        assert config_tree.parse(text, "mikrotik_routeros").problem


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("snmp-s comm public RO", "snmp-server community public RO"),
        ("snmp com public", "snmp-server community public"),
        ("no shut", "no shutdown"),
        ("en pass abc", "enable password abc"),
        ("sw acc vl 10", "switchport access vlan 10"),
        ("ip http serv", "ip http server"),
        ("description shut", "description shut"),
    ],
)
def test_abbreviations_are_written_out(typed: str, meant: str) -> None:
    assert config_tree.Statement(typed, 1).words == meant


@pytest.mark.parametrize(
    "text",
    ["", "hello", "banner motd #\nline vty 0 4\n", "interface a\nbanner login\nnever ends"],
)
def test_what_is_not_a_whole_configuration_says_so(text: str) -> None:
    assert config_tree.parse(text, "cisco_ios").problem


def test_fifty_thousand_lines_are_read_in_a_moment() -> None:
    text = "hostname a\n" + "".join(f"interface Gi0/{n}\n no shutdown\n" for n in range(25_000))
    # Of this process alone: a busy machine is no fault of the parser.
    began = time.process_time()
    assert sum(1 for _ in config_tree.parse(text, "cisco_ios").everywhere()) == 50_001
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LISTEN 0 128 0.0.0.0:22 0.0.0.0:*", Listener(22, "0.0.0.0")),
        ("LISTEN 0 128 [::]:22 [::]:*", Listener(22, "::")),
        ("LISTEN 0 511 *:80 *:*", Listener(80, "::")),
        ("LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*", Listener(53, "127.0.0.53")),
        ("LISTEN 0 5 [fe80::1%eth0]:546 [::]:*", Listener(546, "fe80::1")),
        ("tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN", Listener(22, "0.0.0.0")),
        ("tcp6 0 0 :::22 :::* LISTEN", Listener(22, "::")),
        (" 0: 0100007F:1538 00000000:0000 0A 00000000:0", Listener(5432, "127.0.0.1")),
        (
            " 1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0",
            Listener(22, "::1"),
        ),
    ],
)
def test_listening_ports_are_read_in_every_dialect(text: str, expected: Listener) -> None:
    assert linux_evidence.listeners(text) == (expected,)


def test_a_connection_is_not_a_listener() -> None:
    assert linux_evidence.listeners("ESTAB 0 0 10.0.0.1:22 10.0.0.2:4711") == ()
    assert linux_evidence.listeners(" 0: 0100007F:1538 0100007F:0016 01 0") == ()


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("^snmp-server community (public|private)", "snmp-server"),
        ("^no ip http server$", "no"),
        ("^ip ?http", None),
        ("^ip http|^web", None),
        ("^(no )?ip http", None),
        ("^vstack$", None),
        ("http", None),
    ],
)
def test_a_pattern_is_tried_only_where_its_first_word_stands(
    pattern: str, word: str | None
) -> None:
    assert config_tree.first_word(re.compile(pattern, re.IGNORECASE)) == word


def test_what_is_found_by_first_words_is_what_a_search_of_everything_finds() -> None:
    text = "SNMP-Server  community a\n int Gi0/1\nsnmp-s com b RO\nno ip http serv\nntp server 1\n"
    tree = config_tree.parse(text, "cisco_ios")
    for words in (
        "^snmp-server community ",
        "^no ip http server$",
        "^ntp server (\\S+)",
        "^ntp|^ip",
    ):
        pattern = re.compile(words, re.IGNORECASE)
        assert tree.fitting(pattern) == [s for s in tree.everywhere() if s.matches(pattern)]
        assert tree.blocks(pattern) == [s for s in tree.top() if s.matches(pattern)]
