"""Devices of many makers tell what their recordings say; a device type is a file, not code."""

import json
from pathlib import Path

import click.testing
import pytest

from config import documents
from monitoring.models import DeviceRole, Platform
from monitoring.probes import profiles, snmp
from monitoring.probes.profiles import Profile, Shelf
from monitoring.probes.reading import Layout, Reading
from monitoring.thresholds import Level
from monitoring.watches import ThresholdFile, watches
from portal.cli.profiles import profiles as command
from tests.monitoring.agents import hostile, table_agent
from tests.monitoring.recordings import names, recording
from tests.monitoring.test_snmp import quick

# Name, value, and unit or the word of its state: read off the recordings by hand.
SENSORS: dict[str, list[tuple[str, float | None, str | None]]] = {
    "apc-powernet": [
        ("battery status", 2.0, "normal"),
        ("battery charge", 97.0, "percent"),
        ("battery temperature", 31.0, "celsius"),
        ("battery time remaining", 46.0, "minutes"),
        ("battery replacement", 2.0, "needed"),
        ("input voltage", 231.0, "volts"),
        ("output status", 3.0, "on battery"),
        ("output load", 28.0, "percent"),
    ],
    "apc-rack-pdu": [
        ("load 1", 4.3, "amperes"),
        ("load 2", 15.7, "amperes"),
        ("load state 1", 1.0, "normal"),
        ("load state 2", 3.0, "near overload"),
    ],
    "arista": [
        ("Cpu temp sensor", 38.5, "celsius"),
        ("Broken sensor", None, "celsius"),
    ],
    "axis-camera": [
        ("temperature sensor 1", 1.0, "ok"),
        ("temperature 1", 44.0, "celsius"),
        ("storage SD_DISK", 2.0, "disrupted"),
    ],
    "cisco": [
        ("Gi1/0/25 Transmit Power", -5.2, "dBm"),
        ("memory Processor", 25.0, "percent"),
        ("SW#1, Sensor#1, GREEN", 41.0, "celsius"),
        ("SW#1, Sensor#1, GREEN state", 1.0, "normal"),
        ("Switch#1, Fan#1 state", 1.0, "normal"),
        ("Sw1, PS1 Normal, RPS NotExist state", 6.0, "not functioning"),
    ],
    "dell-idrac": [
        ("system health", 3.0, "ok"),
        ("System Board Inlet Temp", 23.5, "celsius"),
        ("System Board Fan1", 5640.0, "rpm"),
    ],
    "eaton-xups": [
        ("battery time remaining", 1980.0, "seconds"),
        ("battery voltage", 218.0, "volts"),
        ("battery charge", 88.0, "percent"),
        ("battery status", 3.0, "floating"),
        ("input frequency", 49.9, "hertz"),
        ("output load", 41.0, "percent"),
        ("input voltage 1", 229.0, "volts"),
    ],
    "hp-procurve": [
        ("Fan Sensor", 4.0, "good"),
        ("Power Supply Sensor", 2.0, "bad"),
    ],
    "hpe-ilo": [
        ("system health", 3.0, "degraded"),
        ("temperature 1", 24.0, "celsius"),
        ("temperature 2", None, "celsius"),
        ("fan 1", 2.0, "ok"),
        ("fan 2", 4.0, "failed"),
    ],
    "juniper": [
        ("Fan Tray 0 state", 6.0, "down or off"),
        ("Routing Engine 0 state", 2.0, "running"),
        ("Fan Tray 0 temperature", None, "celsius"),
        ("Routing Engine 0 temperature", 46.0, "celsius"),
        ("Routing Engine 0 memory", 63.0, "percent"),
    ],
    "mikrotik": [
        ("cpu-temperature", 52.0, "celsius"),
        ("fan1-speed", 4050.0, "rpm"),
        ("psu1-voltage", 12.1, "volts"),
        ("psu1-state", 1.0, "failed"),
    ],
    "printer": [
        ("printer status 1", 3.0, "idle"),
        ("Black Cartridge", 8.0, "percent"),
        ("Waste box", None, "percent"),
        ("pages printed 1", 48211.0, "pages"),
    ],
    "raritan-pdu": [
        ("inlet 1 current", 4.321, "amperes"),
        ("inlet 1 voltage", 230.0, "volts"),
        ("inlet 1 power", 994.0, "watts"),
    ],
    "teltonika": [
        ("signal 1", -71.0, "dBm"),
        ("temperature 1", 38.0, "celsius"),
    ],
    "ucd-snmp": [
        ("memory free", 25.0, "percent"),
        ("swap free", 90.0, "percent"),
        ("Load-1", 1.42, None),
        ("disk /", 71.0, "percent"),
    ],
    "ups-mib": [
        ("battery status", 2.0, "normal"),
        ("time on battery", 0.0, "seconds"),
        ("battery time remaining", 47.0, "minutes"),
        ("battery charge", 100.0, "percent"),
        ("battery voltage", 273.1, "volts"),
        ("battery temperature", 27.0, "celsius"),
        ("output source", 3.0, "normal"),
        ("input voltage 1", 228.0, "volts"),
        ("output load 1", 34.0, "percent"),
    ],
}
PROCESSORS = {
    "cisco": [("Switch 1", 23)],
    "arista": [("AMD G-Series", 12)],
    "juniper": [("Routing Engine 0", 18)],
    "mikrotik": [(None, 5)],
    "hp-procurve": [("CPU", 9)],
}
# Name, alias, speed, address, administrative and operational state, octets in.
PORTS = {
    "cisco": [
        ("Gi1/0/1", "Bàn 01", 10**9, "00:1b:2c:3d:4e:01", "up", "up", 9 * 10**12),
        ("Gi1/0/2", None, 10**7, "00:1b:2c:3d:4e:02", "down", "down", 0),
    ],
    "arista": [("Ethernet1", "RT-UPLINK-01", 10**10, "00:1c:73:aa:bb:01", "up", "up", 2**60)],
    "juniper": [("ge-0/0/0", None, 10**9, "2c:6b:f5:01:02:03", "up", "up", 10**10)],
    "mikrotik": [("sfp-sfpplus1", "ISP A", 10**10, "48:8f:5a:00:00:01", "up", "up", 7 * 10**12)],
    "hp-procurve": [("1", "Quầy", 10**9, "94:18:82:00:00:01", "up", "up", 5 * 10**9)],
    "ucd-snmp": [
        ("lo", None, 10**7, "00:00:00:00:00:00", "up", "up", 5000),
        ("ens18", None, 10**9, "02:00:5e:00:00:01", "up", "up", 3 * 10**12),
    ],
}


