"""From a violation to its cure: a real sshd and snmpd, real Ansible, two people, and accidents."""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config import clock
from config.database import db, transaction
from monitoring import (
    evidence,
    hostkeys,
    reasons,
    remediations,
    remedy_reasons,
    remedying,
    violations,
)
from monitoring.errors import NoRemedy, OtherDigest, RemediationMovedOn, SecondPerson
from monitoring.models import (
    Device,
    Platform,
    Problem,
    Remediation,
    RemediationStatus,
    Violation,
    ViolationStatus,
)
from monitoring.policy import Result
from monitoring.remedying import Terms
from monitoring.rules import PLAYBOOKS
from rental.models import Member
from tests import build
from tests.monitoring.agents import Agent, start_agent
from tests.monitoring.policy_world import (
    KEYRING,
    OpenSshServer,
    a_failure,
    a_switch,
    an_sshd,
    open_closures,
    with_login,
)

pytestmark = pytest.mark.usefixtures("house")


class Host:
    """A Linux host of our own: its sshd and, where wanted, its snmpd."""

    def __init__(self, folder: Path, server: OpenSshServer) -> None:
        self.folder, self.server = folder, server
        (folder / "drop").mkdir()
        self.hosts = folder / "hosts"
        self.hosts.mkdir()
        self.agent: Agent | None = None
        # The world may not come in as root; the station that watches may.
        server.head = f"Include {folder}/drop/*.conf\n"
        self.more = "Match Address 127.0.0.1\n PermitRootLogin yes\n"
        self.device_id = 0

    def start(self, more: str | None = None, **options: str) -> None:
        self.server.start(self.more if more is None else more, **options)
        with transaction():
            device = db.session.get(Device, self.device_id) or self._device()
            self.device_id = device.id
        self._tell_ansible(device.name)

    def _device(self) -> Device:
        port = self.agent.port if self.agent else 9
        device = a_switch(platform=Platform.LINUX, ssh_port=self.server.port, snmp_port=port)
        with_login(device, self.server.login)
        key = (self.folder / "host.pub").read_text()
        hostkeys.approve(device, " ".join(key.split()[:2]), by=build.desk())
        return device

    def _tell_ansible(self, name: str) -> None:
        process = self.server.process
        assert process is not None
        lines = [
            f"ansible_python_interpreter: {sys.executable}",
            "remedy_become: false",
            f"remedy_sshd: {self.server.program}",
            f"remedy_sshd_config: {self.folder}/sshd_config",
            f"remedy_sshd_folder: {self.folder}/drop",
            f"remedy_sshd_reload: kill -HUP {process.pid}",
            f"remedy_store: {self.folder}/store",
            "remedy_dead_man_seconds: 30",
        ]
        if self.agent is not None and self.agent.process is not None:
            lines += [
                f"remedy_snmpd_config: {self.agent.folder}/snmpd.conf",
                f"remedy_snmpd_reload: kill -HUP {self.agent.process.pid}",
            ]
        (self.hosts / f"{name}.yml").write_text("\n".join(lines) + "\n")

    @property
    def device(self) -> Device:
        db.session.expire_all()
        return db.session.get_one(Device, self.device_id)

    @property
    def drop_in(self) -> str | None:
        path = self.folder / "drop" / "00-media-center.conf"
        return path.read_text() if path.exists() else None

    def collect(self) -> dict[str, Result]:
        evidence.collect_site(self.device.site_id, KEYRING, seconds=20)
        db.session.expire_all()
        return {finding.rule: finding.result for finding in evidence.findings(self.device)}

    def violation(self, rule: str) -> Violation:
        found = violations.find_open(self.device, rule)
        assert found is not None
        return found

    def remedy(self, *, may_apply: bool = True) -> dict[str, int]:
        terms = Terms(may_apply=may_apply, hosts_folder=self.hosts)
        ended = remedying.remedy_site(self.device.site_id, KEYRING, terms).ended
        db.session.expire_all()
        return ended


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with an_sshd(tmp_path) as server:
        yield Host(tmp_path, server)


def planned(host: Host, rule: str, by: Member | None) -> int:
    with transaction():
        return remediations.plan(host.violation(rule), by=by).id


def approved(remediation_id: int, by: Member) -> bool:
    with transaction():
        remediation = remediations.get(remediation_id)
        assert remediation.digest is not None
        return remediations.approve(remediation, digest=remediation.digest, by=by)


