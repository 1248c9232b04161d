"""The rules are strict where a device is lax, and are not fooled by what people wrote."""

from pathlib import Path

import pytest

from config import documents
from config.errors import Invalid
from monitoring import audit, policy
from monitoring.conditions import Evidence
from monitoring.linux_evidence import Listener
from monitoring.policy import Result

CONFIGS = Path(__file__).parent / "configs"
RULES = {rule.id: rule for rule in policy.load()}
VTY = "line vty 0 4\n transport input ssh\n"


def result(rule: str, text: str, platform: str = "cisco_ios") -> Result:
    [finding] = policy.evaluate([RULES[rule]], policy.evidence_from(platform, text))
    return finding.result


def test_a_good_switch_breaks_no_rule_although_its_banner_says_otherwise() -> None:
    findings = audit.audit((CONFIGS / "good_ios.cfg").read_text(), "cisco_ios")
    assert {f.rule: f.result for f in findings if f.result is not Result.PASS} == {}
    assert len(findings) >= 30


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("N01", VTY, "pass"),
        ("N01", "line vty 0 4\n transport input telnet ssh\n", "fail"),
        ("N01", "line vty 0 4\n transport input ssh telnet\n", "fail"),
        ("N01", "line vty 0 4\n transport input all\n", "fail"),
        ("N01", "line vty 0 4\n transport input none\n", "pass"),  # nobody comes in at all
        ("N01", "line vty 0 4\n login local\n", "fail"),  # older IOS then takes telnet
        ("N01", VTY + "line vty 5 15\n transport input telnet\n", "fail"),  # the second range
        ("N01", VTY + "line vty 5\n transport input all\n", "fail"),  # a range of one
        ("N01", "hostname a\n", "unknown"),  # every switch has vty lines: this is not all of it
        ("N01", "line con 0\n transport input telnet\n" + VTY, "pass"),  # a console takes no telnet
        ("N01", "lin vty 0 4\n trans in ssh\n", "pass"),  # as people type it
        ("N01", "line vty 0 4\r\n transport input ssh\r\n", "pass"),  # saved by a terminal program
        ("N01", "line vty 0 4\n\ttransport  input  telnet\n", "fail"),
        ("N01", VTY + "banner motd #\nnothing ends this\n", "unknown"),
        ("N01", "line vty 0 4\n transport input all\nbanner motd #\nnothing ends this", "fail"),
        ("N02", "ip ssh version 2\n", "pass"),
        ("N02", "ip ssh version 1\n", "fail"),
        ("N02", "hostname a\n", "fail"),
        ("N02", "ip ssh version 2\nno ip ssh version 2\n", "fail"),
        ("N02", "banner motd #\nip ssh version 2\n#\nhostname a\n", "fail"),
        ("N02", "interface Gi0/1\n description ip ssh version 2\n", "fail"),
        ("N03", "snmp-server community public RO\n", "fail"),
        ("N03", "snmp-server community Private view ALL RW 10\n", "fail"),
        ("N03", "snmp-server community public\n", "fail"),
        ("N03", 'snmp-server community "public" RO\n', "fail"),
        ("N03", "snmp-server community public-desk RO\n", "pass"),  # another word
        ("N03", "snmp-server community public RO\nno snmp-server community public\n", "pass"),
        ("N03", "hostname a\ninterface Gi0/1\n description snmp-server community public\n", "pass"),
        ("N03", "hostname a\n! snmp-server community public RO\n", "pass"),
        ("N03", "hostname a\n  snmp-server community public RO\n", "fail"),  # slipped into a block
        ("N03", "hostname a\nbanner exec \x03\nsnmp-server community public\n\x03\n", "pass"),
        (
            "N03",
            "hostname a\nbanner exec \x03\nhello\n\x03\nsnmp-server community public\n",
            "fail",
        ),
        ("N03", "", "unknown"),
        ("N03", "% Authorization failed\n", "unknown"),
        ("N03", "set snmp community public authorization read-only\n", "unknown"),  # Junos
        ("N04", "snmp-server community x RW\n", "fail"),
        ("N04", "snmp-server community x view ALL rw 10\n", "fail"),
        ("N04", "snmp-server community rw RO\n", "pass"),  # only its name
        ("N04", "snmp-server community x RO RW\n", "pass"),  # an access list of that name
        ("N04", "snmp-server community x\n", "pass"),  # read-only unless said
        ("N08", "enable secret 9 $9$x\n", "pass"),
        ("N08", "hostname a\n", "fail"),
        ("N08", "enable password 7 0822\n", "fail"),
        ("N08", "enable secret 9 $9$x\nenable password 7 0822\n", "fail"),
        ("N08", "enable secret 0 open\n", "fail"),
        ("N09", "username a privilege 15 secret 9 $9$x\n", "pass"),
        ("N09", "username password secret 9 $9$x\n", "pass"),  # a strange name is no crime
        ("N09", "username a password 7 0822\n", "fail"),
        ("N09", "username a privilege 15 password 0 open\n", "fail"),
        ("N09", "username a secret 0 open\n", "fail"),
        ("N09", "username a nopassword\n", "fail"),
        ("N09", "hostname a\n", "not_applicable"),
        ("N09", "username a secret 9 $9$x\nusername b password x\nno username b\n", "pass"),
        ("N14", "line con 0\n exec-timeout 10 0\n" + VTY, "pass"),
        ("N14", "line con 0\n exec-timeout 0 0\n", "fail"),
        ("N14", "line con 0\n exec-timeout 0\n", "fail"),
        ("N14", "line con 0\n no exec-timeout\n", "fail"),
        ("N14", "line con 0\n exec-timeout 0 30\n", "pass"),  # half a minute
        ("N14", "line con 0\n exec-timeout 10 1\n", "fail"),
        ("N14", "line con 0\n exec-timeout 60 0\n", "fail"),
        ("N14", "line vty 0 4\n exec-timeout 5 0\nline vty 5 15\n exec-timeout 100\n", "fail"),
        ("N14", VTY, "pass"),  # the default, 10 minutes, is not written out
        ("N14", "hostname a\n", "unknown"),
        ("N17", "ntp server 10.0.0.1\nntp server vrf M 10.0.0.2\n", "pass"),
        ("N17", "ntp server 10.0.0.1\nntp server 10.0.0.1 prefer\n", "fail"),  # one and the same
        ("N17", "hostname a\n", "fail"),
        ("N19", "logging host 10.0.0.1\n", "pass"),
        ("N19", "logging 10.0.0.1\n", "pass"),  # the old form
        ("N19", "logging buffered 64000\n", "fail"),
        ("N19", "logging host 10.0.0.1\nno logging on\n", "fail"),
        ("N23", "no ip http server\n", "pass"),
        ("N23", "ip http server\n", "fail"),
        ("N23", "hostname a\n", "unknown"),  # the default differs by release
        ("N23", "ip http secure-server\n", "fail"),  # for everybody
        ("N23", "ip http server\nno ip http server\n", "pass"),
    ],
)
def test_the_rules_for_cisco(rule: str, text: str, expected: str) -> None:
    assert result(rule, text).value == expected


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("A01", "hostname a\nmanagement telnet\n   no shutdown\n", "fail"),
        ("A01", "hostname a\nmanagement telnet\n   shutdown\n", "pass"),
        ("A01", "hostname a\n", "pass"),  # off unless turned on
        ("A01", "management api http-commands\n   protocol http\n   no shutdown\n", "fail"),
        ("A01", "management api http-commands\n   no protocol http\n   no shutdown\n", "pass"),
        ("A01", "management api http-commands\n   protocol https\n   no shutdown\n", "pass"),
        ("N03", "hostname a\nbanner motd\nsnmp-server community public ro\nEOF\n", "pass"),
        ("N03", "snmp-server community public ro\n", "fail"),
        ("N09", "username admin privilege 15 role network-admin nopassword\n", "fail"),
        ("N09", "username admin privilege 15 role network-admin secret sha512 $6$x\n", "pass"),
        ("N02", "hostname a\n", "not_applicable"),  # SSH 2 is all that EOS speaks
    ],
)
def test_the_rules_for_arista(rule: str, text: str, expected: str) -> None:
    assert result(rule, text, "arista_eos").value == expected


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("L01", "permitrootlogin no\n", "pass"),
        ("L01", "permitrootlogin yes\n", "fail"),
        ("L01", "permitrootlogin without-password\n", "fail"),
        ("L01", "port 22\n", "unknown"),
        ("L01", "", "unknown"),
        ("L01", "# PermitRootLogin no\nPort 22\n", "unknown"),  # a comment is not a setting
        ("L01", "PermitRootLogin no\nPermitRootLogin yes\n", "pass"),  # sshd takes the first
        ("L01", "PermitRootLogin=yes\n", "fail"),
        ("L01", "PermitRootLogin no\nMatch User root\n  PermitRootLogin yes\n", "fail"),
        ("L01", "Port 22\nMatch User root\n  PermitRootLogin no\n", "unknown"),
        ("L01", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n", "unknown"),
        ("L01", "sshd: no hostkeys available -- exiting.\n", "unknown"),
        ("L02", "passwordauthentication no\npermitemptypasswords no\n", "pass"),
        ("L02", "passwordauthentication yes\npermitemptypasswords no\n", "fail"),
        ("L02", "passwordauthentication no\npermitemptypasswords yes\n", "fail"),
        ("L02", "passwordauthentication no\n", "unknown"),
        ("L03", "maxauthtries 4\nx11forwarding no\nallowtcpforwarding no\n", "pass"),
        ("L03", "maxauthtries 6\nx11forwarding no\nallowtcpforwarding no\n", "fail"),
        ("L03", "maxauthtries 4\nx11forwarding yes\nallowtcpforwarding no\n", "fail"),
        ("L03", "maxauthtries 4\nx11forwarding no\nallowtcpforwarding local\n", "fail"),
        ("L06", "permitrootlogin no\n", "unknown"),  # ports are other evidence
    ],
)
def test_the_rules_for_linux(rule: str, text: str, expected: str) -> None:
    assert result(rule, text, "linux").value == expected


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        (Listener(22, "0.0.0.0"), "pass"),
        (Listener(23, "0.0.0.0"), "fail"),
        (Listener(8080, "::"), "fail"),
        (Listener(8080, "127.0.0.1"), "pass"),  # only the host itself knocks there
        (Listener(8080, "::1"), "pass"),
    ],
)
def test_only_allowed_ports_may_be_reached(listener: Listener, expected: str) -> None:
    evidence = Evidence("linux", listeners=(listener,))
    [finding] = policy.evaluate([RULES["L06"]], evidence)
    assert finding.result.value == expected


