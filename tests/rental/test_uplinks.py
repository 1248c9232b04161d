"""Circuits that share an uplink are together never booked beyond it, at any instant."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from config.database import db, transaction
from rental import bookings, catalogue, suggestions, uplinks
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.catalogue import NewResource
from rental.errors import BadBooking, BadResource, ResourceUnavailable
from rental.models import EventKind, Part, ResourceKind
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.rental.test_guard import occupy
from tests.rental.test_races import deadlocks, race, request_lines

HOUR = timedelta(hours=1)


def an_uplink(mbps: int = 1000, **over):
    return build.a_circuit(**{"mbps": None, "stock": mbps, "is_uplink": True, **over})


def a_circuit(uplink, mbps: int, **over):
    circuit = build.a_circuit(**{"mbps": mbps, "stock": 5, **over})
    uplinks.lead(circuit, uplink)
    return circuit


def request(*wanted, at=TUESDAY):
    """Ask for (circuit, pieces), two hours from an instant on."""
    member = build.a_member()
    period = Period(at, at + 2 * HOUR)
    lines = [WantedLine(circuit.code, pieces, period) for circuit, pieces in wanted]
    asked = RequestedBooking(member.unit, "Họp báo", EventKind.CONFERENCE, lines)
    return bookings.request(asked, by=member)


def test_circuits_are_booked_up_to_their_uplink_and_the_conflict_names_it(house):
    uplink = an_uplink(1000, code="UP-1")
    fast, slow = a_circuit(uplink, 500), a_circuit(uplink, 200)
    request((fast, 1), (slow, 1))
    with pytest.raises(ResourceUnavailable) as refused:
        request((fast, 1))
    (conflict,) = refused.value.details["conflicts"]
    assert (conflict["resource"], conflict["free"], conflict["wanted"]) == ("UP-1", 300, 500)
    request((slow, 1))
    assert uplinks.use(uplink).circuits == (fast, slow)


def test_only_what_overlaps_counts(house):
    uplink = an_uplink(1000)
    fast = a_circuit(uplink, 500)
    request((fast, 2))
    request((fast, 2), at=TUESDAY + 2 * HOUR)
    with pytest.raises(ResourceUnavailable):
        request((fast, 1), at=TUESDAY + HOUR)


def test_one_booking_may_not_ask_for_more_than_the_uplink_has(house):
    fast = a_circuit(an_uplink(1000), 500)
    with pytest.raises(ResourceUnavailable):
        request((fast, 3))


def test_what_is_free_of_a_circuit_is_what_its_uplink_leaves(house):
    uplink = an_uplink(1000)
    fast, slow = a_circuit(uplink, 500), a_circuit(uplink, 100, stock=20)
    request((fast, 1), (slow, 2))
    free = {other.code: catalogue.parts_of([other.id]) for other in (fast, slow)}
    assert free[fast.code] == {fast.id: [(uplink.id, 500)]}
    with pytest.raises(ResourceUnavailable):
        request((slow, 4))
    request((slow, 3))


def test_a_cancelled_booking_gives_its_mbps_back_and_a_change_takes_more(house):
    uplink = an_uplink(1000)
    fast = a_circuit(uplink, 500)
    first = request((fast, 1))
    second = request((fast, 1))
    bookings.cancel(first, by=first.member)
    period = Period(TUESDAY, TUESDAY + 2 * HOUR)
    changes = Changes(lines=[WantedLine(fast.code, 2, period)])
    bookings.change(second, changes, by=second.member)
    with pytest.raises(ResourceUnavailable):
        request((fast, 1))


def test_raw_sql_cannot_take_more_of_an_uplink_than_it_has(house):
    uplink = an_uplink(1000)
    line = build.a_booking(a_circuit(uplink, 500)).lines[0]
    occupy(uplink.id, line.id, 0, 4, 700)
    with pytest.raises(DBAPIError) as wrong:
        occupy(uplink.id, line.id, 3, 5, 301)
    assert wrong.value.orig.sqlstate == "23P01"


@pytest.mark.slow
def test_many_at_once_are_sold_exactly_the_uplink(house):
    with transaction():
        uplink = an_uplink(1000)
        codes = [a_circuit(uplink, 300).code, a_circuit(uplink, 300).code]
        email = build.a_member().email
    before = deadlocks()
    period = Period(TUESDAY, TUESDAY + HOUR)

    def deed(number: int) -> None:
        request_lines(email, WantedLine(codes[number % 2], 1, period))

    said = race(house, deed)
    assert said.count("done") == 3
    assert deadlocks() == before
    taken = db.session.scalar(
        sa.text("SELECT sum(quantity) FROM occupancy WHERE resource_id = :id"), {"id": uplink.id}
    )
    assert taken == 900


def test_an_uplink_is_neither_offered_nor_booked_by_itself(house):
    uplink = an_uplink(1000)
    circuit = a_circuit(uplink, 500)
    assert [each.code for each in catalogue.search()] == [circuit.code]
    assert catalogue.offered([uplink.code]) == {}
    assert uplink not in suggestions.alternatives(circuit)
    with pytest.raises(BadBooking, match="is an uplink"):
        request((uplink, 100))


def test_a_circuit_takes_its_mbps_and_no_other_quantity(house):
    uplink, other = an_uplink(1000), an_uplink(2000)
    circuit = a_circuit(uplink, 500)
    assert not uplinks.lead(circuit, uplink), "nothing new"
    circuit.mbps = 600
    assert uplinks.lead(circuit, uplink)
    assert [part.quantity for part in circuit.parts] == [600]
    assert uplinks.lead(circuit, other)
    assert uplinks.of(circuit) is other
    assert db.session.query(Part).count() == 1
    assert uplinks.lead(circuit, None)
    assert uplinks.of(circuit) is None
    with pytest.raises(BadResource, match="no uplink"):
        uplinks.lead(circuit, build.a_circuit())
    for wrong in (build.a_circuit(mbps=None), build.a_hall(), an_uplink()):
        with pytest.raises(BadResource, match="takes nothing"):
            uplinks.lead(wrong, uplink)


def test_an_uplink_is_no_part_with_a_quantity_of_its_own(house):
    uplink, site = an_uplink(1000), build.a_site()
    new = NewResource(ResourceKind.CIRCUIT, "F9", "F9", mbps=500, parts={uplink.code: 1})
    with pytest.raises(BadResource, match="is an uplink"):
        catalogue.add(new, site)


def test_only_a_circuit_is_an_uplink(house):
    new = NewResource(ResourceKind.HALL, "H9", "H9", is_uplink=True)
    with pytest.raises(BadResource, match="Only a circuit"):
        catalogue.add(new, build.a_site())
    with pytest.raises(IntegrityError, match="uplink_is_a_circuit"):
        build.a_hall(is_uplink=True)