def said(remediation_id: int) -> str:
    return reasons.in_english(reasons.kept(remediations.get(remediation_id).reasons)) or ""


def two_people() -> tuple[Member, Member]:
    with transaction():
        return build.desk(), build.desk()


def left_applying(host: Host, *, minutes_ago: int = 0, kept_before: list[str] | None = None) -> int:
    """A remediation of L01 whose worker has begun to apply it and died."""
    one, other = two_people()
    number = planned(host, "L01", one)
    host.remedy()
    approved(number, other)
    with transaction():
        remediation = remediations.get(number)
        remediation.move_to(RemediationStatus.APPLYING)
        remediation.began_at = clock.now() - timedelta(minutes=minutes_ago)
        if kept_before is not None:
            remediation.kept_before = kept_before
    return number


def test_a_host_is_found_quarantined_remedied_and_reopened(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "snmpd"
    folder.mkdir()
    host.agent = start_agent(folder)
    try:
        host.agent.stop()
        host.agent.configuration += "rocommunity public 127.0.0.1\n"
        host.agent.start()
        host.start(PermitRootLogin="yes")
        found = host.collect()
        assert (found["L01"], found["L05"]) == (Result.FAIL, Result.FAIL)
        assert len(open_closures(host.device)) == 2
        one, other = two_people()
        for rule, sign in (("L01", "PermitRootLogin no"), ("L05", "# rocommunity public")):
            number = planned(host, rule, one)
            assert host.remedy() == {"checked": 1}
            remediation = remediations.get(number)
            assert sign in "".join(change["after"] for change in remediation.artefact)
            assert host.collect()[rule] is Result.FAIL, "to look changes nothing"
            assert approved(number, other)
            assert host.remedy() == {"verified": 1}
            assert host.collect()[rule] is Result.PASS
            assert violations.get(remediation.violation_id).status is ViolationStatus.RESOLVED
        assert open_closures(host.device) == []
        assert "rocommunity demo-community" in (folder / "snmpd.conf").read_text()
    finally:
        host.agent.stop()


def test_nobody_applies_what_one_person_alone_wants(host: Host) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    one, other = two_people()
    number = planned(host, "L01", one)
    with transaction(), pytest.raises(RemediationMovedOn):
        remediations.approve(remediations.get(number), digest="", by=other)
    host.remedy()
    with transaction(), pytest.raises(OtherDigest):
        remediations.approve(remediations.get(number), digest="0" * 64, by=other)
    with pytest.raises(SecondPerson):
        approved(number, one)
    assert host.remedy() == {}
    assert host.drop_in is None
    with transaction():
        remediations.withdraw(remediations.get(number), by=one)
    assert planned(host, "L01", one) != number


def test_what_a_policy_wants_still_takes_two_people(host: Host) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    with transaction():
        assert remedying.plan_wanted(host.device.site_id, ["L01"]) == 1
    with transaction():
        assert remedying.plan_wanted(host.device.site_id, ["L01"]) == 0
    host.remedy()
    [remediation] = remediations.all_()
    one, other = two_people()
    assert not approved(remediation.id, one)
    with pytest.raises(SecondPerson):
        approved(remediation.id, one)
    assert approved(remediation.id, other)
    assert host.remedy(may_apply=False) == {}, "this installation only looks"
    assert host.drop_in is None


def test_a_check_that_finds_something_else_asks_for_approval_anew(host: Host) -> None:
    host.start(MaxAuthTries="6")
    host.collect()
    one, other = two_people()
    number = planned(host, "L03", one)
    host.remedy()
    assert approved(number, one), "a rule that says it is not risky takes one"
    (host.folder / "drop" / "00-media-center.conf").write_text("MaxAuthTries 3\n")
    assert host.remedy() == {"checked": 1}
    remediation = remediations.get(number)
    assert remediation.approved_by_id is None
    assert "something else" in said(number)
    assert host.drop_in == "MaxAuthTries 3\n"
    assert approved(number, other)
    assert host.remedy() == {"verified": 1}


def test_what_would_keep_us_out_goes_back_at_once(host: Host) -> None:
    host.start(more="", PermitRootLogin="yes", PubkeyAuthentication="yes")
    host.collect()
    one, other = two_people()
    with transaction():
        violation = host.violation("L01")
        remediation = remediations.plan(violation, by=one)
        remediation.variables = {"remedy_options": {"PubkeyAuthentication": "no"}}
        number = remediation.id
    host.remedy()
    assert approved(number, other)
    assert host.remedy() == {"rolled_back": 1}
    assert "would no longer let" in said(number)
    assert host.drop_in is None
    assert db.session.query(Problem).filter_by(kind=remedying.PROBLEM, cleared_at=None).count() == 1
    assert "no answer" not in host.collect(), "and we still come in"


def test_what_does_not_cure_goes_back(host: Host) -> None:
    host.start(
        more="Match Address 203.0.113.0/24\n PermitRootLogin yes\n" + host.more,
        PermitRootLogin="yes",
    )
    host.collect()
    one, other = two_people()
    number = planned(host, "L01", one)
    host.remedy()
    assert approved(number, other)
    assert host.remedy() == {"rolled_back": 1}
    assert "L01 is still broken after it." in said(number)
    assert host.drop_in is None
    assert host.violation("L01").status is ViolationStatus.OPEN


@pytest.mark.parametrize(("has_cured", "status"), [(True, "verified"), (False, "rolled_back")])
def test_a_worker_that_died_half_way_is_followed_by_one_that_looks(
    host: Host, *, has_cured: bool, status: str
) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    left_applying(host)
    if has_cured:
        (host.folder / "drop" / "00-media-center.conf").write_text("PermitRootLogin no\n")
    assert host.remedy() == {status: 1}


def test_what_broke_another_rule_goes_back_also_where_that_was_written_down_already(
    host: Host,
) -> None:
    host.start(PermitRootLogin="no", MaxAuthTries="4")
    host.collect()
    # The worker died after it had noted that L03 is broken, and before it took anything back.
    host.start(PermitRootLogin="yes", MaxAuthTries="6")
    host.collect()
    number = left_applying(host, kept_before=["L02", "L03"])
    host.start(PermitRootLogin="no", MaxAuthTries="6")
    assert host.remedy() == {"rolled_back": 1}
    assert said(number) == "The worker that applied it died half way. It broke L03."


def test_a_host_that_a_dead_worker_left_is_waited_for_an_hour(host: Host) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    number = left_applying(host, minutes_ago=50)
    host.server.stop()
    assert host.remedy() == {"applying": 1}
    assert "lets nobody in" in said(number)
    assert "tried again every minute" in said(number)
    with clock.standing_at(clock.now() + timedelta(minutes=11)):
        assert host.remedy() == {"failed": 1}
    assert "could not be taken back" in said(number)


def test_a_host_that_is_gone_fails_and_says_so(host: Host) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    one, _ = two_people()
    number = planned(host, "L01", one)
    host.server.stop()
    assert host.remedy() == {"failed": 1}
    assert "lets nobody in" in said(number)
    assert host.violation("L01").status is ViolationStatus.OPEN


def test_a_rule_without_a_playbook_is_not_planned() -> None:
    with transaction():
        device = a_switch()
        violation = violations.open_or_refresh(device, a_failure("N01"))
        with pytest.raises(NoRemedy):
            remediations.plan(violation, by=build.desk())


def test_two_who_plan_at_once_have_one_remediation(host: Host) -> None:
    host.start(PermitRootLogin="yes")
    host.collect()
    one, other = two_people()
    assert planned(host, "L01", one) == planned(host, "L01", other)
    assert db.session.query(Remediation).count() == 1


def test_an_inventory_for_ansible_has_groups_and_no_secret(host: Host) -> None:
    host.start()
    found = remediations.inventory([host.device])
    [told] = found["_meta"]["hostvars"].values()
    assert told["ansible_port"] == host.server.port
    assert "platform_linux" in found["all"]["children"]
    assert "PRIVATE" not in str(found)


def test_every_sentence_of_a_shipped_playbook_is_said_in_the_readers_language() -> None:
    texts = [path.read_text() for path in PLAYBOOKS.glob("*.yml")]
    told = [
        each.strip("\"' ") for text in texts for each in re.findall(r"(?:fail_msg|msg): (.+)", text)
    ]
    plain = [re.sub(r"\{\{.*?\}\}", "key", each) for each in told if each != ">-"]
    assert len(plain) == 5
    for sentence in plain:
        reason = remedy_reasons.of_playbook(f"went back: {sentence.removeprefix('went back: ')}")
        assert reason.template not in (remedy_reasons.SAID, remedy_reasons.SAID_NOTHING), sentence
