"""Policies on pages: every rule and how it is kept, one rule's findings, the report as files."""

import io
from datetime import timedelta

import openpyxl
import pytest

from config import clock
from config.database import db, transaction
from monitoring import evidence, hostkeys, policy, violations
from monitoring.models import Device, FindingRow, Platform
from monitoring.probes.logins import SshLogin
from portal.demo.ssh_switch import SshSwitch
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import KEYRING, a_switch, with_login
from tests.portal.conftest import signed_in, token_of

LAX = "hostname SW-LAX\nsnmp-server community public RO\nline vty 0 4\n transport input telnet\n"
GOOD = "hostname SW-GOOD\nip ssh version 2\nline vty 0 4\n transport input ssh\n"


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR))


def judged(text, **over):
    """A device that showed this configuration."""
    device = a_switch(resource=None, **over)
    seen = policy.evidence_from(device.platform.value, text)
    evidence.record(device, evidence.Collected(device.id, clock.now(), seen), policy.load())
    return device


@pytest.fixture
def two_switches(service):
    """One that is lax and one that is better."""
    with service.app_context(), transaction():
        site = build.a_site(name="Tòa nhà <255>")
        return (
            judged(LAX, name="SW-LAX", site=site).id,
            judged(GOOD, name="SW-GOOD", site=site).id,
        )


def test_every_rule_is_listed_with_how_it_is_kept_and_those_broken_come_first(
    operator, two_switches
):
    page = operator.get("/policies?lang=en").text
    assert all(f'href="/policies/{rule.id}"' in page for rule in policy.load())
    assert page.index('href="/policies/N01"') < page.index('href="/policies/N02"')
    assert '/policies/N03?result=fail"><span class="visually-hidden">N03, Fails: </span>1' in page
    assert "AC-17(2)" in page
    assert "Remove the default community; use SNMPv3." in page
    assert "Xóa community mặc định" in operator.get("/policies?lang=vi").text


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("severity=critical", "N01", "N02"),
        ("platform=linux", "L01", "N02"),
        ("framework=IA-5", "N03", "N01"),
        ("result=fail", "N03", "N10X"),
        ("q=SNMPv3", "N05", "N01"),
        ("q=l01", "L01", "L02"),
    ],
)
def test_rules_are_filtered(operator, two_switches, query, there, gone):
    page = operator.get(f"/policies?{query}").text
    assert f'href="/policies/{there}"' in page
    assert f'href="/policies/{gone}"' not in page


def test_strange_filters_are_refused_or_find_nothing(operator):
    assert operator.get("/policies?severity=terrible").status_code == 422
    assert operator.get("/policies?result=maybe").status_code == 422
    nothing = operator.get("/policies?q=<script>alert(1)</script>&lang=en").text
    assert "No rule matches" in nothing
    assert "<script>alert(1)" not in nothing


def test_one_rule_shows_its_findings_with_evidence_and_no_secret(operator, two_switches):
    lax, good = two_switches
    page = operator.get("/policies/N03?lang=en").text
    assert f'href="/devices/{lax}"' in page
    assert f'href="/devices/{good}"' in page
    assert "snmp-server community &lt;removed&gt; RO" in page
    assert "public RO" not in page
    only = operator.get("/policies/N03?result=fail").text
    assert f'href="/devices/{lax}"' in only
    assert f'href="/devices/{good}"' not in only
    assert "set system ntp server ADDRESS" in operator.get("/policies/N17").text


def test_a_waived_finding_is_no_pass_and_a_device_out_of_use_does_not_count(
    service, operator, person, two_switches
):
    lax, good = two_switches
    with service.app_context(), transaction():
        device = db.session.get_one(Device, lax)
        by = db.session.merge(person(role=Role.OPERATOR), load=True)
        until = clock.now() + timedelta(days=3)
        violation = violations.find_open(device, "N03")
        violations.waive(violation, by=by, reason="replaced next week", until=until)
        seen = policy.evidence_from("cisco_ios", LAX)
        evidence.record(device, evidence.Collected(lax, clock.now(), seen), policy.load())
        db.session.get_one(Device, good).is_enabled = False
    page = operator.get("/policies/N03?lang=en").text
    assert "Waived 1" in page
    assert "Passes" not in page
    assert "SW-GOOD" not in page