def test_a_vty_that_takes_ssh_is_no_comfort_where_telnet_answers() -> None:
    seen = policy.evidence_from("cisco_ios", VTY)
    for is_open, expected in ((True, Result.FAIL), (False, Result.PASS)):
        evidence = Evidence(
            "cisco_ios", config=seen.config, shown=seen.shown, open_ports={23: is_open}
        )
        [finding] = policy.evaluate([RULES["N01"]], evidence)
        assert finding.result is expected


def test_evidence_names_the_block_and_the_line_and_hides_the_secret() -> None:
    text = "line vty 0 4\n password 7 0822455D0A16\n transport input telnet\nenable password abc\n"
    findings = {f.rule: f for f in audit.audit(text, "cisco_ios")}
    assert findings["N01"].evidence == ("line vty 0 4", " transport input telnet")
    assert findings["N08"].evidence == ("enable password <removed>",)


def test_the_evidence_of_a_large_switch_is_cut_and_says_so() -> None:
    ports = "".join(f"interface Gi1/0/{n}\n switchport mode access\n" for n in range(1, 201))
    [finding] = policy.evaluate([RULES["N28"]], policy.evidence_from("cisco_ios", ports))
    assert finding.result is Result.FAIL
    assert len(finding.evidence) == policy.MOST_LINES + 1
    assert finding.evidence[-1] == "… and 100 more lines"


