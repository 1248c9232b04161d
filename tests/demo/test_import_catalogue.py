"""`media-center import`: the whole file or nothing, and every error with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from config.database import db, transaction
from monitoring.models import Device
from portal.catalogue_files import checks
from portal.catalogue_files.checks import Known
from portal.catalogue_files.loading import import_file
from portal.catalogue_files.reading import BadCatalogue
from portal.catalogue_files.records import KINDS, Entry, PartRecord
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import Asset, EventKind, JournalEntry, Member, Part, Resource, Site, Unit
from rental.period import Period
from tests.build import a_member, a_unit

WHOLE = """\
sites:
  - {slug: centre, name: Trung tâm Báo chí, zone: Asia/Ho_Chi_Minh}
units:
  - {slug: centre-unit, name: Trung tâm, is_centre: true}
  - {slug: bao-a, name: Báo A, unit_class: partner, tax_code: "0301234562"}
members:
  - {email: Desk@Centre.example, name: Lê Thị Hoa, unit: centre-unit, role: desk}
  - {email: lan@bao-a.example, name: Nguyễn Lan, unit: bao-a, role: head, locale: en}
resources:
  - code: KIT
    kind: equipment
    name: Bộ phát trực tiếp
    stock: 2
    parts:
      - {resource: ENC, quantity: 1}
      - {resource: CABLE, quantity: 3}
  - {code: ENC, kind: equipment, name: Bộ mã hóa, stock: 3, site: centre}
  - {code: CABLE, kind: equipment, name: Cáp, stock: 20}
  - {code: H100, kind: hall, name: Hội trường, seats: 100, turnaround_after_minutes: 60}
assets:
  - {tag: ENC-01, resource: ENC, serial: SN-1}
  - {tag: ENC-02, resource: ENC, condition: worn}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "catalogue.yml", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def errors(path: Path) -> list[str]:
    with pytest.raises(BadCatalogue) as refused, transaction():
        import_file(path)
    return refused.value.details["problems"]


def everything() -> int:
    tables = (Site, Unit, Member, Resource, Part, Asset, JournalEntry)
    return sum(db.session.scalar(sa.select(sa.func.count()).select_from(t)) for t in tables)


def test_a_catalogue_is_loaded_with_forward_references_and_a_second_time_changes_nothing(
    house, written
):
    path = written(WHOLE)
    with transaction():
        first = import_file(path)
    before = everything()
    with transaction():
        second = import_file(path)
    assert first.counts["resources"] == {"added": 4}
    assert first.counts["parts"] == {"added": 2}
    assert all(set(count) == {"unchanged"} for count in second.counts.values())
    assert everything() == before
    assert second.lines()[0] == "sites: 1 unchanged"


def test_a_record_is_found_by_its_key_and_what_the_file_leaves_out_stays(house, written):
    with transaction():
        import_file(written(WHOLE))
    with transaction():
        import_file(
            written(
                "members:\n  - {email: DESK@centre.EXAMPLE, name: Lê Hoa, unit: centre-unit}\n"
                "resources:\n  - {code: H100, kind: hall, name: Hội trường lớn}\n"
            )
        )
    hall = db.session.scalar(sa.select(Resource).where(Resource.code == "H100"))
    desk = db.session.scalar(sa.select(Member).where(Member.name == "Lê Hoa"))
    assert (hall.name, hall.seats, hall.turnaround_after_minutes) == ("Hội trường lớn", 100, 60)
    assert (desk.email, desk.role) == ("Desk@Centre.example", "desk")


def test_a_listed_set_of_parts_is_the_whole_set(house, written):
    with transaction():
        import_file(written(WHOLE))
    with transaction():
        done = import_file(
            written(
                "resources:\n  - code: KIT\n    kind: equipment\n    name: Bộ phát\n"
                "    parts: [{resource: CABLE, quantity: 4}]\n"
            )
        )
    kit = db.session.scalar(sa.select(Resource).where(Resource.code == "KIT"))
    assert [(part.part.code, part.quantity) for part in kit.parts] == [("CABLE", 4)]
    assert done.counts["parts"] == {"removed": 1, "changed": 1}