def test_an_unknown_rule_is_not_found(operator):
    for name in ("N99", "n01", "%3Cscript%3E"):
        assert operator.get(f"/policies/{name}").status_code == 404


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("device", ["SW-LAX", "SW-GOOD"]),
        ("site", ["Tòa nhà &lt;255&gt;"]),
        ("control", ["AC-17(2)", "CIS Cisco IOS 15"]),
        ("month", ["Standing at the end"]),
    ],
)
def test_the_report_counts_by_device_site_framework_and_month(operator, two_switches, by, words):
    page = operator.get(f"/policies/report?by={by}&lang=en").text
    assert [word for word in words if word not in page] == []
    assert operator.get("/policies/report?by=moon").status_code == 422


def test_what_is_unknown_has_not_passed(service, operator):
    with service.app_context(), transaction():
        device = a_switch(name="SW-MUTE", resource=None, platform=Platform.CISCO_XE)
        seen = policy.Evidence("cisco_xe")
        evidence.record(device, evidence.Collected(device.id, clock.now(), seen), policy.load())
    rows = operator.get("/policies/report.csv?by=device&lang=en").text.splitlines()
    name, _site, passed, failed, _waived, unknown, _na, share = rows[1].split(",")
    assert (name, passed, failed, share) == ("SW-MUTE", "0", "0", "0.0")
    assert int(unknown) > 30


@pytest.mark.parametrize("by", ["device", "site", "control", "month"])
def test_the_report_is_a_file_as_well(operator, two_switches, by):
    csv = operator.get(f"/policies/report.csv?by={by}&lang=en")
    assert csv.headers["Content-Disposition"].startswith(f"attachment; filename=compliance-{by}-")
    book = openpyxl.load_workbook(
        io.BytesIO(operator.get(f"/policies/report.xlsx?by={by}&lang=en").data)
    )
    assert book.active.max_row == len(csv.text.splitlines())
    assert book.active.max_row > 1


def test_months_tell_what_was_opened_resolved_and_stands(service, operator, two_switches):
    lax, _good = two_switches
    with service.app_context(), transaction():
        [one] = [v for v in violations.all_(limit=100) if v.rule == "N03"]
        assert one.device_id == lax
        violations.resolve(one, at=clock.now() + timedelta(seconds=1))
        standing = violations.count(statuses=violations.STANDING, beyond=1000)
    rows = operator.get("/policies/report.csv?by=month&lang=en").text.splitlines()
    month, opened, resolved, stands, _grave = rows[1].split(",")
    assert month == f"{clock.today():%Y-%m}"
    assert (int(opened), int(resolved), int(stands)) == (standing + 1, 1, standing)
    assert len(rows) == 13


def test_a_renter_sees_no_policies(service, person):
    renter = signed_in(service, person())
    for path in ("/policies", "/policies/N01", "/policies/report", "/policies/report.csv"):
        assert renter.get(path).status_code == 403


def test_a_violation_leads_to_its_rule_and_names_the_commands_of_its_platform(service, operator):
    with service.app_context(), transaction():
        device = judged("hostname a\n", name="SW-EOS", platform=Platform.ARISTA_EOS)
        violation = violations.find_open(device, "N14")
        number = violation.id
    page = operator.get(f"/violations/{number}").text
    assert 'href="/policies/N14"' in page
    assert "idle-timeout 10" in page
    assert "exec-timeout" not in page


def test_a_device_is_judged_at_once_when_an_operator_asks(service, operator, two_switches):
    device_id = two_switches[0]
    here = f"/policies/devices/{device_id}/judge"
    form = {"csrf_token": token_of(operator)}
    asked = operator.post(here, data=form)
    assert asked.headers["Location"] == f"/devices/{device_id}#policies"
    operator.post(here, data=form)
    waiting = db.session.execute(
        db.text("SELECT args FROM procrastinate_jobs WHERE task_name = 'judge_device'")
    ).scalars()
    site = db.session.get_one(Device, device_id).site.slug
    assert list(waiting) == [{"site": site, "device": device_id}], "asked for twice, done once"
    assert operator.post("/policies/devices/999999/judge", data=form).status_code == 404


def test_a_worker_judges_just_the_device_that_was_asked_for(service):
    with SshSwitch() as switch:
        with transaction():
            device = a_switch(ssh_port=switch.port, resource=None, site=build.a_site())
            other = a_switch(ssh_port=switch.port, resource=None, site=device.site)
            for one in (device, other):
                with_login(one, SshLogin(switch.username, switch.password))
                hostkeys.approve(one, switch.public_key, by=build.desk())
            device_id, other_id, site_id = device.id, other.id, device.site_id
        evidence.collect_site(site_id, KEYRING, only=device_id)
    judged_ids = set(db.session.scalars(db.select(FindingRow.device_id)))
    assert device_id in judged_ids
    assert other_id not in judged_ids