def told_by(name: str) -> Reading:
    """What the recorded device tells when it is asked over the network."""
    with hostile(table_agent(recording(name))) as device:
        outcome = snmp.ask(quick(device.port, timeout=1.0))
    assert outcome.reading is not None, outcome.failure
    return outcome.reading


@pytest.mark.parametrize("name", names())
def test_a_recorded_device_tells_what_its_recording_says(name: str) -> None:
    reading = told_by(name)
    assert [
        (each.gauge.name, each.value, each.state.word if each.state else each.gauge.unit)
        for each in reading.measurements()
    ] == SENSORS[name]
    assert [(c.name, c.load_percent) for c in reading.processors()] == PROCESSORS.get(name, [])
    assert [
        (p.name, p.alias, p.speed_bps, p.mac, p.admin_status, p.oper_status, p.in_octets)
        for p in reading.interfaces()
    ] == PORTS.get(name, [])
    assert reading.problems == ()
    # A stored layout reads the same values.
    again = Layout.from_json(json.loads(json.dumps(reading.layout.as_json())))
    assert again == reading.layout


def test_every_shipped_profile_has_a_recording() -> None:
    shelf = profiles.shelf()
    assert shelf.faults == ()
    # Arista tells by the standard tables alone.
    assert {profile.name for profile in shelf.profiles} == set(names()) - {"arista"}


def test_a_state_that_is_not_well_is_judged_and_an_unknown_one_is_not() -> None:
    reading = told_by("apc-powernet")
    levels = {each.gauge.name: each.state.level for each in reading.measurements() if each.state}
    assert levels == {
        "battery status": Level.WELL,
        "battery replacement": Level.WARNING,
        "output status": Level.CRITICAL,
    }
    nothing = ThresholdFile(thresholds=())
    judged = {
        watch.subject: watch.value(reading.values, None, 30.0)
        for watch in watches(reading.layout, DeviceRole.UPS, Platform.GENERIC, nothing)
    }
    # By its profile alone: no file of config/health speaks of it.
    assert judged == {
        "battery status": 0.0,
        "battery replacement": 1.0,
        "output status": 2.0,
        "battery temperature": 31.0,
    }