def test_every_error_is_listed_with_its_line_and_nothing_is_written(house, written):
    wrong = """\
sites:
  - {slug: centre, name: Trung tâm, zone: Asia/Saigonn}
units:
  - {slug: bao-a, name: Báo A}
  - {slug: bao-a, name: Báo A lần nữa}
members:
  - {email: not-an-address, name: Ai, unit: bao-a}
  - {email: lan@bao-a.example, name: Lan, unit: bao-z}
  - {email: sep@bao-a.example, name: Sếp, unit: bao-a, role: administrator}
resources:
  - code: MIC
    kind: equipment
    name: Micro
    stock: -3
  - {code: H1, kind: room, name: Phòng}
  - {code: 007, kind: hall, name: Phòng, seat: 9}
assets:
  - {tag: T1, resource: NOWHERE}
"""
    told = errors(written(wrong))
    expected = [
        ("line 2", "zone", "IANA"),
        ("line 5", "bao-a stands already in", "line 4"),
        ("line 7", "email", "desk@centre.example"),
        ("line 8", "the unit bao-z is neither"),
        ("line 9", "administrator is a role of the Centre"),
        ("line 14", "stock", "at least 0"),
        ("line 15", "kind", "'hall', 'equipment' or 'circuit'"),
        ("line 16", "code", "quotes"),
        ("line 16", "seat", "no such key"),
        ("line 18", "NOWHERE"),
    ]
    for words in expected:
        assert any(all(word in line for word in words) for line in told), (words, told)
    assert len(told) == len(expected) + 0
    assert everything() == 0


@pytest.mark.parametrize(
    ("parts", "circle", "reason"),
    [
        ([("A", "A")], "A > A", "a part of itself"),
        ([("A", "B"), ("B", "A")], "A > B > A", "two that hold each other"),
        ([("A", "B"), ("B", "C"), ("C", "B")], "B > C > B", "a circle below a kit"),
        ([("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")], None, "a diamond is no circle"),
    ],
)
def test_parts_that_run_in_a_circle_are_named(parts, circle, reason):
    entries = [
        Entry("parts", f"parts.csv, line {at}", PartRecord(whole=whole, part=part))
        for at, (whole, part) in enumerate(parts, 2)
    ]
    known = Known(resources=dict.fromkeys("ABCD", "equipment"))
    told = checks.problems(entries, known)
    assert [line.partition("circle: ")[2] for line in told] == ([circle] if circle else []), reason


