"""Files of devices: what becomes of each row, what is refused, and what is given comes back."""

import io
from datetime import date

import openpyxl
import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.database import db, transaction
from config.errors import Refusal
from monitoring import device_batches, devices
from monitoring.devices import NewDevice
from monitoring.errors import BadDevice
from monitoring.models import Device, DeviceRole, Platform
from portal.pages.booking_files.errors import BadSheet
from portal.pages.device_files import columns, drafts, importing
from portal.pages.device_files.drafts import Draft
from portal.pages.device_files.errors import BadDeviceFile, OtherOutcome
from portal.pages.device_files.importing import SentDevices
from rental import journal
from tests import build
from tests.portal.booking_sheets import as_csv, as_xlsx
from tests.portal.device_sheets import SECRET, a_house, lines, names
from tests.portal.device_sheets import given as as_file


@pytest.fixture(autouse=True)
def house(service: Flask) -> None:
    """What files may name."""
    a_house(service)


def look(content: bytes, filename: str = "devices.csv") -> Draft:
    return importing.preview(SentDevices(filename, content))


def take(content: bytes, filename: str = "devices.csv", seen: str = "") -> Draft:
    with transaction():
        return importing.take_in(SentDevices(filename, content, seen), by=None)


def wrong(content: bytes, filename: str = "devices.csv") -> list[str]:
    """The sentences of all rows, with their numbers."""
    return [
        f"{row.number}: {columns.plainly(problem)}"
        for row in look(content, filename).rows
        for problem in row.problems
    ]


def verdicts(draft: Draft) -> list[str]:
    return [row.verdict.value for row in draft.rows]


def test_a_file_adds_what_is_new_changes_what_differs_and_leaves_the_rest():
    content = as_csv(
        [
            {"name": "CAM-1", "address": "192.0.2.9", "role": "camera", "parent": "SW-HALL",
             "site": "remote", "vendor": "Axis", "model": "Q6135", "serial": "0042",
             "location": "Sảnh", "tags": "hội trường, 4K", "note": "Trên cao", "asset": "ENC-01",
             "snmp_credential": "Switches", "ssh_credential": "Linux", "snmp_port": "1161"},
            {"name": "SW-HALL", "address": "192.0.2.2", "role": "switch", "parent": "SW-CORE",
             "platform": "cisco_ios", "resource": "F100", "is_enabled": "no"},
            {"name": "SW-CORE", "location": "Tủ rack B"},
        ]
    )  # fmt: skip
    draft = look(content)
    assert verdicts(draft) == ["new", "new", "changed"]
    assert draft.rows[2].changes == [drafts.Change("location", "Tủ rack A", "Tủ rack B")]
    assert names(devices.search()) == ["SW-CORE"], "a look writes nothing"
    take(content, seen=draft.digest)
    camera, switch = devices.find("CAM-1"), devices.find("SW-HALL")
    assert camera is not None
    assert switch is not None
    assert (camera.parent, switch.parent) == (switch, devices.find("SW-CORE"))
    assert (camera.role, switch.platform) == (DeviceRole.CAMERA, Platform.CISCO_IOS)
    assert (camera.serial, camera.tags) == ("0042", ["4k", "hội trường"])
    assert camera.asset is not None
    assert camera.resource is camera.asset.resource, "the asset is a piece of it"
    assert (switch.resource.code, switch.is_enabled) == ("F100", False)
    assert (camera.site.slug, switch.site.slug) == ("remote", "centre")
    assert [entry.verb for entry in journal.of(camera)] == ["added"]
    core = devices.find("SW-CORE")
    assert journal.of(core)[-1].details["fields"] == ["location"]
    assert core.vendor == "Cisco", "what the file leaves out stays"


def test_the_same_file_again_changes_nothing_and_doubles_nothing():
    content = as_csv([{"name": "UPS-1", "address": "192.0.2.7", "tags": "B, a", "note": "  x "}])
    take(content)
    before = len(journal.recent())
    assert verdicts(take(content)) == ["unchanged"]
    assert names(devices.search()) == ["SW-CORE", "UPS-1"]
    assert len(journal.recent()) == before


def test_an_empty_cell_keeps_and_a_dash_empties():
    take(as_csv([{"name": "SW-CORE", "location": "", "vendor": "-"}]))
    core = devices.find("SW-CORE")
    assert (core.location, core.vendor) == ("Tủ rack A", None)
    assert wrong(as_csv([{"name": "SW-CORE", "address": "-", "location": "Kho"}])) == [
        "2: address: it cannot be empty; leave the cell empty to keep it."
    ]


