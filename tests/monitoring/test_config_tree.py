"""Configurations become trees; banners, comments and certificates stay out of the way."""

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
        ("int Gi0/1\n shut\n", [("interface Gi0/1", ["shut"])]),
        ("a\r\n b\r\n", [("a", ["b"])]),
        ("\ufeffa\n", ["a"]),
        ("", []),
    ],
)
def test_indentation_makes_the_tree(text: str, expected: list[object]) -> None:
    assert shape(config_tree.parse(text, "cisco_ios").statements) == expected


def test_junos_is_read_by_its_braces() -> None:
    text = (
        "system {\n    services {\n        ssh;\n        telnet;\n    }\n}\n/* a\n b; */\nset x y\n"
    )
    tree = config_tree.parse(text, "juniper_junos")
    assert shape(tree.statements) == [("system", [("services", ["ssh", "telnet"])]), "set x y"]
    assert tree.statements[-1].line == 9


@pytest.mark.parametrize(
    "text",
    ["", "hello", "banner motd #\nline vty 0 4\n", "interface a\nbanner login\nnever ends"],
)
def test_what_is_not_a_whole_configuration_says_so(text: str) -> None:
    assert config_tree.parse(text, "cisco_ios").problem


def test_fifty_thousand_lines_are_read_in_a_moment() -> None:
    text = "hostname a\n" + "".join(f"interface Gi0/{n}\n no shutdown\n" for n in range(25_000))
    began = time.perf_counter()
    assert sum(1 for _ in config_tree.parse(text, "cisco_ios").everywhere()) == 50_001
    assert time.perf_counter() - began < 5


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
