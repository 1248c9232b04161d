"""/metrics is valid, complete, bounded and cheap."""

import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from config import clock
from config.database import db, transaction
from monitoring import discovery, exposition_forms, metrics, outages, polling, readings
from monitoring.models import Device, DeviceStatus
from monitoring.probes import mibs
from monitoring.probes.gauges import Gauge
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Port, Reading, Store
from tests import build
from tests.monitoring.test_polling import a_device


def a_layout(ports: int, tag: str = "") -> Layout:
    return Layout(
        name=f"sw{tag}",
        ports=tuple(
            Port(i, f"Gi0/{i}", None, 'cổng "A"\\', 10**9, 1500, "00:00:00:00:00:01", True)
            for i in range(1, ports + 1)
        ),
        cores=(Core(1, "cpu"),),
        stores=(Store(1, "flash", 1024),),
        gauges=(
            Gauge("inlet", "temperature", "celsius", -1, f"{mibs.ENT_SENSOR_VALUE}.1"),
            Gauge("inlet", "temperature", "celsius", 0, f"{mibs.ENT_SENSOR_VALUE}.2"),
            Gauge("charge", "charge", "percent", 0, f"{mibs.ENT_SENSOR_VALUE}.3"),
            Gauge("fan 1", "fan", "rpm", 0, f"{mibs.ENT_SENSOR_VALUE}.4"),
        ),
    )


def values_of(layout: Layout) -> tuple[float | None, ...]:
    ports = [1, 7, 2**53, 4096, 0, None] * len(layout.ports)
    return (*ports, 37, 2048, 1024, 415, None, 88, 5400)


def polled(device: Device, layout: Layout) -> None:
    """As if the device had just answered."""
    now = clock.now()
    reading = Reading(layout, now, 4711.5, values_of(layout))
    target = Target(device.address, device_id=device.id)
    polling.record([Outcome(target, now, 0.012, reading, was_discovered=True)])


def samples(text: str) -> dict[tuple[str, str], float]:
    """Sample name and its most telling label → value."""
    found = {}
    for family in prometheus(text):
        for sample in family.samples:
            label = next(
                (
                    sample.labels[k]
                    for k in ("interface", "storage", "sensor", "status", "severity")
                    if k in sample.labels
                ),
                sample.labels.get("device", ""),
            )
            assert (sample.name, str(sorted(sample.labels.items()))) not in found
            found[sample.name, label] = sample.value
    return found


def test_the_text_parses_in_both_formats_and_says_what_was_read(house):
    with transaction():
        device = a_device(1161, name='lõi "1"')
        polled(device, a_layout(2))
    text = metrics.text(lambda: {"high": 2, "low": 0})
    told = samples(text)
    assert told["media_center_device_up", 'lõi "1"'] == 1
    assert told["media_center_device_uptime_seconds", 'lõi "1"'] == 4711.5
    assert told["media_center_device_poll_duration_seconds", 'lõi "1"'] == 0.012
    assert told["media_center_interface_up", "Gi0/1"] == 0  # lowerLayerDown
    assert told["media_center_interface_admin_up", "Gi0/2"] == 1
    assert told["media_center_interface_receive_bytes_total", "Gi0/2"] == 2**53
    assert ("media_center_interface_transmit_errors_total", "Gi0/1") not in told
    assert told["media_center_interface_speed_bytes_per_second", "Gi0/1"] == 125_000_000
    assert told["media_center_processor_load_ratio", 'lõi "1"'] == pytest.approx(0.37)
    assert told["media_center_storage_used_bytes", "flash"] == 1024**2
    assert told["media_center_sensor_temperature_celsius", "inlet"] == 41.5
    assert ("media_center_sensor_temperature_celsius", "inlet#1") not in told
    assert told["media_center_sensor_ratio", "charge"] == pytest.approx(0.88)
    assert told["media_center_sensor_value", "fan 1"] == 5400
    assert told["media_center_violations_open", "high"] == 2
    assert told["media_center_devices", "up"] == 1

    families = {family.name: family for family in openmetrics(metrics.text(openmetrics=True))}
    counters = families["media_center_interface_receive_bytes"]
    assert counters.type == "counter"
    assert {s.name for s in counters.samples} == {"media_center_interface_receive_bytes_total"}


def test_every_family_is_named_by_the_conventions():
    for family, (kind, explanation) in metrics.FAMILIES.items():
        assert family.startswith("media_center_")
        assert family.endswith("_total") == (kind == "counter")
        assert explanation.endswith(".")


def test_a_device_that_is_down_shows_no_stale_interfaces(house):
    with transaction():
        device = a_device(1161, name="edge")
        polled(device, a_layout(2))
        device.status = DeviceStatus.DOWN
        outages.open_(device, clock.now(), {})
    told = samples(metrics.text())
    assert told["media_center_device_up", "edge"] == 0
    assert not any(name.startswith("media_center_interface") for name, _ in told)
    assert 'media_center_outages_open{cause="device"} 1' in metrics.text()


def test_an_empty_centre_has_valid_metrics(house):
    assert list(prometheus(metrics.text()))
    assert list(openmetrics(metrics.text(openmetrics=True)))
    assert metrics.targets() == []


def test_prometheus_is_told_every_enabled_device(house):
    with transaction():
        a_device(1161, name="edge")
        a_device(1162, name="off", is_enabled=False)
    (found,) = metrics.targets()
    assert found["targets"] == ["127.0.0.1:1161"]
    assert found["labels"]["device"] == "edge"
    assert found["labels"]["snmp_version"] == "v2c"


def test_names_that_repeat_are_told_apart_by_index():
    assert exposition_forms.distinct([("eth0", 1), ("eth0", 2), (None, 3)]) == [
        "eth0",
        "eth0#2",
        "#3",
    ]


def test_a_scrape_of_300_devices_with_30_series_costs_little(house):
    with transaction():
        site = build.a_site()
        layouts = discovery.keep([a_layout(3)])
        rows = [a_device(2000 + n, name=f"d{n}", site=site) for n in range(300)]
        for row in rows:
            row.status = DeviceStatus.UP
            row.last_poll_at = clock.now()
        db.session.flush()
        reading = Reading(a_layout(3), clock.now(), 5.0, values_of(a_layout(3)))
        readings.store(
            (
                Outcome(Target("", device_id=row.id), clock.now(), 0.01, reading),
                layouts[reading.layout.digest],
            )
            for row in rows
        )
    metrics.text()
    began = time.process_time()
    text = metrics.text()
    seconds = time.process_time() - began
    assert text.count("\n") > 300 * 30
    print(f"{seconds * 1000:.1f} ms of CPU for 300 devices")
    # Generous: other tests run beside it.
    assert seconds < 0.25
