"""Versions, one redacted, and what differs: on pages and over the API, with nothing secret."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import config_backups, config_versions
from monitoring.models import ConfigRound, ConfigVersion, Device
from monitoring.probes.configurations import Configurations
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from portal import clock as timetable
from portal import jobs, keys
from portal.cli import doctor
from portal.rounds import configurations as rounds
from rental.models import JournalEntry, Role
from tests.monitoring.policy_world import a_switch, with_login
from tests.portal.conftest import csrf_of, signed_in

NOW = clock.now().replace(microsecond=0)
FIRST = """\
! Last configuration change at 10:11:12 ICT Tue Mar 5 2024 by <b>netops</b>
hostname press
enable secret 9 $9$aaaa$s3cr3tHash
snmp-server community s3cr3tCommunity RO
interface Gi1/0/1
 description <script>alert(1)</script>
line vty 0 4
 transport input telnet ssh
end
"""
SECOND = FIRST.replace("telnet ssh", "ssh").replace("s3cr3tHash", "s3cr3tOther")


@pytest.fixture
def device(service) -> Device:
    """A device with two versions, of which the second is not saved."""
    ring = keys.keyring(service.extensions["settings"])
    with transaction():
        device = with_login(a_switch(name="SW 1"), SshLogin("x", "y"))
        told = Configurations(FIRST, FIRST)
        config_backups.record(device.id, told, NOW - timedelta(hours=2), ring)
        config_backups.record(device.id, Configurations(SECOND, FIRST), NOW, ring)
    return device


def looked() -> list[tuple[str, object]]:
    """What the journal has of looks at configurations."""
    entries = db.session.scalars(
        sa.select(JournalEntry).where(JournalEntry.verb.like("configuration%"))
    )
    return [(one.verb, one.details) for one in entries]


def test_versions_are_listed_shown_and_downloaded_without_secrets(service, person, device):
    operator = signed_in(service, person(role=Role.OPERATOR))
    here = f"/devices/{device.id}/configurations"
    pages = {
        path: operator.get(path).text
        for path in (f"/devices/{device.id}?lang=en", here, f"{here}/1", f"{here}/1.txt",
                     f"{here}/diff", f"{here}/diff?from=startup&to=2")
    }  # fmt: skip
    for path, page in pages.items():
        assert "s3cr3t" not in page, path
        assert "<script>alert" not in page or path.endswith(".txt"), path
        assert "<b>netops" not in page or path.endswith(".txt"), path
    assert "&lt;b&gt;netops&lt;/b&gt;" in pages[here]
    assert "Not saved" in pages[f"/devices/{device.id}?lang=en"]
    assert "snmp-server community &lt;removed&gt; RO" in pages[f"{here}/1"]
    assert "snmp-server community <removed> RO\n" in pages[f"{here}/1.txt"]
    for path in (f"{here}/diff", f"{here}/diff?from=startup&to=2"):
        assert "<h3>line vty 0 4</h3>" in pages[path]
        assert "transport input telnet ssh" in pages[path]
        # Only the secret became another: told, and not shown.
        assert pages[path].count("(another secret)") == 2
    sent = operator.get(f"{here}/2.txt").headers
    assert sent["Content-Disposition"] == 'attachment; filename="SW-1-2.txt"'
    assert sent["Content-Type"].startswith("text/plain")


def test_who_looked_is_in_the_journal(service, person, device):
    leader = signed_in(service, person(role=Role.DIRECTOR))
    here = f"/devices/{device.id}/configurations"
    for path in (here, f"{here}/1", f"{here}/2.txt", f"{here}/diff?from=1&to=2"):
        assert leader.get(path).status_code == 200
    assert looked() == [
        ("configuration_seen", {"number": 1}),
        ("configuration_downloaded", {"number": 2}),
        ("configurations_compared", {"between": ["1", "2"]}),
    ]
    journal = leader.get("/journal").text
    assert "đã tải cấu hình" in journal


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/3", 404),
        ("/99999999999999999999", 404),
        ("/3.txt", 404),
        ("/diff?from=1&to=7", 404),
        ("/diff?from=<script>&to=1", 404),
        ("/diff?from=-1&to=1", 404),
        ("/diff?from=١&to=1", 404),
        ("/diff?from=2&to=2", 200),
        ("/diff?from=&to=", 200),
    ],
)
def test_what_is_not_there_is_not_found(service, person, device, path: str, status: int):
    operator = signed_in(service, person(role=Role.OPERATOR))
    assert operator.get(f"/devices/{device.id}/configurations{path}").status_code == status
    assert operator.get(f"/devices/999999/configurations{path}").status_code == 404


def test_another_devices_version_is_not_this_ones(service, person, device):
    with transaction():
        other = a_switch()
    operator = signed_in(service, person(role=Role.OPERATOR))
    assert operator.get(f"/devices/{other.id}/configurations/1").status_code == 404
    page = operator.get(f"/devices/{other.id}/configurations?lang=en").text
    assert "No backups of this device" in page
    assert operator.get(f"/devices/{other.id}/configurations/diff").status_code == 404


def test_a_backup_is_asked_for_and_its_failure_told(service, person, device):
    operator = signed_in(service, person(role=Role.OPERATOR))
    here = f"/devices/{device.id}/configurations"
    token = {"csrf_token": csrf_of(operator, f"/devices/{device.id}")}
    assert operator.post(f"{here}/ask", data=token).status_code == 302
    assert operator.post("/devices/999999/configurations/ask", data=token).status_code == 404
    db.session.expire_all()
    assert db.session.get(ConfigRound, device.id).next_at is None
    failed = Failure(FailureKind.TIMEOUT, "the host does not answer")
    with transaction():
        ring = keys.keyring(service.extensions["settings"])
        config_backups.record(device.id, failed, NOW, ring)
    assert "the host does not answer" in operator.get(here).text


def test_a_version_whose_key_is_lost_is_a_refusal_that_says_so(service, person, device):
    newest = f"/devices/{device.id}/configurations/2"
    with transaction():
        db.session.execute(sa.text("UPDATE config_version SET key_id = 'gone'"))
    operator = signed_in(service, person(role=Role.OPERATOR))
    answer = operator.get(f"{newest}?lang=en")
    assert answer.status_code == 409
    assert "sealed with key gone" in answer.text
    # The list needs no key.
    assert operator.get(f"/devices/{device.id}/configurations").status_code == 200


def test_the_api_gives_versions_a_redacted_text_and_a_diff(service, person, bearer, device):
    headers = bearer(person(role=Role.OPERATOR))
    client = service.test_client()
    here = f"/api/v1/devices/{device.id}/configurations"
    listed = client.get(here, headers=headers).json
    assert [one["number"] for one in listed["items"]] == [2, 1]
    assert listed["items"][0]["changed_by"] == "<b>netops</b>"
    assert (listed["total"], listed["unsaved_lines"], listed["failure"]) == (2, 4, None)
    one = client.get(f"{here}/1", headers=headers).json
    assert "enable secret 9 <removed>\n" in one["text"]
    told = client.get(f"{here}/diff?from=1&to=2", headers=headers).json
    assert (told["added"], told["removed"]) == (2, 2)
    assert told["hunks"][1] == {
        "path": ["line vty 0 4"],
        "lines": [
            {"sign": "-", "depth": 0, "text": "transport input telnet ssh", "is_secret": False},
            {"sign": "+", "depth": 0, "text": "transport input ssh", "is_secret": False},
        ],
    }
    assert "s3cr3t" not in f"{listed}{one}{told}"
    assert client.get(f"{here}/diff", headers=headers).status_code == 422
    assert client.get(f"{here}/9", headers=headers).status_code == 404
    assert [verb for verb, _ in looked()] == ["configuration_seen", "configurations_compared"]


def test_lines_are_searched_in_all_devices(service, person, device):
    operator = signed_in(service, person(role=Role.OPERATOR))
    here = "/devices/configurations?lang=en"
    assert "Ask what is configured where" in operator.get(here).text
    page = operator.get(f"{here}&q=transport+input").text
    assert '<span class="path">line vty 0 4</span>' in page
    assert f'href="/devices/{device.id}/configurations/2#L8"' in page
    assert "Devices that have it: 1 of 1" in page
    # What was typed is kept beside what is wrong with it.
    wrong = operator.get(f"{here}&q=(<b>&how=pattern")
    assert wrong.status_code == 422
    assert "This is no regular expression" in wrong.text
    assert 'value="(&lt;b&gt;"' in wrong.text
    for secret in ("s3cr3t", "s3cr3tOther", "s3cr3tCommunity"):
        page = operator.get(f"{here}&q={secret}").text
        assert "No line says this" in page
    page = operator.get(f"{here}&q=script").text
    assert "description &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert {verb for verb, _ in looked()} == {"configurations_searched"}
    assert "transport" not in str(looked())


def test_the_doctor_names_devices_without_a_backup_for_a_day(service, device):
    well, said = doctor._backups(service)
    assert well, said
    with transaction():
        state = db.session.get(ConfigRound, device.id)
        state.succeeded_at = NOW - timedelta(days=2)
    well, said = doctor._backups(service)
    assert not well
    assert "1 devices have no backup" in said
    assert "(SW 1)" in said


def test_the_clock_backs_up_every_site_and_sweeps_what_has_served_its_time(service, device):
    turns = {t.task: t.each_site for t in timetable.turns(service.extensions["settings"])}
    assert turns["back_up_configurations"] is True
    assert turns["sweep_configurations"] is False
    for task in (rounds.back_up_configurations, rounds.sweep_configurations):
        assert task.name in jobs.queue.tasks
    with transaction():
        old = NOW - timedelta(days=400)
        # The first day of a month, so that both are of one.
        began = old.replace(day=2)
        query = sa.update(ConfigVersion).where(ConfigVersion.source == "running")
        db.session.execute(query.values(began_at=began, seen_at=began))
    rounds.sweep_configurations()
    assert [one.number for one in config_versions.of(device.id)] == [2]


def test_the_page_of_the_key_counts_configurations_too(service, person, device):
    with transaction():
        ring = keys.keyring(service.extensions["settings"])
        config_backups.record(device.id, Configurations(FIRST), NOW, ring)
    operator = signed_in(service, person(role=Role.OPERATOR))
    page = operator.get("/devices/credentials?lang=en").text
    # Three running, one startup; the login of the device is sealed with a key of the tests.
    assert "4 of 5 sealed with it" in page
    with transaction():
        db.session.execute(sa.text("UPDATE config_version SET key_id = 'gone' WHERE number = 1"))
    page = operator.get("/devices/credentials?lang=en").text
    assert "2 of 5 sealed with it" in page
    assert "SW 1: 2 configurations" in page