@given(st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF")), unique=True))
def test_a_circle_is_found_exactly_where_sorting_the_parts_is_impossible(pairs):
    entries = [Entry("parts", "line", PartRecord(whole=whole, part=part)) for whole, part in pairs]
    known = Known(resources=dict.fromkeys("ABCDEF", "equipment"))
    left = set(pairs)
    while removable := {pair for pair in left if pair[1] not in {whole for whole, _ in left}}:
        left -= removable
    assert bool(checks.problems(entries, known)) == bool(left)


def test_a_circle_through_parts_that_exist_already_is_refused(house, written):
    with transaction():
        import_file(written(WHOLE))
    assert any(
        "CABLE > KIT > CABLE" in line or "KIT > CABLE > KIT" in line
        for line in errors(written("whole,part,quantity\nCABLE,KIT,1\n", "parts.csv"))
    )


@pytest.mark.parametrize(
    ("text", "name", "encoding", "words"),
    [
        ("sites:\n\t- slug: a\n", "c.yml", "utf-8", ["line 2", "tab"]),
        ("slug,name\na,Ả\n", "sites.csv", "utf-16", ["UTF-8"]),
        ("slug,name\na,A\n", "sites.csv", "utf-16-le", ["UTF-16", "UTF-8"]),
        ("sites: {slug: a}\n", "c.yml", "utf-8", ["line 1", "list"]),
        ("rooms:\n  - {code: A}\n", "c.yml", "utf-8", ["line 1", "rooms", "resources"]),
        ("", "c.yml", "utf-8", ["kinds"]),
        ("sites: []\n", "c.yml", "utf-8", ["no record"]),
        ("- a\n", "c.yml", "utf-8", ["kinds"]),
        ("slug: [\n", "c.yml", "utf-8", ["line 2"]),
        ("slug,name\na,A,B\n", "units.csv", "utf-8", ["line 2", "3 cells", "2 columns"]),
        ("slug,nom\na,A\n", "units.csv", "utf-8", ["line 1", "nom", "name"]),
        ("slug,slug,name\na,b,A\n", "units.csv", "utf-8", ["line 1", "twice"]),
        ("slug,name\na,A\n", "list.csv", "utf-8", ["name the file", "units.csv"]),
        ('slug,name\na,"A\n', "units.csv", "utf-8", ["line 2"]),
        ('slug,name\na,"A\nB"\nb,\n', "units.csv", "utf-8", ["line 4", "name", "missing"]),
        ("anything", "c.txt", "utf-8", [".csv"]),
        ("sites:\n  - {slug: a, slug: b, name: A}\n", "c.yml", "utf-8", ["line 2", "twice"]),
        ("sites:\n  - just text\n", "c.yml", "utf-8", ["line 2"]),
        ("sites: &a\n  - *a\n", "c.yml", "utf-8", ["c.yml"]),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(house, written, text, name, encoding, words):
    told = "\n".join(errors(written(text, name, encoding)))
    assert all(word in told for word in words), told
    assert everything() == 0


def test_a_missing_file_is_named(house, tmp_path):
    assert "nowhere.yml" in errors(tmp_path / "nowhere.yml")[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("resources.csv", "code;kind;name;stock\nMIC;equipment;Micro;9\n"),
        ("resources.csv", '\ufeffcode,kind,name,stock\r\nMIC,equipment,"Micro",9\r\n\r\n'),
        ("our gear.csv", "Code,Kind,Name,Stock\nMIC,equipment,Micro,9\n"),
    ],
)
def test_a_csv_file_is_read_as_spreadsheets_write_it(house, written, name, text):
    with transaction():
        import_file(written("slug,name,zone\ncentre,Trung tâm,Asia/Ho_Chi_Minh\n", "sites.csv"))
        import_file(written(text, name))
    assert db.session.scalar(sa.select(Resource.stock).where(Resource.code == "MIC")) == 9


def test_a_folder_of_csv_files_is_one_catalogue(house, tmp_path):
    (tmp_path / "members.csv").write_text("email,name,unit\na@b.example,A,u\n")
    (tmp_path / "units.csv").write_text("slug,name,is_centre\nu,U,no\n")
    with transaction():
        assert import_file(tmp_path).counts == {"units": {"added": 1}, "members": {"added": 1}}


def test_composed_and_decomposed_names_are_the_same(house, written):
    with transaction():
        import_file(written("units:\n  - {slug: u, name: Ba\u0301o}\n"))
    with transaction():
        again = import_file(written("units:\n  - {slug: u, name: B\u00e1o}\n"))
    assert again.counts["units"] == {"unchanged": 1}


def test_stock_cannot_fall_below_what_is_promised(house, written):
    with transaction():
        import_file(written(WHOLE))
        member = a_member(unit=a_unit())
        period = Period(datetime(2030, 3, 5, 2, tzinfo=UTC), datetime(2030, 3, 5, 6, tzinfo=UTC))
        bookings.request(
            RequestedBooking(
                member.unit, "Họp báo", EventKind.SEMINAR, [WantedLine("ENC", 3, period)]
            ),
            by=member,
        )
    told = errors(
        written(
            "code,kind,name,stock\nCABLE,equipment,Dây,20\nENC,equipment,E,2\n", "resources.csv"
        )
    )
    assert "line 3" in told[0]
    assert "promised" in told[0]
    assert db.session.scalar(sa.select(Resource.name).where(Resource.code == "CABLE")) == "Cáp"


def test_a_price_list_is_kept_once_everything_else_was_accepted(house, written, tmp_path):
    folder = tmp_path / "tariffs"
    folder.mkdir()
    prices = """\
tariffs:
  - code: halls-2027
    title: {vi: Giá hội trường, en: Halls}
    decision: "01/2027"
    source: sample
    valid_from: 2027-01-01
    tax_inclusive: true
    rates:
      - {kind: hall, per: session, service: hall_hire,
         prices: {political: 1, partner: 2, other: 3}}
"""
    with transaction():
        first = import_file(written(prices), tariffs_folder=folder)
        second = import_file(written(prices), tariffs_folder=folder)
    assert [file.name for file in folder.iterdir()] == ["halls-2027.yml"]
    assert (first.counts["tariffs"], second.counts["tariffs"]) == ({"changed": 1}, {"unchanged": 1})
    overlapping = written(prices.replace("halls-2027", "other"))
    with pytest.raises(BadCatalogue, match=r"line 2: .*both price"), transaction():
        import_file(overlapping, tariffs_folder=folder)
    broken = written(prices.replace("2027", "2028") + "assets: [{tag: T, resource: NO}]\n")
    with pytest.raises(BadCatalogue), transaction():
        import_file(broken, tariffs_folder=folder)
    assert [file.name for file in folder.iterdir()] == ["halls-2027.yml"]


DEVICES = """\
devices:
  - {name: ENC-01, address: 192.0.2.11, role: encoder, asset: ENC-01, resource: ENC, parent: SW-1}
  - {name: SW-1, address: 2001:db8::1, role: switch, platform: cisco_ios, parent: RT-1}
  - {name: RT-1, address: 192.0.2.1, role: router, snmp_port: 1161}
"""


def test_devices_are_loaded_whichever_way_round_they_name_each_other(house, written):
    with transaction():
        import_file(written(WHOLE + DEVICES))
    with transaction():
        again = import_file(written(DEVICES))
    encoder = db.session.scalar(sa.select(Device).where(Device.name == "ENC-01"))
    assert encoder.parent.parent.name == "RT-1"
    assert (encoder.asset.tag, encoder.resource.code) == ("ENC-01", "ENC")
    assert again.counts["devices"] == {"unchanged": 3}


def test_every_wrong_device_is_told_with_its_line(house, written):
    wrong = (
        WHOLE
        + """\
devices:
  - {name: A, address: encoder.example, snmp_port: 70000}
  - {name: B, address: 192.0.2.2, parent: C}
  - {name: C, address: 192.0.2.3, parent: B}
  - {name: D, address: 192.0.2.4, parent: NONE, asset: X, snmp_credential: missing}
"""
    )
    told = errors(written(wrong))
    for words in (
        ("line 24", "by number"),
        ("line 24", "snmp_port", "at most 65535"),
        ("reached through each other", "B > C > B"),
        ("line 27", "the device NONE"),
        ("line 27", "the asset X"),
        ("line 27", "the credential missing"),
    ):
        assert any(all(word in line for word in words) for line in told), (words, told)
    assert everything() == 0


def test_every_kind_and_every_field_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "catalogue.md").read_text()
    rows = {
        row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `")
    }
    for kind, model in KINDS.items():
        own = ["code"] if kind == "tariffs" else list(model.model_fields)
        assert not [field for field in own if field not in rows[kind]], kind


def test_the_example_of_the_documentation_can_be_imported(house, written):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "catalogue.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    table = page.partition("```csv\n")[2].partition("```")[0]
    with transaction():
        import_file(written(example.replace(", snmp_credential: Switches", "")))
        import_file(written(table, "resources.csv"))


def test_a_resource_names_its_owner(house, written):
    owned = WHOLE.replace("seats: 100,", "seats: 100, owner: bao-a,")
    import_file(written(owned))
    hall = db.session.scalars(sa.select(Resource).filter_by(code="H100")).one()
    assert hall.owner.slug == "bao-a"
    import_file(written(WHOLE))
    assert hall.owner.slug == "bao-a", "what the file leaves out stays"
    import_file(written(WHOLE.replace("seats: 100,", "seats: 100, owner: null,")))
    assert hall.owner is None
    assert "nobody" in errors(written(WHOLE.replace("seats: 100,", "owner: nobody,")))[0]
