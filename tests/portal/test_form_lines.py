"""The booking form with several lines: begun from an address, and without any script."""

import re

import pytest

from config.database import transaction
from rental import uplinks
from rental.models import Booking, ResourceKind, Role
from tests import build
from tests.portal.conftest import signed_in, token_of
from tests.portal.two_units import Scene, set_up
from tests.rental.test_bookings import ask, span

TWO = (
    "resource=H50&resource=MIC&quantity=1&quantity=4"
    "&starts_at=2030-03-05T08:00&ends_at=2030-03-05T10:00"
)


def chosen(text, name):
    """The values of a field in the form, line by line."""
    shown = text.split("<template data-line>")[0]
    if name == "resource":
        return re.findall(r'<option value="([^"]+)" selected>[^<]*\(', shown)
    return re.findall(rf'name="{name}"[^>]* value="([^"]*)"', shown)


@pytest.fixture
def renter(service, person):
    """Somebody of a unit, before a house of a hall and a pool."""
    with transaction():
        site = build.a_site(slug="hcmc")
        build.a_hall(site=site, code="H50")
        build.equipment(site=site, code="MIC", stock=10, tariff="microphone")
    return signed_in(service, person())


def typed(text, **more):
    """What a browser would send of the form, and the button pressed."""
    form = {name: chosen(text, name) for name in ("resource", "quantity", "starts_at", "ends_at")}
    return {**form, "title": "Họp báo", "event_kind": "press_conference", **more}


def send(client, where, form):
    return client.post(where, data=form, headers={"X-CSRFToken": token_of(client)})


@pytest.mark.parametrize(
    ("query", "codes", "quantities", "starts"),
    [
        # One time for all: the last that is given counts for the rest.
        (TWO, ["H50", "MIC"], ["1", "4"], ["2030-03-05T08:00"] * 2),
        (
            TWO + "&starts_at=2030-03-05T07:30",
            ["H50", "MIC"],
            ["1", "4"],
            ["2030-03-05T08:00", "2030-03-05T07:30"],
        ),
        # The basket of the search page, on each of its days.
        (
            "day=2030-03-05&last=2030-03-06&from=08:00&to=10:00&want=H50&pieces=1&want=MIC&pieces=3",
            ["H50", "MIC", "H50", "MIC"],
            ["1", "3", "1", "3"],
            ["2030-03-05T08:00"] * 2 + ["2030-03-06T08:00"] * 2,
        ),
        # What nobody rents out is left out.
        (
            "day=2030-03-05&from=08:00&to=10:00&want=GONE&pieces=1&want=H50&pieces=1",
            ["H50"],
            ["1"],
            ["2030-03-05T08:00"],
        ),
    ],
)
def test_the_form_begins_with_every_line_of_the_address(renter, query, codes, quantities, starts):
    text = renter.get(f"/bookings/new?{query}").get_data(as_text=True)
    assert chosen(text, "resource") == codes
    assert chosen(text, "quantity") == quantities
    assert chosen(text, "starts_at") == starts


def test_the_address_fills_the_event_in(renter):
    text = renter.get(f"/bookings/new?{TWO}&title=Ra+m%E1%BA%AFt&people=80").get_data(as_text=True)
    assert 'value="Ra mắt"' in text
    assert re.search(r'name="attendees"[^>]*value="80"', text)


def test_without_a_script_a_line_is_added_and_removed_and_nothing_is_written(renter):
    text = renter.get(f"/bookings/new?{TWO}").get_data(as_text=True)
    text = send(renter, "/bookings", typed(text, lines="add")).get_data(as_text=True)
    assert chosen(text, "quantity") == ["1", "4", "1"]
    assert chosen(text, "starts_at") == ["2030-03-05T08:00"] * 3
    assert 'value="Họp báo"' in text
    answer = send(renter, "/bookings", typed(text, lines="remove-0"))
    assert answer.status_code == 200
    assert chosen(answer.get_data(as_text=True), "resource") == ["MIC"]
    with transaction():
        assert build.db.session.query(Booking).count() == 0


@pytest.mark.parametrize("pressed", ["remove-7", "remove-", "remove-x", "look"])
def test_a_button_that_means_no_line_loses_nothing(renter, pressed):
    text = renter.get(f"/bookings/new?{TWO}").get_data(as_text=True)
    text = send(renter, "/bookings", typed(text, lines=pressed)).get_data(as_text=True)
    assert chosen(text, "resource") == ["H50", "MIC"]


def test_the_last_line_stays(renter):
    text = renter.get("/bookings/new?resource=H50").get_data(as_text=True)
    text = send(renter, "/bookings", typed(text, lines="remove-0")).get_data(as_text=True)
    assert chosen(text, "resource") == ["H50"]


def test_all_lines_are_requested_together(renter):
    text = renter.get(f"/bookings/new?{TWO}").get_data(as_text=True)
    answer = send(renter, "/bookings", typed(text))
    assert answer.status_code == 302
    with transaction():
        (booking,) = build.db.session.query(Booking).all()
        assert [(line.resource.code, line.quantity) for line in booking.lines] == [
            ("H50", 1),
            ("MIC", 4),
        ]
        assert {line.resource.kind for line in booking.lines} == {
            ResourceKind.HALL,
            ResourceKind.EQUIPMENT,
        }


def test_the_page_that_changes_a_booking_adds_lines_too_and_keeps_what_was_seen(service):
    scene = Scene(service)
    with transaction():
        set_up(scene)
    client = scene.browser(Role.DESK.value)
    where = f"/bookings/{scene.ids['reference']}/edit"
    text = client.get(where).get_data(as_text=True)
    revision = re.search(r'name="revision" value="(\d+)"', text)[1]
    text = send(client, where, typed(text, lines="add", revision="7")).get_data(as_text=True)
    assert len(chosen(text, "quantity")) == 3
    # A colleague who saved meanwhile is still noticed.
    assert re.search(r'name="revision" value="(\d+)"', text)[1] == "7" != revision


def test_a_circuit_that_goes_through_an_uplink_is_priced_and_its_uplink_counted(service, person):
    member = person()
    with transaction():
        site = build.a_site(slug="hcmc")
        uplink = build.a_circuit(site=site, code="UP-1", mbps=None, stock=100, is_uplink=True)
        circuit = build.a_circuit(site=site, code="F100", stock=2)
        uplinks.lead(circuit, uplink)
        ask(build.a_member(), (circuit, 1, span(0, 4)))
    client = signed_in(service, member)
    blank = client.get("/bookings/new?resource=F100")
    assert blank.status_code == 200
    then = "starts_at=2030-03-05T10:00&ends_at=2030-03-05T12:00"
    full = client.get(f"/bookings/new?resource=F100&{then}").get_data(as_text=True)
    assert "UP-1" in full, "no Mbps are left of what the circuit goes through"
    later = client.get(f"/bookings/new?resource=F100&{then.replace('-05T', '-12T')}")
    assert "UP-1" not in later.get_data(as_text=True)
