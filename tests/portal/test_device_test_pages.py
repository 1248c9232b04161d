"""The button “Test this device”: a job for the site's worker, and a page that says what fails."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import credentials, device_tests, devices, hostkeys
from monitoring.devices import NewDevice
from monitoring.models import DeviceTest
from monitoring.probes.logins import SnmpCommunity
from monitoring.probes.steps import Finding, Stage, Step, Verdict
from portal import keys
from portal.pages import device_test_words
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import free_port
from tests.portal.conftest import signed_in, token_of

COMMUNITY = "a-secret-community"


@pytest.fixture
def camera(service):
    """A device at a site of its own where nothing listens."""
    settings = service.extensions["settings"]
    with transaction():
        community = credentials.add("SNMP", SnmpCommunity(COMMUNITY), keys.keyring(settings))
        return devices.add(
            NewDevice(
                "CAM-1",
                "127.0.0.1",
                build.a_site(slug="remote"),
                snmp_port=free_port(),
                ssh_port=free_port(),
                snmp_credential=community,
            )
        ).id


@pytest.fixture
def operator(service, person):
    """Somebody who may test devices."""
    return signed_in(service, person(role=Role.OPERATOR))


def begin(client, device_id):
    """Press the button; where the test is."""
    sent = client.post(f"/devices/{device_id}/tests", data={"csrf_token": token_of(client)})
    assert sent.status_code == 302, sent.get_data(as_text=True)
    return sent.location


def test_the_button_puts_one_job_into_the_queue_of_the_site(service, operator, camera):
    assert begin(operator, camera) == begin(operator, camera)
    jobs = db.session.execute(
        db.text("SELECT queue_name, task_name, args FROM procrastinate_jobs")
    ).all()
    assert jobs == [("site-remote", "test_devices", {"site": "remote"})]


def test_the_page_follows_the_test_and_says_what_fails_and_what_to_do(service, operator, camera):
    where = begin(operator, camera)
    page = operator.get(f"{where}?lang=en").get_data(as_text=True)
    assert 'hx-trigger="every 1s"' in page
    settings = service.extensions["settings"]
    device_tests.run_waiting(devices.get(camera).site_id, keys.keyring(settings))
    part = operator.get(where, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in part
    assert "every 1s" not in part
    assert "no SNMP agent listens there" in part
    assert "no SSH server listens there" in part
    assert "Switch SSH on in the device" in part
    assert COMMUNITY not in part
    vietnamese = operator.get(f"{where}?lang=vi").get_data(as_text=True)
    assert "no SNMP agent" not in vietnamese
    assert "SNMP" in vietnamese


def test_a_test_that_nobody_takes_up_says_so(service, operator, camera, time_machine):
    where = begin(operator, camera)
    time_machine.move_to(clock.now() + timedelta(minutes=1))
    assert "No worker of the site" in operator.get(f"{where}?lang=en").get_data(as_text=True)


def test_a_test_of_another_device_is_not_found(service, operator, camera):
    test_id = begin(operator, camera).rpartition("/")[2]
    with transaction():
        other = devices.add(NewDevice("CAM-2", "192.0.2.9", build.a_site())).id
    assert operator.get(f"/devices/{other}/tests/{test_id}").status_code == 404


def test_what_a_hostile_device_says_is_shown_and_not_run(service, operator, camera):
    where = begin(operator, camera)
    with transaction():
        test = db.session.get(DeviceTest, int(where.rpartition("/")[2]))
        facts = {"name": "<script>alert(1)</script>", "description": "{name}"}
        test.steps = [Step(Stage.SNMP, Verdict.PASSED, Finding.SNMP_ANSWERS, 0, facts).as_json()]
    page = operator.get(where).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("finding", list(Finding))
def test_every_finding_has_its_sentence_and_every_failure_says_what_to_do(service, finding):
    said, then = device_test_words.SAID[finding]
    assert said
    with service.test_request_context():
        step = Step(Stage.SNMP, Verdict.FAILED, finding).as_json()
        assert device_test_words.told(step).said
    passed = {
        Finding.TCP_OPEN, Finding.TCP_CLOSED, Finding.SNMP_ANSWERS, Finding.MIBS_TOLD,
        Finding.KEY_APPROVED, Finding.LOGGED_IN, Finding.PROMPT_SEEN, Finding.PRIVILEGED,
        Finding.COMMAND_RAN,
    }  # fmt: skip
    assert (then is None) == (finding in passed)


def test_a_key_that_is_approved_on_a_test_leads_back_to_the_test(service, operator, camera):
    where = begin(operator, camera)
    with transaction():
        device = devices.get(camera)
        hostkeys.note(device, "ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIGxvb2tzIGxpa2UgYSBrZXk=")
        (key,) = hostkeys.waiting(device)
        place = f"/devices/{camera}/host-keys/{key.id}/approve"
    form = {"csrf_token": token_of(operator), "test": where.rpartition("/")[2]}
    sent = operator.post(place, data=form)
    assert sent.location == where
    assert "Hãy kiểm tra lại thiết bị" in operator.get(where).text
