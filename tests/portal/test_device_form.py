"""Devices in their form: added, changed, paused, taken out of use with their history."""

import threading

import pytest

from config import clock
from config.database import db, transaction
from monitoring import credentials, devices, outages
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice, Wanted
from monitoring.errors import BadDevice, DeviceRetired
from monitoring.models import Device, DeviceRole, Outage
from monitoring.probes.logins import SnmpCommunity, SshLogin
from portal.catalogue_files.loading import import_file
from rental import journal
from rental.models import Asset, Role
from tests import build
from tests.portal.conftest import signed_in, token_of

CORE = {
    "name": " SW-CORE ", "address": "192.0.2.1", "role": "switch", "platform": "cisco_ios",
    "snmp_port": "161", "ssh_port": "22", "vendor": "Cisco", "model": "C9300", "serial": "FOC1234",
    "location": "Phòng máy, tủ A, U12", "tags": "Lõi, tầng 1,lõi", "note": "Bảo hành đến 2028",
}  # fmt: skip


@pytest.fixture
def operator(service, person):
    """An operator at a site with one hall and one camera of it."""
    with transaction():
        site = build.a_site()
        build.a_hall(site=site, code="H100")
        db.session.add(Asset(resource=build.equipment(site=site, code="CAM"), tag="CAM-01"))
    return signed_in(service, person(role=Role.OPERATOR))


def send(client, to, fields=(), **over):
    """Post a form with the session's token."""
    return client.post(to, data={**dict(fields), **over, "csrf_token": token_of(client)})


def kept(name="SW-CORE"):
    """The device as it stands in the database now."""
    db.session.expire_all()
    return devices.find(name)


def test_an_operator_adds_a_device_with_all_that_is_known_of_it(service, operator):
    added = send(operator, "/devices", CORE, serves="CAM-01")
    assert added.status_code == 302
    device = kept()
    assert (device.vendor, device.model, device.serial) == ("Cisco", "C9300", "FOC1234")
    assert device.tags == ["lõi", "tầng 1"]
    assert (device.resource.code, device.asset.tag) == ("CAM", "CAM-01")
    page = operator.get(added.location + "?lang=en").get_data(as_text=True)
    for told in ("FOC1234", "Phòng máy, tủ A, U12", "lõi", "Bảo hành đến 2028", "Cisco C9300"):
        assert told in page


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"name": ""}, "1 to 80 characters"),
        ({"address": "encoder.example"}, "not a numeric address"),
        ({"address": "224.0.0.1"}, "no address of one device"),
        ({"snmp_port": "0"}, "There is no port 0"),
        ({"ssh_port": "ssh"}, "not a whole number"),
        ({"snmp_port": "99999999999"}, "too large"),
        ({"parent": "nobody"}, "There is no such device"),
        ({"serves": "H999"}, "Nothing here bears this tag"),
        ({"snmp_credential": "77"}, "There is no such credential"),
        ({"role": "toaster"}, "is not one of"),
        ({"tags": ",".join(f"t{n}" for n in range(21))}, "20 tags at most"),
        ({"vendor": "x" * 81}, "80 characters at most"),
    ],
)
def test_what_is_refused_comes_back_with_what_was_typed(operator, over, said):
    refused = send(operator, "/devices?lang=en", CORE | over)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert said in page
    assert "Phòng máy, tủ A, U12" in page
    assert kept() is None


@pytest.mark.parametrize(
    ("login", "field", "said"),
    [
        (SnmpCommunity("words"), "snmp_credential", "polled from the next round"),
        (SshLogin("audit", "words"), "ssh_credential", "asked over SSH"),
        (None, "note", "Nothing is asked of it"),
    ],
)
def test_what_is_said_of_a_new_device_keeps_to_its_logins(operator, login, field, said):
    over = {}
    if login is not None:
        with transaction():
            over[field] = credentials.add("a login", login, Keyring(b"k" * 32)).id
    added = send(operator, "/devices?lang=en", CORE | over)
    assert said in operator.get(f"{added.location}?lang=en").get_data(as_text=True)


def test_a_name_that_is_taken_is_refused_beside_the_name(operator):
    send(operator, "/devices", CORE)
    again = send(operator, "/devices?lang=en", CORE)
    assert again.status_code == 422
    assert 'id="name-error"' in again.get_data(as_text=True)


def test_what_is_hostile_is_shown_and_not_run(operator):
    added = send(operator, "/devices", CORE, note="<script>alert(1)</script>", tags='"><b>')
    for page in (added.location, added.location + "/edit", "/devices", "/devices/tree"):
        text = operator.get(page).get_data(as_text=True)
        assert "<script>alert" not in text
        assert '"><b>' not in text


def test_a_change_says_which_fields_and_keeps_whether_it_is_polled(service, operator):
    where = send(operator, "/devices", CORE).location
    send(operator, f"{where}/pause")
    assert send(operator, f"{where}/edit", CORE, model="C9500").status_code == 302
    device = kept()
    assert (device.model, device.is_enabled) == ("C9500", False)
    assert journal.of(device)[-1].details["fields"] == ["model"]


def test_a_device_is_marked_for_legacy_ssh_and_the_mark_is_taken_away(service, operator):
    where = send(operator, "/devices", CORE, needs_legacy_ssh="1").location
    assert kept().needs_legacy_ssh
    assert "checked" in operator.get(f"{where}/edit").get_data(as_text=True)
    send(operator, f"{where}/edit", CORE)
    assert not kept().needs_legacy_ssh
    assert journal.of(kept())[-1].details["fields"] == ["needs_legacy_ssh"]


