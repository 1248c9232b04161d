"""Devices of many makers tell what their recordings say; a device type is a file, not code."""

import json
from pathlib import Path

import click.testing
import pytest

from config import documents
from monitoring.models import DeviceRole, Platform
from monitoring.probes import profiles, snmp
from monitoring.probes.logins import CommunityVersion, SnmpCommunity
from monitoring.probes.profiles import Profile, Shelf
from monitoring.probes.reading import Layout, Reading
from monitoring.thresholds import Level
from monitoring.watches import ThresholdFile, watches
from portal.cli.devices import probe
from portal.cli.profiles import profiles as command
from tests.monitoring.agents import COMMUNITY, first_version_agent, hostile, table_agent
from tests.monitoring.recordings import encoded, names, recording
from tests.monitoring.recordings.facts import PORTS, PROBLEMS, PROCESSORS, SENSORS, STORAGE
from tests.monitoring.test_snmp import quick

COUNTER64 = 0x46

# Recordings of kinds that the standard tables tell whole, without a profile of their own.
STANDARD = {"arista", "encoder", "nxos", "old-switch", "windows"}


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
    assert [(s.name, s.used_bytes, s.size_bytes) for s in reading.storage()] == STORAGE.get(
        name, []
    )
    assert list(reading.problems) == PROBLEMS.get(name, [])
    # A stored layout reads the same values.
    again = Layout.from_json(json.loads(json.dumps(reading.layout.as_json())))
    assert again == reading.layout


def test_every_shipped_profile_has_a_recording() -> None:
    shelf = profiles.shelf()
    assert shelf.faults == ()
    assert {profile.name for profile in shelf.profiles} == set(names()) - STANDARD


@pytest.mark.parametrize("name", ["cisco", "windows", "old-switch", "encoder"])
def test_the_command_prints_what_the_recording_says(name: str) -> None:
    with hostile(table_agent(recording(name))) as device:
        asked = [f"127.0.0.1:{device.port}", "--timeout", "1", "--json"]
        ran = click.testing.CliRunner().invoke(probe, asked)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert [
        (p["name"], p["alias"], p["speed_bps"], p["mac"], p["admin_status"], p["oper_status"],
         p["in_octets"])
        for p in told["interfaces"]
    ] == PORTS[name]  # fmt: skip
    assert [(s["name"], s["value"]) for s in told["sensors"]] == [
        (sensor, value) for sensor, value, _ in SENSORS[name]
    ]
    assert {key for sensor in told["sensors"] for key in sensor} <= {
        "name",
        "kind",
        "value",
        "unit",
    }
    assert told["problems"] == PROBLEMS.get(name, [])


@pytest.mark.parametrize("name", ["cisco", "apc-powernet", "ucd-snmp", "old-switch"])
def test_snmp_v1_tells_the_same_but_what_needs_64_bits(name: str) -> None:
    # Version 1 knows no Counter64 (RFC 2576, 4.1.2.1): such columns are not there.
    table = {oid: value for oid, value in recording(name).items() if value[0] != COUNTER64}
    with hostile(first_version_agent(table)) as device:
        login = SnmpCommunity(COMMUNITY, CommunityVersion.V1)
        outcome = snmp.ask(quick(device.port, login=login, timeout=1.0, budget=30.0))
    assert outcome.reading is not None, outcome.failure
    told = outcome.reading
    assert [(s.name, s.value) for s in told.sensors()] == [
        (sensor, value) for sensor, value, _ in SENSORS[name]
    ]
    assert [(p.name, p.speed_bps, p.oper_status) for p in told.interfaces()] == [
        (port[0], port[2], port[5]) for port in PORTS.get(name, [])
    ]
    assert [p.in_octets for p in told.interfaces()] == [
        None if port[6] is None else port[6] % 2**32 for port in PORTS.get(name, [])
    ]
    assert list(told.problems) == PROBLEMS.get(name, [])


NUMBERS = """
name: fog-machine
title: Máy tạo khói
source: invented
recognise: {object_ids: [1.3.6.1.4.1.99998]}
scalars:
  - {oid: 1.3.6.1.4.1.99998.1.0, name: single, kind: temperature, unit: celsius}
  - {oid: 1.3.6.1.4.1.99998.2.0, name: text, kind: load, unit: percent}
  - {oid: 1.3.6.1.4.1.99998.3.0, name: wrapped, kind: temperature, unit: celsius, exponent: -1}
  - {oid: 1.3.6.1.4.1.99998.4.0, name: words, kind: load, unit: percent}
"""


def test_a_number_counts_however_it_travels(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "fog-machine.yml").write_text(NUMBERS, "utf-8")
    monkeypatch.setattr("monitoring.probes.discovering.shelf", lambda: Shelf(tmp_path))
    table = {
        "1.3.6.1.2.1.1.2.0": encoded("OID", ".1.3.6.1.4.1.99998.7"),
        "1.3.6.1.2.1.1.3.0": encoded("Timeticks", "(4200)"),
        "1.3.6.1.4.1.99998.1.0": encoded("Opaque", "Float: -36.6"),
        "1.3.6.1.4.1.99998.2.0": encoded("STRING", " 45 %"),
        # -1.5 °C in a type that knows no sign.
        "1.3.6.1.4.1.99998.3.0": encoded("Gauge32", str(2**32 - 15)),
        "1.3.6.1.4.1.99998.4.0": encoded("STRING", "not fitted"),
    }
    with hostile(table_agent(table)) as agent:
        reading = snmp.ask(quick(agent.port, timeout=1.0)).reading
    assert reading is not None
    told = [(each.gauge.name, each.value) for each in reading.measurements()]
    assert told == [("single", -36.6), ("text", 45.0), ("wrapped", -1.5)]


def test_of_two_profiles_the_better_one_tells_a_sensor_and_the_other_the_rest() -> None:
    both = {**recording("ups-mib"), **recording("apc-powernet")}
    with hostile(table_agent(both)) as agent:
        reading = snmp.ask(quick(agent.port, timeout=1.0)).reading
    assert reading is not None
    told = [each.gauge.name for each in reading.measurements()]
    own = [name for name, _, _ in SENSORS["apc-powernet"]]
    assert set(own) <= set(told)
    # The standard says "input voltage 1" of a UPS with one line.
    assert "input voltage 1" not in told
    assert told.count("battery charge") == 1
    assert {"battery voltage", "output source"} <= set(told)


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
    assert (sound.exit_code, "16 profiles are sound" in sound.output) == (0, True)
    (tmp_path / "fog-machine.yml").write_text(SHOT.replace("kind: charge", "kind: fog"), "utf-8")
    wrong = run(command, ["check", str(tmp_path)])
    assert wrong.exit_code == 1
    assert "fog-machine.yml, line 7" in wrong.output
    assert run(command, ["check", str(tmp_path / "nowhere")]).exit_code == 2


def test_profiles_are_read_as_strictly_as_any_document(tmp_path: Path) -> None:
    path = tmp_path / "fog-machine.yml"
    path.write_text(SHOT, "utf-8")
    assert documents.read(path, Profile).title == "Máy tạo khói"
