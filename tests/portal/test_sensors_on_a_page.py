"""A device's page shows its sensors by kind, the bad ones first, with words and thresholds."""

import re
from dataclasses import replace

import pytest

from config.database import transaction
from monitoring import devices, polling
from monitoring.devices import NewDevice
from monitoring.models import DeviceRole
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Reading
from rental.models import Role
from tests import build
from tests.monitoring.test_profiles import told_by
from tests.portal.conftest import signed_in


def keep(reading: Reading, name: str, role: DeviceRole) -> int:
    """A device that has just told this; its id."""
    device = devices.add(NewDevice(name, "192.0.2.8", build.a_site(), role=role))
    build.db.session.flush()
    target = Target(device.address, device_id=device.id)
    polling.record([Outcome(target, reading.at, 0.1, reading, was_discovered=True)])
    return device.id


@pytest.fixture
def polled(service):
    """Makes a device that has told what a recording says."""

    def made(recording: str, role: DeviceRole) -> int:
        with service.app_context(), transaction():
            return keep(told_by(recording), recording, role)

    return made


def words(page: str) -> str:
    """The text of a page in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def test_sensors_stand_by_kind_with_their_thresholds(service, person, polled) -> None:
    place = polled("apc-powernet", DeviceRole.UPS)
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/devices/{place}?lang=en").text
    told = words(page[page.index('id="sensors"') :])
    # Critical, warning, well: the worst stands first.
    assert (
        told.index("Output status on battery")
        < told.index("Battery replacement to be replaced")
        < told.index("Battery status normal")
        < told.index("Battery temperature 31 °C warning from 35 °C, critical from 45 °C")
        < told.index("Battery charge 97 % warning down from 60 %, critical down from 25 %")
    )
    assert "States 3 2 not well" in told


def test_shipped_words_are_told_in_vietnamese_and_an_operators_own_as_written(
    service, person, polled
) -> None:
    operator = signed_in(service, person(role=Role.OPERATOR))
    told = words(operator.get(f"/devices/{polled('apc-powernet', DeviceRole.UPS)}?lang=vi").text)
    assert "Tình trạng đầu ra đang chạy ắc quy" in told
    assert "Nhiệt độ ắc quy 31 °C cảnh báo từ 35 °C, nguy cấp từ 45 °C" in told
    told = words(operator.get(f"/devices/{polled('encoder', DeviceRole.ENCODER)}?lang=vi").text)
    # A name of the device itself, and a sensor that the device calls unavailable.
    assert "Outdoor unit -12,5 °C" in told
    assert "Spare không có số liệu" in told


def test_a_device_without_sensors_has_no_panel_of_them(service, person, polled) -> None:
    place = polled("old-switch", DeviceRole.SWITCH)
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/devices/{place}?lang=en").text
    assert 'id="sensors"' not in page


def test_what_a_device_calls_its_sensors_is_text_and_nothing_else(service, person) -> None:
    told = told_by("encoder")
    wild = (replace(told.layout.gauges[0], name="<script>alert(1)</script> 9"),)
    reading = replace(told, layout=replace(told.layout, gauges=(*wild, *told.layout.gauges[1:])))
    with service.app_context(), transaction():
        device_id = keep(reading, "ENC-9", DeviceRole.ENCODER)
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/devices/{device_id}?lang=en").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