def test_vietnamese_heads_words_semicolons_and_a_mark_are_read():
    content = "\ufeff" + "\r\n".join(
        [
            "Tên *;Địa chỉ;Loại;Cơ sở;Giám sát",
            "CAM-9;192.0.2.99;Camera;Điểm cầu Thủ Đức;Không",
        ]
    )
    with force_locale("vi"):
        heads = {str(title) for title in columns.TITLES.values()}
    assert len(heads) == len(columns.TITLES), "no two columns share a name"
    take(content.encode())
    camera = devices.find("CAM-9")
    assert (camera.role, camera.site.slug, camera.is_enabled) == (
        DeviceRole.CAMERA,
        "remote",
        False,
    )


def test_yaml_keeps_what_is_written_and_null_empties():
    content = (
        b"# from the stock list\ndevices:\n"
        b"  - {name: PDU-1, address: 192.0.2.30, serial: 0042, tags: [rack, 'b,c']}\n"
        b"  - name: SW-CORE\n    vendor: null\n    note: |\n      first\n      second\n"
    )
    take(content, "list.yml")
    pdu = devices.find("PDU-1")
    assert (pdu.serial, pdu.tags) == ("0042", ["b", "c", "rack"])
    core = devices.find("SW-CORE")
    assert (core.vendor, core.note) == (None, "first\nsecond")


WRONG_ROWS = [
    ("name,address|,192.0.2.9", "2: The row needs the name of a device."),
    ("name,address|A,", "2: A new device needs an address."),
    ("name,address|A,cam.local", "2: address: 'cam.local' is not a numeric address; write it as"),
    ("name,address,role|A,192.0.2.9,toaster", "2: role: “toaster” is not one of camera, encoder"),
    ("name,address,snmp_port|A,192.0.2.9,70000", "2: There is no port 70000; ports are 1 to"),
    ("name,address,snmp_port|A,192.0.2.9,1e3", "2: snmp_port: “1e3” is not a whole number."),
    ("name,address,site|A,192.0.2.9,moon", "2: site: There is no site “moon”; choose one of: "),
    ("name,address,resource|A,192.0.2.9,X9", "2: resource: There is no resource “X9”"),
    ("name,address,asset|A,192.0.2.9,X9", "2: asset: There is no asset with the tag “X9”"),
    (
        "name,address,snmp_credential|A,192.0.2.9,Swiches",
        "2: snmp_credential: There is no credential “Swiches”; add it first, or choose one of: Sw",
    ),
    (
        "name,address,snmp_credential|A,192.0.2.9,Linux",
        "2: snmp_credential: The credential “Linux” is of another kind; choose one of: Switches.",
    ),
    ("name,address,parent|A,192.0.2.9,B", "2: parent: There is no device “B”, neither here nor"),
    ("name,address|sw-core,192.0.2.9", "2: A device is named SW-CORE; write its name as it"),
    ("name,address,is_enabled|A,192.0.2.9,maybe", "2: is_enabled: “maybe” is not one of yes, no."),
    ("name,vendor|SW-CORE," + "x" * 81, "2: vendor: Write 80 characters at most."),
    ("name,address|A,192.0.2.9|a,192.0.2.8", "3: a stands already in row 2; keep one of them."),
    (
        "name,address,parent|A,192.0.2.9,B|B,192.0.2.8,C|C,192.0.2.7,A",
        "2: parent: A device cannot be reached through itself: A → B → C → A.",
    ),
    (
        "name,parent,address|A,SW-CORE,192.0.2.9|SW-CORE,A,",
        "2: parent: A device cannot be reached through itself: A → SW-CORE → A.",
    ),
    ("name,parent|SW-CORE,SW-CORE", "2: parent: A device cannot be reached through itself"),
]


@pytest.mark.parametrize(("rows", "said"), WRONG_ROWS, ids=[said[:60] for _, said in WRONG_ROWS])
def test_a_wrong_row_says_what_to_mend_and_nothing_is_written(rows: str, said: str):
    content = lines(*rows.split("|"))
    assert any(sentence.startswith(said) for sentence in wrong(content)), wrong(content)
    with pytest.raises(BadDeviceFile):
        take(content)
    assert names(devices.search()) == ["SW-CORE"]


