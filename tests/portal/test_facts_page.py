"""What a device says of itself stands on its page, with what changed."""

from datetime import timedelta

from config import clock
from config.database import db, transaction
from monitoring import device_facts
from monitoring.models import FactsRound
from monitoring.probes.logins import SshLogin
from rental.models import Role
from tests.monitoring.policy_world import a_switch, with_login
from tests.portal.conftest import csrf_of, signed_in


def test_facts_and_changes_are_shown_and_asked_for(service, person):
    operator = signed_in(service, person(role=Role.OPERATOR))
    now = clock.now()
    with transaction():
        device = with_login(a_switch(name="SRV-1"), SshLogin("x", "y"))
        first = {"system": "Debian <12>", "version": "6.1.0-18", "load": [1.0, 2.0, 3.0],
                 "disks": [{"mount": "/", "size": 10**9, "percent": 91}],
                 "failed_services": ["srt.service"]}  # fmt: skip
        device_facts.record(device.id, first, now - timedelta(hours=2))
        device_facts.record(device.id, {**first, "version": "6.1.0-28"}, now)
        device_id = device.id
    page = operator.get(f"/devices/{device_id}?lang=en").text
    assert "Debian &lt;12&gt;" in page
    assert "6.1.0-18 → 6.1.0-28" in page
    assert "srt.service" in page
    assert "91 %" in page
    told = {"csrf_token": csrf_of(operator, f"/devices/{device_id}")}
    assert operator.post(f"/devices/{device_id}/facts/ask", data=told).status_code == 302
    assert db.session.get(FactsRound, device_id).next_at is None
    assert operator.post("/devices/999999/facts/ask", data=told).status_code == 404
