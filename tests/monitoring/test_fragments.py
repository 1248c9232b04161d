"""What a poll writes for `/metrics` is what a scrape would make from the readings."""

from dataclasses import replace

import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from config import clock
from config.database import db, transaction
from monitoring import exposition, fragments, metrics, polling
from monitoring.exposition_forms import MEASURED
from monitoring.models import DeviceRole, DeviceStatus, MetricFragment
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from tests.monitoring.test_metrics import a_layout, polled, samples
from tests.monitoring.test_polling import a_device


def told_by(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in prometheus(text)
        for sample in family.samples
    }


def forget() -> None:
    """As after a crash of the database server, which empties a table that is not logged."""
    with transaction():
        db.session.execute(sa.text("TRUNCATE metric_fragment"))


def test_the_parts_written_by_polls_are_what_the_readings_say(house):
    with transaction():
        for number in range(3):
            polled(a_device(1161 + number, name=f'lõi "{number}"\\'), a_layout(number))
        a_device(1170, name="never asked")
    written = metrics.text()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MetricFragment)) == 3
    forget()
    assert told_by(metrics.text()) == told_by(written)
    assert 'media_center_device_info{device="never asked"' in written
    assert list(openmetrics(metrics.text(openmetrics=True)))


def test_every_part_written_by_a_poll_is_found_again(house):
    """Its identity is written in Python and compared in the database."""
    with transaction():
        answering = a_device(1161, name='lõi "1"\\', role=DeviceRole.SWITCH)
        polled(answering, a_layout(1))
        lost = a_device(1162, name="lost")
        timeout = Failure(FailureKind.TIMEOUT, "No answer.")
        target = Target(lost.address, device_id=lost.id)
        polling.record([Outcome(target, clock.now(), 0.5, timeout)])
    assert all(body is not None for _, body in fragments._stored())


def test_the_families_of_a_form_are_the_last_of_a_device():
    assert exposition.DEVICE_FAMILIES[-len(MEASURED) :] == MEASURED


def test_a_renamed_device_is_scraped_under_its_new_name_at_once(house):
    with transaction():
        device = a_device(1161, name="old")
        polled(device, a_layout(1))
    assert 'device="old"' in metrics.text()
    with transaction():
        device.name = "new"
    text = metrics.text()
    assert 'device="old"' not in text
    assert samples(text)["media_center_interface_up", "Gi0/1"] == 0


def test_a_lost_poll_keeps_the_last_values_until_the_device_is_down(house):
    with transaction():
        device = a_device(1161, name="edge")
        polled(device, a_layout(1))
    lost = Failure(FailureKind.TIMEOUT, "No answer.")
    for misses in (1, 2, 3):
        with transaction():
            target = Target(device.address, device_id=device.id)
            polling.record([Outcome(target, clock.now(), 0.5, lost)])
        told = samples(metrics.text())
        assert told["media_center_device_lost_polls", "edge"] == misses
        is_down = device.status is DeviceStatus.DOWN
        assert is_down == (misses == 3)
        assert (("media_center_interface_up", "Gi0/1") in told) != is_down


def test_a_device_switched_off_or_deleted_is_not_scraped(house):
    with transaction():
        off, gone = a_device(1161, name="off"), a_device(1162, name="gone")
        polled(off, a_layout(1))
        polled(gone, a_layout(1))
    with transaction():
        off.is_enabled = False
        db.session.execute(sa.text("DELETE FROM device WHERE name = 'gone'"))
    text = metrics.text()
    assert 'device="off"' not in text
    assert 'device="gone"' not in text


def test_a_number_that_means_unknown_is_no_sample(house):
    layout = a_layout(0)
    gauges = (*layout.gauges[:3], replace(layout.gauges[3], nothing=(5400,)))
    with transaction():
        polled(a_device(1161, name="ups"), replace(layout, gauges=gauges))
    told = samples(metrics.text())
    assert ("media_center_sensor_ratio", "charge") in told
    assert ("media_center_sensor_value", "fan 1") not in told


def test_the_list_of_targets_follows_every_change(house):
    with transaction():
        device = a_device(1161, name="edge")
    first = metrics.targets_text()
    assert metrics.targets_text() is first
    with transaction():
        device.address = "192.0.2.9"
    assert b"192.0.2.9:1161" in metrics.targets_text()