WRONG_FILES = [
    (b"", "a.csv", "The file is empty"),
    (b"%PDF-1.7 not a list", "a.csv", "The file cannot be read as a table"),
    (b"PK\x03\x04 no archive", "a.xlsx", ""),
    (b"\x89PNG\r\n\x1a\n" + bytes(20), "a.png", "The letters cannot be read"),
    ("name,địa chỉ".encode("utf-16"), "a.csv", "The letters cannot be read"),
    (b"name,address", "a.csv", "There is no device in the file"),
    (b"vendor,address\nx,192.0.2.1", "a.csv", "these are missing: name"),
    (b"name,colour\nx,red", "a.csv", "There is no column “colour”"),
    (b"name,name\nx,y", "a.csv", "stands there twice"),
    (b'name\n"x', "a.csv", "a quotation mark is not closed"),
    (b"name\n" + b"x\n" * 10_001, "a.csv", "more than 10000 rows"),
    (b"name\n" + b"x" * 10_000_000, "a.csv", "larger than 5 MB"),
    (b"devices:" + b" " * 10_000_000, "a.yml", "larger than 5 MB"),
    (b"units: []", "a.yml", "Line 1: only `devices:` is taken here"),
    (b"- name: x", "a.yml", "Line 1: write a list of devices"),
    (b"devices:\n  x: 1", "a.yml", "write a list of devices"),
    (b"devices:\n- name: [a, [b]]", "a.yml", "Line 2: write a list of devices"),
    (b"devices:\n- name: {a: b}", "a.yml", "Line 2: write a list of devices"),
    (b"devices:\n- a: 1\n  a: 2", "a.yml", "Line 3: “a” stands there twice."),
    (b"devices:\n- &x {name: a}\n- *x", "a.yml", "Line 2: write the values out"),
    (b"devices:\n- {name: a", "a.yml", "this is not YAML"),
    (b"devices:\n- " + b"[" * 100_000, "a.yml", "Line 2: write a list of devices"),
    (b"devices:\n- name: \x00", "a.yml", "this is not YAML"),
    (b"devices:\n" + b"- {name: x}\n" * 10_001, "a.yml", "more than 10000 rows"),
    ("devices:\n- name: ờ".encode("utf-16"), "a.yml", "The letters cannot be read"),
]


@pytest.mark.parametrize(("content", "filename", "said"), WRONG_FILES)
def test_a_file_that_is_no_list_of_devices_says_so(content: bytes, filename: str, said: str):
    with pytest.raises(Refusal, match=r".") as refused:
        look(content, filename)
    assert said in columns.plainly(refused.value)


def test_what_yaml_does_not_know_is_said_in_its_row():
    assert wrong(b"devices:\n- {name: SW-CORE, colour: red}", "a.yml")[0].startswith(
        "2: There is no column “colour”; the columns are name, address"
    )


def test_dates_and_formulas_of_a_spreadsheet_are_not_taken_for_text():
    table = [
        ["name", "address", "model", "serial"],
        ["A", "192.0.2.9", date(2026, 3, 5), 42],
        ["B", "192.0.2.8", "=1+1", 42.0],
    ]
    draft = look(as_xlsx(table), "a.xlsx")
    assert [columns.plainly(each) for each in draft.rows[0].problems] == [
        "model: the spreadsheet has made a date of it; format the column as text."
    ]
    second = draft.rows[1].wanted
    assert second is not None
    # A formula that no spreadsheet has reckoned is an empty cell; a number is its digits.
    assert (second.model, second.serial) == (None, "42")


def test_a_device_that_is_out_of_use_stays_as_it_is():
    with transaction():
        devices.retire(devices.find("SW-CORE"), by=None)
    assert verdicts(look(as_csv([{"name": "SW-CORE", "vendor": "Cisco"}]))) == ["unchanged"]
    assert wrong(as_csv([{"name": "SW-CORE", "vendor": "Arista"}])) == [
        "2: The device is out of use; take it back into use first."
    ]
    assert wrong(as_csv([{"name": "A", "address": "192.0.2.9", "parent": "SW-CORE"}])) == [
        "2: parent: SW-CORE is out of use; choose another parent."
    ]


def test_a_second_device_at_an_address_is_pointed_out_but_taken():
    draft = look(as_csv([{"name": "A", "address": "192.0.2.1"}, {"name": "B", "address": "::1"}]))
    assert [columns.plainly(note) for note in draft.rows[0].notes] == [
        "SW-CORE has the address 192.0.2.1 already; look whether it is the same device."
    ]
    assert draft.is_good
    assert draft.rows[1].notes == []


def test_who_looked_at_something_else_looks_again():
    content = as_csv([{"name": "SW-CORE", "location": "Kho"}])
    seen = look(content).digest
    with transaction():
        core = devices.find("SW-CORE")
        devices.change(core, NewDevice("SW-CORE", "192.0.2.1", core.site, location="Sân"), by=None)
    with pytest.raises(OtherOutcome):
        take(content, seen=seen)
    assert devices.find("SW-CORE").location == "Sân"


def test_a_parent_may_stand_further_down_and_a_tree_may_be_turned_over():
    take(lines("name,address,parent", "A,192.0.2.2,", "B,192.0.2.3,A"))
    take(lines("name,parent", "A,B", "B,-"))
    assert devices.find("A").parent is devices.find("B")
    assert devices.find("B").parent is None