SHOT = """
name: fog-machine
title: Máy tạo khói
source: invented
recognise: {descriptions: ['^Fog']}
scalars:
  - {oid: 1.3.6.1.4.1.99998.1.0, name: tank, kind: charge, unit: percent, exponent: -1}
"""


def test_an_operator_adds_a_device_type_by_a_file(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "fog-machine.yml").write_text(SHOT, "utf-8")
    monkeypatch.setattr("monitoring.probes.discovering.shelf", lambda: Shelf(tmp_path))
    device = {
        "1.3.6.1.2.1.1.1.0": recording("cisco")["1.3.6.1.2.1.1.1.0"],
        **recording("ups-mib"),
    }
    fog = dict(device)
    fog["1.3.6.1.2.1.1.1.0"] = b"\x04\x0bFogmaster 9"
    fog["1.3.6.1.4.1.99998.1.0"] = b"\x02\x02\x03\x0c"
    for table, expected in ((device, []), (fog, [("tank", 78.0)])):
        with hostile(table_agent(table)) as agent:
            reading = snmp.ask(quick(agent.port, timeout=1.0)).reading
        assert reading is not None
        assert [(each.gauge.name, each.value) for each in reading.measurements()] == expected


WRONG = [
    ("oid: 1.3.6.1.4.1.99998.1.0", "oid: sysDescr", "no OID in numbers"),
    ("oid: 1.3.6.1.4.1.99998.1.0", "oid: 1.3.9999999999.1", "below 4294967296"),
    ("kind: charge", "kind: fog", "kind"),
    ("unit: percent", "unit: furlongs", "unit"),
    ("exponent: -1", "exponent: -99", "exponent"),
    ("'^Fog'", "'['", "regular expression"),
    ("recognise: {descriptions: ['^Fog']}", "recognise: {}", "object_ids"),
    ("title:", "titel:", "titel"),
    ("name: tank", 'name: "{room}"', "places"),
    ("kind: charge, unit: percent", "kind: state", "states"),
]


@pytest.mark.parametrize(("right", "wrong", "says"), WRONG)
def test_a_mistake_is_named_with_its_file_and_stops_no_other(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    assert right in SHOT
    (tmp_path / "fog-machine.yml").write_text(SHOT.replace(right, wrong), "utf-8")
    sound = SHOT.replace("fog-machine", "other")
    (tmp_path / "other.yml").write_text(sound, "utf-8")
    shelf = Shelf(tmp_path)
    assert [profile.name for profile in shelf.profiles] == ["other"]
    (fault,) = shelf.faults
    assert "fog-machine.yml" in fault
    assert says in fault


def test_a_profile_bears_the_name_of_its_file_and_replaces_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "smoke.yml").write_text(SHOT, "utf-8")
    (tmp_path / "other.yml").write_text(
        SHOT.replace("fog-machine", "other") + "replaces: [nobody]\n", "utf-8"
    )
    assert sorted(fault.rpartition(", ")[2][:25] for fault in Shelf(tmp_path).faults) == [
        "name: the file of this pr",
        "replaces: there is no pro",
    ]


def test_a_changed_profile_is_another_edition(tmp_path: Path) -> None:
    path = tmp_path / "fog-machine.yml"
    path.write_text(SHOT, "utf-8")
    first = Shelf(tmp_path).edition
    path.write_text(SHOT.replace("exponent: -1", "exponent: 0"), "utf-8")
    assert Shelf(tmp_path).edition != first


def test_the_command_lists_profiles_and_names_mistakes(tmp_path: Path) -> None:
    run = click.testing.CliRunner().invoke
    listed = run(command, ["list"])
    assert listed.exit_code == 0
    assert "apc-powernet" in listed.output
    sound = run(command, ["check"])
    assert (sound.exit_code, "15 profiles are sound" in sound.output) == (0, True)
    (tmp_path / "fog-machine.yml").write_text(SHOT.replace("kind: charge", "kind: fog"), "utf-8")
    wrong = run(command, ["check", str(tmp_path)])
    assert wrong.exit_code == 1
    assert "fog-machine.yml, line 7" in wrong.output
    assert run(command, ["check", str(tmp_path / "nowhere")]).exit_code == 2


def test_profiles_are_read_as_strictly_as_any_document(tmp_path: Path) -> None:
    path = tmp_path / "fog-machine.yml"
    path.write_text(SHOT, "utf-8")
    assert documents.read(path, Profile).title == "Máy tạo khói"