def test_a_missing_line_is_named_in_the_reason() -> None:
    [finding] = policy.evaluate(
        [RULES["N01"]], policy.evidence_from("cisco_ios", "line vty 0 4\n login\n")
    )
    assert finding.evidence == ("line vty 0 4",)
    assert "line vty 0 4" in finding.reason


def test_without_evidence_every_rule_of_the_platform_is_unknown() -> None:
    for platform in ("cisco_ios", "arista_eos", "linux"):
        results = {f.result for f in policy.evaluate(RULES.values(), Evidence(platform))}
        assert results <= {Result.UNKNOWN, Result.NOT_APPLICABLE}
        assert Result.UNKNOWN in results


def test_a_waived_failure_is_waived_and_a_waived_pass_is_a_pass() -> None:
    for text, expected in (
        ("ip ssh version 1\n", Result.WAIVED),
        ("ip ssh version 2\n", Result.PASS),
    ):
        [finding] = policy.evaluate(
            [RULES["N02"]], policy.evidence_from("cisco_ios", text), waived={"N02"}
        )
        assert finding.result is expected


def test_an_audit_of_a_platform_without_rules_is_refused_with_the_names_it_knows() -> None:
    with pytest.raises(Invalid, match="cisco_ios"):
        audit.audit("hostname a", "commodore")


def test_every_shipped_rule_speaks_both_languages_and_says_how_to_cure_it() -> None:
    assert len(RULES) >= 50
    for rule in RULES.values():
        assert rule.title.vi != rule.title.en
        assert rule.cure.vi
        assert rule.mappings


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("severity: critical", "severity: terrible"), "line 5, rules.0.severity"),
        (("absent: '^x'", "absent: '(x'"), "not a regular expression"),
        (("absent: '^x'", "absent: '^x'\n      port_closed: 23"), "one key, not 2"),
        (("absent: '^x'", "missing: '^x'"), "Extra inputs"),
    ],
)
def test_a_wrong_rule_file_is_refused_with_line_and_key(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    text = """\
rules:
  - id: X01
    title: {vi: a, en: b}
    reason: {vi: a, en: b}
    severity: critical
    platforms: [cisco_ios]
    evidence: config
    condition:
      absent: '^x'
    cure: {vi: a, en: b}
"""
    (tmp_path / "own.yml").write_text(text)
    assert [rule.id for rule in policy.load(tmp_path)] == ["X01"]
    (tmp_path / "own.yml").write_text(text.replace(*change))
    with pytest.raises(documents.BadDocument, match=r"own\.yml") as refused:
        policy.load(tmp_path)
    assert complaint in str(refused.value)


def test_a_rule_given_twice_is_refused(tmp_path: Path) -> None:
    text = (Path(documents.HOME) / "policies" / "linux.yml").read_text()
    (tmp_path / "a.yml").write_text(text)
    (tmp_path / "b.yml").write_text(text)
    with pytest.raises(documents.BadDocument, match="L01 is given twice"):
        policy.load(tmp_path)
