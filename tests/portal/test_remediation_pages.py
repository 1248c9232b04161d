"""Remediations on pages and over the API: seen as a diff, approved by another; the inventory."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from config import clock
from config.database import db, transaction
from monitoring import remediations, remedy_reasons, violations
from monitoring.models import Platform, Remediation, RemediationStatus
from monitoring.probes.playbooks import Change
from monitoring.reasons import because
from monitoring.rules import Severity
from rental import journal
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch
from tests.portal.conftest import signed_in, token_of

INVENTORY = Path(__file__).parents[2] / "ansible" / "inventory" / "media_center.py"


@pytest.fixture
def violation_id(service: Flask) -> int:
    with service.app_context(), transaction():
        device = a_switch(platform=Platform.LINUX, name="enc-<b>1")
        finding = a_failure("L01", Severity.HIGH, evidence=("permitrootlogin yes",))
        return violations.open_or_refresh(device, finding).id


def checked(remediation_id: int) -> str:
    """What a worker writes once it has looked."""
    with transaction():
        one = remediations.get(remediation_id)
        change = Change("Set the options", "/etc/ssh/x.conf", "A\n<b>\n", "A\nPermitRootLogin no\n")
        one.artefact, one.digest = remediations.artefact([change], one.playbook)
        one.move_to(RemediationStatus.CHECKED)
        return one.digest or ""


def test_two_operators_walk_a_remediation_to_its_approval(
    service: Flask, person: Any, violation_id: int
) -> None:
    one, other = (signed_in(service, person(role=Role.OPERATOR)) for _ in range(2))
    page = one.get(f"/violations/{violation_id}?lang=en").text
    assert "Check what would change" in page
    asked = one.post(f"/remediations/of/{violation_id}", data={"csrf_token": token_of(one)})
    here = asked.headers["Location"]
    number = int(here.rsplit("/", 1)[1])
    assert "switched off in this installation" in one.get(f"{here}?lang=en").text
    digest = checked(number)

    seen = one.get(f"{here}?lang=en").text
    assert "somebody else must approve it" in seen
    assert "&lt;b&gt;" in seen
    assert "<b>1" not in seen
    refused = one.post(f"{here}/approve", data={"csrf_token": token_of(one), "digest": digest})
    assert refused.status_code == 403
    seen = other.get(f"{here}?lang=en").text
    stale = other.post(f"{here}/approve", data={"csrf_token": token_of(other), "digest": "f" * 64})
    assert stale.status_code == 409
    other.post(f"{here}/approve", data={"csrf_token": token_of(other), "digest": digest})
    assert remediations.get(number).status is RemediationStatus.APPROVED
    twice = other.post(f"{here}/approve", data={"csrf_token": token_of(other), "digest": digest})
    assert twice.status_code == 409
    other.post(f"{here}/withdraw", data={"csrf_token": token_of(other)})
    assert "L01" in other.get("/remediations?status=withdrawn&lang=vi").text


def test_the_same_over_the_api(service: Flask, person: Any, bearer: Any, violation_id: int) -> None:
    client = service.test_client()
    first, second = (bearer(person(role=Role.OPERATOR)) for _ in range(2))
    made = client.post(f"/api/v1/violations/{violation_id}/remediate", headers=first)
    assert made.status_code == 201
    number = made.json["id"]
    again = client.post(f"/api/v1/violations/{violation_id}/remediate", headers=second)
    assert again.json["id"] == number
    digest = checked(number)
    body = {"digest": digest}
    where = f"/api/v1/remediations/{number}/approve"
    assert client.post(where, json=body, headers=first).status_code == 403
    assert client.post(where, json={"digest": "x"}, headers=second).status_code == 422
    assert client.post(where, json=body, headers=second).json["status"] == "approved"
    shown = client.get("/api/v1/remediations?status=approved", headers=first).json
    assert [each["id"] for each in shown["items"]] == [number]
    assert shown["items"][0]["changes"][0]["after"] == "A\nPermitRootLogin no\n"
    missing = client.post("/api/v1/violations/999999/remediate", headers=first)
    assert missing.status_code == 404
    assert db.session.query(Remediation).count() == 1


def test_why_it_went_back_is_read_in_ones_own_language(
    service: Flask, person: Any, bearer: Any, violation_id: int
) -> None:
    operator = person(role=Role.OPERATOR)
    with transaction():
        one = remediations.plan(violations.get(violation_id), by=operator)
        one.because(
            because(remedy_reasons.DIED),
            because(remedy_reasons.STILL_BROKEN, rule="L01"),
            because(remedy_reasons.SAID, told="<b>%(x)s {rule}"),
        )
        journal.record(one.violation, "remediation_going_back", by=None, reasons=one.reasons)
        number = one.id
    client = signed_in(service, operator)
    page = client.get(f"/remediations/{number}?lang=vi").text
    assert "Tiến trình áp dụng thay đổi đã bị ngắt giữa chừng. Sau khi áp dụng, L01 vẫn bị" in page
    assert "Kịch bản gặp lỗi: &lt;b&gt;%(x)s {rule}." in page
    assert "L01 is still broken after it." in client.get(f"/remediations/{number}?lang=en").text
    page = client.get(f"/violations/{violation_id}?lang=vi").text
    assert "đang hoàn tác khắc phục" in page
    assert "Kịch bản gặp lỗi: &lt;b&gt;" in page
    told = service.test_client().get(f"/api/v1/remediations/{number}", headers=bearer(operator))
    assert told.json["reason"] == (
        "The worker that applied it died half way. L01 is still broken after it."
        " The playbook failed: <b>%(x)s {rule}."
    )


def test_a_sentence_from_before_is_shown_as_it_was_written(
    service: Flask, person: Any, violation_id: int
) -> None:
    with transaction():
        one = remediations.plan(violations.get(violation_id), by=None)
        one.reasons = [{"template": "L01 is fail after it; 5 %(x)s {y}", "values": {}}]
        number = one.id
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/remediations/{number}?lang=vi")
    assert "L01 is fail after it; 5 %(x)s {y}" in page.text


def test_what_waits_for_an_event_leads_to_its_booking(
    service: Flask, person: Any, violation_id: int
) -> None:
    with transaction():
        booking = build.a_booking(build.a_hall())
        one = remediations.plan(violations.get(violation_id), by=None)
        one.because(because(remedy_reasons.WAITS, booking=booking.reference))
        number, reference = one.id, booking.reference
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/remediations/{number}?lang=vi")
    assert f"Đang chờ lượt đặt {reference} kết thúc." in page.text
    assert f'href="/bookings/{reference}"' in page.text


@pytest.fixture
def address(service: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, service, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_ansible_takes_its_hosts_from_us(
    person: Any, bearer: Any, violation_id: int, address: str
) -> None:
    token = bearer(person(role=Role.OPERATOR))["Authorization"].removeprefix("Bearer ")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": "/tmp/ansible-inventory-test",
        "MEDIA_CENTER_URL": address,
        "MEDIA_CENTER_TOKEN": token,
    }
    command = ["ansible-inventory", "-i", str(INVENTORY), "--list"]
    listed = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    told = json.loads(listed.stdout)
    [host] = told["platform_linux"]["hosts"]
    assert host.startswith("device-"), "a name that could be a pattern is not used"
    assert told["_meta"]["hostvars"][host]["media_center_name"] == "enc-<b>1"
    environment["MEDIA_CENTER_TOKEN"] = "wrong"
    denied = subprocess.run(
        [sys.executable, str(INVENTORY)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert denied.returncode == 1
    assert "gives no inventory" in denied.stderr


def test_the_page_follows_the_worker_and_the_home_page_says_what_waits(
    service: Flask, person: Any, violation_id: int
) -> None:
    one, other = (signed_in(service, person(role=Role.OPERATOR)) for _ in range(2))
    settings = service.extensions["settings"].model_copy(update={"remediate": "on"})
    service.extensions["settings"] = settings
    asked = one.post(f"/remediations/of/{violation_id}", data={"csrf_token": token_of(one)})
    here = asked.headers["Location"]
    (follow,) = re.findall(r'hx-get="([^"]+)"', one.get(here).text)
    same = one.get(unescape(follow), headers={"HX-Request": "true"})
    assert (same.status_code, same.headers.get("HX-Refresh")) == (204, None)
    assert "chờ quý vị duyệt" not in other.get("/").text
    checked(int(here.rsplit("/", 1)[1]))
    gone_on = one.get(unescape(follow), headers={"HX-Request": "true"})
    assert gone_on.headers["HX-Refresh"] == "true"
    assert "hx-get" not in one.get(here).text.split("<main")[1]
    assert "chờ quý vị duyệt: 1" in other.get("/").text
    assert "chờ quý vị duyệt" not in one.get("/").text, "who asked cannot approve"


def test_who_approves_reads_which_event_uses_the_device(
    service: Flask, person: Any, violation_id: int
) -> None:
    with transaction():
        violation = violations.get(violation_id)
        booking = build.a_booking(
            violation.device.resource, starts_at=clock.now() - timedelta(hours=1), title="<Họp báo>"
        )
        booking.status = BookingStatus.HANDED_OVER
        number = remediations.plan(violation, by=build.desk()).id
    checked(number)
    page = signed_in(service, person(role=Role.DIRECTOR)).get(f"/remediations/{number}").text
    assert "“&lt;Họp báo&gt;” đang dùng thiết bị đến" in page


def test_what_is_withdrawn_waits_for_nothing_any_more(service: Flask, violation_id: int) -> None:
    with transaction():
        one = remediations.plan(violations.get(violation_id), by=build.desk())
        one.because(because(remedy_reasons.WAITS, booking="BK-1234-5678"))
        remediations.withdraw(one, by=build.desk())
    assert one.reasons == []