def test_a_device_out_of_use_leaves_the_lists_and_keeps_its_history(service, operator):
    where = send(operator, "/devices", CORE).location
    send(operator, "/devices", CORE, name="CAM-1", address="192.0.2.2", parent="SW-CORE")
    with transaction():
        outages.open_(kept(), clock.now(), {})
    assert send(operator, f"{where}/retire").status_code == 302
    device = kept()
    assert not device.is_enabled
    assert db.session.scalar(db.select(Outage)).ended_at is not None
    assert kept("CAM-1").parent is None
    assert "SW-CORE" not in operator.get("/devices").get_data(as_text=True)
    assert "SW-CORE" not in operator.get("/devices/tree").get_data(as_text=True)
    assert "SW-CORE" in operator.get("/devices?status=retired").get_data(as_text=True)
    assert operator.get(where).status_code == 200
    refused = send(operator, f"{where}/edit?lang=en", CORE)
    assert refused.status_code == 422
    assert "out of use" in refused.get_data(as_text=True)
    assert send(operator, f"{where}/resume").status_code == 409
    send(operator, f"{where}/restore")
    assert kept().retired_at is None
    assert not kept().is_enabled
    send(operator, f"{where}/resume")
    assert kept().is_enabled
    verbs = [entry.verb for entry in journal.of(kept())]
    assert verbs == ["added", "retired", "restored", "resumed"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "c9300 phòng"}, ["SW-CORE"]),  # every word, wherever it stands
        ({"q": "foc"}, ["SW-CORE"]),
        ({"q": "100%"}, []),  # no wildcard
        ({"tag": "lõi"}, ["SW-CORE"]),
        ({"tag": "lõ"}, []),
        ({"status": "paused"}, ["ENC-1"]),
        ({"role": "switch"}, ["SW-CORE"]),
    ],
)
def test_the_list_finds_by_what_is_known(operator, query, found):
    send(operator, "/devices", CORE)
    other = {"name": "ENC-1", "address": "192.0.2.9", "role": "encoder"}
    where = send(operator, "/devices", other).location
    send(operator, f"{where}/pause")
    page = operator.get("/devices", query_string=query).get_data(as_text=True)
    assert [name for name in ("ENC-1", "SW-CORE") if f">{name}</a>" in page] == found


def test_devices_stand_under_what_they_are_reached_through(operator):
    send(operator, "/devices", CORE)
    send(operator, "/devices", CORE, name="SW-2", address="192.0.2.2", parent="SW-CORE")
    send(operator, "/devices", CORE, name="ENC-1", address="192.0.2.3", parent="SW-2")
    page = operator.get("/devices/tree?lang=en").get_data(as_text=True)
    assert page.index("SW-CORE") < page.index("SW-2") < page.index("ENC-1")
    assert "Behind it: 2" in page


def test_two_who_close_a_circle_at_once_do_not(service):
    with transaction():
        site = build.a_site()
        one = devices.add(NewDevice("a", "192.0.2.1", site, role=DeviceRole.SWITCH)).id
        two = devices.add(NewDevice("b", "192.0.2.2", site, role=DeviceRole.SWITCH)).id
    start, refused = threading.Barrier(2), []

    def put(below: int, above: int) -> None:
        with service.app_context():
            start.wait()
            try:
                with transaction():
                    device, parent = db.session.get(Device, below), db.session.get(Device, above)
                    new = NewDevice(device.name, device.address, device.site, parent=parent)
                    devices.change(device, new)
            except BadDevice as refusal:
                refused.append(refusal)

    threads = [threading.Thread(target=put, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
    parents = {devices.get(one).parent_id, devices.get(two).parent_id}
    assert len(refused) == 1
    assert None in parents


def test_a_device_out_of_use_is_no_parent_and_no_poll(service):
    with transaction():
        site = build.a_site()
        gone = devices.add(NewDevice("a", "192.0.2.1", site))
        devices.retire(gone, by=None)
        with pytest.raises(BadDevice):
            devices.add(NewDevice("b", "192.0.2.2", site, parent=gone))
        with pytest.raises(DeviceRetired):
            devices.change(gone, NewDevice("a", "192.0.2.1", site))
        assert devices.search() == []
        assert devices.search(Wanted(is_retired=None)) == [gone]


def test_a_director_reads_the_inventory_and_changes_nothing(service, person, operator):
    where = send(operator, "/devices", CORE).location
    director = signed_in(service, person(role=Role.DIRECTOR))
    page = director.get(where).get_data(as_text=True)
    assert "/edit" not in page
    assert "/retire" not in page
    assert send(director, f"{where}/retire").status_code == 403


def test_a_file_says_what_the_box_is_and_says_it_again_without_a_change(service, tmp_path):
    with transaction():
        build.a_site(slug="hcmc")
    path = tmp_path / "devices.yml"
    path.write_text(
        "devices:\n  - {name: SW-CORE, address: 192.0.2.1, site: hcmc, vendor: Cisco,"
        " model: C9300, serial: FOC1234, location: 'Phòng máy, tủ A'}\n",
        encoding="utf-8",
    )
    for _ in range(2):
        with transaction():
            import_file(path)
    device = kept()
    assert (device.vendor, device.model, device.serial) == ("Cisco", "C9300", "FOC1234")
    assert device.location == "Phòng máy, tủ A"
    assert [entry.verb for entry in journal.of(device)] == ["added"]
