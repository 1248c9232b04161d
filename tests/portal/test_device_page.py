"""What operators read of a device, and the key they approve."""

import pytest

from config.database import transaction
from monitoring import devices, hostkeys
from monitoring.devices import NewDevice
from monitoring.models import FindingRow, Platform
from monitoring.rules import Result, Severity
from rental.models import Role
from tests import build
from tests.portal.conftest import csrf_of, signed_in

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGTWJeHnQ8c5tEIpE8D6UlhfQ5rkgK3T1FCVfIFKFz+r"


@pytest.fixture
def switch(service):
    """A device that has shown a key which nobody has approved."""
    with service.app_context(), transaction():
        device = devices.add(
            NewDevice("SW-1", "192.0.2.7", build.a_site(), platform=Platform.CISCO_IOS)
        )
        hostkeys.note(device, *KEY.split())
        return device.id


def test_an_operator_approves_the_key_that_waits(service, person, switch):
    operator = signed_in(service, person(role=Role.OPERATOR))
    page = operator.get(f"/devices/{switch}?lang=en").get_data(as_text=True)
    assert "nobody has approved" in page
    with service.app_context():
        key_id = hostkeys.waiting(devices.get(switch))[0].id
    address = f"/devices/{switch}/host-keys/{key_id}/approve"
    token = csrf_of(operator, f"/devices/{switch}")
    assert operator.post(address, data={"csrf_token": token}).status_code == 302
    with service.app_context():
        assert hostkeys.pinned(devices.get(switch)).key == KEY.split()[1]


def test_a_key_of_another_device_or_from_a_director_is_not_approved(service, person, switch):
    operator = signed_in(service, person(role=Role.OPERATOR))
    token = csrf_of(operator, f"/devices/{switch}")
    wrong = operator.post(f"/devices/{switch}/host-keys/999999/approve", data={"csrf_token": token})
    assert wrong.status_code == 404
    director = signed_in(service, person(role=Role.DIRECTOR))
    page = director.get(f"/devices/{switch}?lang=en")
    assert "Approve this key" not in page.get_data(as_text=True)


def test_what_was_not_looked_at_is_never_shown_as_kept(service, person, switch):
    operator = signed_in(service, person(role=Role.OPERATOR))
    page = operator.get(f"/devices/{switch}?lang=en").get_data(as_text=True)
    assert "No policy has been checked here yet" in page
    with service.app_context(), transaction():
        build.db.session.add(
            FindingRow(
                device_id=switch, rule="N01", result=Result.UNKNOWN, severity=Severity.CRITICAL,
                reason="the host did not answer",
            )
        )  # fmt: skip
    page = operator.get(f"/devices/{switch}?lang=en").get_data(as_text=True)
    assert "the host did not answer" in page
    assert "Passes" not in page
