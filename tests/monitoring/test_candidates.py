"""What was found is suggested as something, compared with the inventory, and added in one go."""

from typing import Any, get_args

import pytest

from config.database import db, transaction
from monitoring import candidates, credentials, devices, surveys
from monitoring.candidates import Chosen
from monitoring.devices import NewDevice
from monitoring.errors import BadDevice, BadSurvey, CandidateTaken
from monitoring.models import Candidate, DeviceRole, Platform, Survey, SurveyEnd
from monitoring.probes import profiles
from monitoring.probes.profiles import shelf
from monitoring.suggestions import Told, suggest
from rental import journal
from tests.monitoring.survey_world import SWITCH, ask

ISR = "Cisco IOS Software [Amsterdam], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M)"
SUGGESTED = [
    # sysName, sysDescr, object id, services → name, kind, platform, vendor
    (("SW-1.lan", SWITCH, "1.3.6.1.4.1.9.1.1208", 6), ("SW-1", "switch", "cisco_ios", "Cisco")),
    (("rt", ISR, "1.3.6.1.4.1.9.1.1861", 78), ("rt", "router", "cisco_ios", "Cisco")),
    (
        ("rt", "Cisco IOS-XE router", "1.3.6.1.4.1.9.1.1861", 78),
        ("rt", "router", "cisco_xe", "Cisco"),
    ),
    (("srv", "Linux srv 6.1", "1.3.6.1.4.1.8072.3.2.10", 72), ("srv", "server", "linux", None)),
    (("cam", "AXIS Q6135", "1.3.6.1.4.1.368.1.1", None), ("cam", "camera", "generic", "Axis")),
    ((None, "APC Web card", "1.3.6.1.4.1.318.1.3.2.7", 72), ("192.0.2.9", "ups", "generic", "APC")),
    (("gw", "RouterOS RB4011", "1.3.6.1.4.1.14988.1", 78), ("gw", "router", "mikrotik_routeros",
     "MikroTik")),
    # No device type fits: words first, then the layers of sysServices.
    (("enc", "Sample HEVC 4K", "1.3.6.1.4.1.99999.1", 72), ("enc", "encoder", "generic", None)),
    (("a", "Arista DCS-7050", "1.3.6.1.4.1.30065.1", 14), ("a", "switch", "arista_eos", None)),
    (("b", "Firmware 1.0", "1.3.6.1.4.1.99999.1", 2), ("b", "switch", "generic", None)),
    (("c", "Firmware 1.0", "1.3.6.1.4.1.99999.1", 4), ("c", "router", "generic", None)),
    (("d", "Firmware 1.0", None, 64), ("d", "server", "generic", None)),
    (("e", None, None, None), ("e", "other", "generic", None)),
    # A name that is an address keeps its dots; one of blanks is none.
    (("10.0.0.7", "Firmware", None, None), ("10.0.0.7", "other", "generic", None)),
    (("  ", "Firmware", None, None), ("192.0.2.9", "other", "generic", None)),
    (("x" * 200, None, None, None), ("x" * 80, "other", "generic", None)),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wanted"), SUGGESTED)
def test_a_device_is_suggested_as_what_it_says(told: Any, wanted: Any) -> None:
    one = suggest(Told("192.0.2.9", *told), shelf().profiles)
    assert (one.name, one.role.value, one.platform.value, one.vendor) == wanted


def test_device_types_suggest_in_the_words_of_the_inventory() -> None:
    assert set(get_args(profiles.Role)) == {role.value for role in DeviceRole}
    assert set(get_args(profiles.System)) == {platform.value for platform in Platform}


def test_a_suggestion_does_not_change_what_devices_are_asked(tmp_path: Any) -> None:
    """Otherwise every device would be discovered anew where somebody names a vendor."""
    text = (profiles.FOLDER / "cisco.yml").read_text("utf-8")
    editions = []
    for version in (text, text.replace("vendor: Cisco\n", "vendor: Other\n")):
        (tmp_path / "cisco.yml").write_text(version)
        editions.append(profiles.Shelf(tmp_path).edition)
    assert editions[0] == editions[1]


@pytest.fixture
def survey(house: Any) -> Survey:
    """A survey that found a switch, a camera, garbage, and what is known already."""
    found = ask()
    with transaction():
        lab = credentials.find("lab")
        rows = [
            Candidate(address="127.0.0.2", sys_name="SW-LAB.vn", sys_descr=SWITCH,
                      object_id="1.3.6.1.4.1.9.1.1208", credential=lab),
            Candidate(address="127.0.0.3", sys_name="CAM", sys_descr="PTZ", credential=lab),
            Candidate(address="127.0.0.4", fault="garbled"),
            Candidate(address="127.0.0.5", sys_name="OLD", credential=lab),
        ]  # fmt: skip
        for row in rows:
            row.survey_id = found.id
        db.session.add_all(rows)
        devices.add(NewDevice("KNOWN-1", "127.0.0.5", found.site))
        found.asked, found.ended, found.finished_at = 6, SurveyEnd.DONE, found.asked_at
    return surveys.get(found.id)


def ids(survey: Survey) -> dict[str, int]:
    return {each.candidate.address[-1]: each.candidate.id for each in candidates.of(survey)}


def add(survey: Survey, **chosen: str) -> list[str]:
    """Choose candidates by the last digit of their address, each under a name."""
    places = ids(survey)
    wanted = {places[key[1:]]: Chosen(name, DeviceRole.SWITCH) for key, name in chosen.items()}
    with transaction():
        return [device.name for device in candidates.add(survey, wanted, by=None)]


def test_what_was_found_is_set_against_the_inventory(survey: Survey) -> None:
    looked = candidates.of(survey)
    assert [each.known and each.known.name for each in looked] == [None, None, None, "KNOWN-1"]
    assert [each.can_be_added for each in looked] == [True, True, False, False]
    assert looked[0].suggestion.type == "Cisco switch or router"


def test_the_chosen_ones_are_added_with_the_credential_that_answered(survey: Survey) -> None:
    assert add(survey, _2="SW-LAB", _3="CAM-9") == ["SW-LAB", "CAM-9"]
    switch = devices.find("SW-LAB")
    assert (switch.address, switch.platform, switch.vendor) == (
        "127.0.0.2",
        Platform.CISCO_IOS,
        "Cisco",
    )
    assert switch.snmp_credential is credentials.find("lab")
    assert switch.site is survey.site
    assert [entry.verb for entry in journal.of(switch)] == ["added"]
    assert journal.of(survey)[-1].details["devices"] == ["SW-LAB", "CAM-9"]
    looked = candidates.of(survey)
    assert [each.known and each.known.name for each in looked][:2] == ["SW-LAB", "CAM-9"]


def test_pressing_twice_adds_once(survey: Survey) -> None:
    add(survey, _2="SW-LAB")
    assert add(survey, _2="SW-LAB") == []
    assert add(survey, _2="SW-LAB", _3="CAM-9") == ["CAM-9"]
    assert len(devices.search()) == 3


REFUSED: list[tuple[dict[str, str], type[Exception], str]] = [
    ({}, BadSurvey, "Choose at least one"),
    ({"_2": "KNOWN-1"}, CandidateTaken, "The name KNOWN-1 stands there twice, or a device has it"),
    ({"_2": "A", "_3": "A"}, CandidateTaken, "The name A stands there twice"),
    ({"_2": "A", "_3": " "}, BadDevice, "A device has a name of 1 to 80 characters."),
    ({"_2": "A", "_4": "B"}, BadSurvey, "127.0.0.4 cannot be read"),
    ({"_2": "A", "_5": "B"}, CandidateTaken, "127.0.0.5 is KNOWN-1 already; leave it out."),
]


@pytest.mark.parametrize(("chosen", "family", "said"), REFUSED)
def test_all_of_them_or_none_are_added(
    survey: Survey, chosen: dict[str, str], family: type[Exception], said: str
) -> None:
    with pytest.raises(family, match=said):
        add(survey, **chosen)
    assert [device.name for device in devices.search()] == ["KNOWN-1"]


def test_a_candidate_of_another_survey_is_none_of_this_one(survey: Survey) -> None:
    with pytest.raises(BadSurvey), transaction():
        candidates.add(survey, {9999: Chosen("A", DeviceRole.SWITCH)}, by=None)


def test_a_credential_that_is_gone_opens_nothing(survey: Survey) -> None:
    with transaction():
        credentials.remove(credentials.find("lab"), by=None)
    with pytest.raises(BadSurvey, match="cannot be read"):
        add(survey, _2="A")