def test_a_chain_of_parents_has_an_end():
    rows = [f"D{n},192.0.2.{n},D{n + 1}" for n in range(1, 60)]
    said = wrong(lines("name,address,parent", *rows, "D60,192.0.2.60,"))
    assert said[0].startswith("2: parent: It would be reached through more than 50 others")
    assert look(lines("name,address,parent", *rows[20:], "D60,192.0.2.60,")).is_good


def test_a_plan_in_a_circle_is_refused_by_the_inventory_itself():
    core = devices.find("SW-CORE")
    plan = device_batches.Planned(devices.described(core), core, "SW-CORE")
    with pytest.raises(BadDevice, match="cannot be reached through itself"):
        device_batches.take_in([plan], by=None)


def test_five_thousand_rows_are_looked_at_and_taken_in():
    rows = [
        {"name": f"D{n}", "address": f"10.0.{n // 250}.{n % 250 + 1}",
         "parent": f"D{n // 10}" if n >= 10 else "", "snmp_credential": "Switches"}
        for n in range(5000)
    ]  # fmt: skip
    content = as_csv(rows)
    draft = take(content, seen=look(content).digest)
    assert draft.counts == {"new": 5000, "changed": 0, "unchanged": 0, "wrong": 0}
    assert devices.find("D4999").parent.name == "D499"
    assert set(verdicts(look(content))) == {"unchanged"}


FORMS = ("csv", "xlsx", "yml")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("spoken", [True, False])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_is_given_out_comes_back_unchanged_and_holds_no_secret(form, spoken, language):
    take(
        as_csv(
            [
                {"name": "=HYPERLINK(1)", "address": "2001:db8::1", "note": "một\nhai",
                 "role": "ups", "parent": "SW-CORE", "asset": "ENC-01", "site": "remote",
                 "tags": "+a, @b, 007", "serial": "0012", "vendor": "@vendor", "model": "'=1",
                 "location": "yes", "ssh_credential": "Linux", "is_enabled": "no",
                 "snmp_port": "1161", "needs_legacy_ssh": "yes"},
            ]
        )
    )  # fmt: skip
    with force_locale(language):
        content = as_file(devices.search(), form, spoken=spoken)
    assert SECRET.encode() not in content
    draft = look(content, f"devices.{form}")
    assert verdicts(draft) == ["unchanged", "unchanged"], [row.changes for row in draft.rows]
    before = [devices.described(device) for device in devices.search()]
    assert {one.name: one.needs_legacy_ssh for one in before}["=HYPERLINK(1)"]
    with transaction():
        db.session.execute(db.text("DELETE FROM device WHERE parent_id IS NOT NULL"))
    take(content, f"devices.{form}")
    after = [devices.described(device) for device in devices.search()]
    assert before == after


def test_no_cell_of_a_csv_begins_as_a_formula():
    take(as_csv([{"name": "=cmd|x", "address": "192.0.2.9", "vendor": "-1", "model": "+1"}]))
    written = as_file(devices.search(), "csv").decode("utf-8-sig").splitlines()
    cells = [cell.strip('"') for line in written for cell in line.split(",")]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")] == []
    book = openpyxl.load_workbook(io.BytesIO(as_file(devices.search(), "xlsx")))
    assert {cell.data_type for row in book.active for cell in row} <= {"s", "n", "inlineStr"}


TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(vendor=TEXT, note=TEXT, location=TEXT, tag=TEXT)
def test_whatever_people_write_comes_back_as_it_was(vendor, note, location, tag):
    with transaction():
        core = devices.find("SW-CORE")
        new = NewDevice(
            "SW-CORE", "192.0.2.1", core.site, vendor=vendor, note=note, location=location,
            tags=[tag],
        )  # fmt: skip
        devices.change(core, new, by=None)
    for form in FORMS:
        draft = look(as_file(devices.search(), form), f"devices.{form}")
        assert verdicts(draft) == ["unchanged"], (form, draft.rows[0].changes, wrong_of(draft))


def wrong_of(draft: Draft) -> list[str]:
    return [columns.plainly(problem) for row in draft.rows for problem in row.problems]


def test_a_file_names_no_more_than_it_says(service: Flask):
    """A site of its own in the database is not what a first site means."""
    build.a_site(slug="zz")
    take(as_csv([{"name": "A", "address": "192.0.2.9"}]))
    assert devices.find("A").site.slug == "centre"


def test_whoever_waits_for_the_first_import_sees_what_it_did():
    """Two at once: the second is read when the first is done, and adds nothing twice."""
    content = as_csv([{"name": "A", "address": "192.0.2.9"}])
    seen = look(content).digest
    take(content, seen=seen)
    with pytest.raises(OtherOutcome):
        take(content, seen=seen)
    assert db.session.query(Device).filter_by(name="A").count() == 1


def test_bad_sheets_are_refusals_of_the_family_that_pages_show():
    with pytest.raises(BadSheet):
        look(b"")
