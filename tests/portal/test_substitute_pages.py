"""Substitutes on the violation and the booking, swapped by the desk alone; the mails."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations
from portal.models import Notice
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch
from tests.portal.conftest import signed_in, token_of

DAY = timedelta(days=1)


@pytest.fixture
def scene(service, person):
    """A confirmed booking of a circuit whose switch is lax, and a line that could stand in."""
    member, desk = person(role=Role.MEMBER, name="Người thuê"), person(role=Role.DESK)
    with transaction():
        by = db.session.merge(desk)
        device = a_switch(name="SW-LAX", resource=build.a_circuit(code="LINE-A"))
        build.a_circuit(code="LINE-B", name="Đường <B>", mbps=300)
        starts_at = clock.now() + DAY
        line = WantedLine("LINE-A", 1, Period(starts_at, starts_at + timedelta(hours=3)))
        unit = db.session.merge(member).unit
        wanted = RequestedBooking(unit, "Họp <báo>", EventKind.CONFERENCE, [line])
        booking = bookings.request(wanted, by=db.session.merge(member))
        bookings.confirm(booking, by=by)
        db.session.execute(sa.delete(Notice))
        violation = violations.open_or_refresh(device, a_failure())
        enforcement.settle(device)
        return booking.reference, booking.lines[0].id, violation.id, member, desk


def mails():
    rows = db.session.scalars(sa.select(Notice).order_by(Notice.id))
    return [(each.recipient, each.subject, each.body) for each in rows]


def test_the_desk_is_written_to_once_with_what_is_free(scene):
    reference, _line, _violation, _member, desk = scene
    [(recipient, subject, body)] = mails()
    assert recipient == desk.email
    assert "LINE-A" in subject
    assert reference in body
    assert "LINE-B" in body
    assert "SW-LAX" not in body


def test_a_violation_lists_who_lacks_what_it_took(service, person, scene):
    reference, _line, violation, _member, _desk = scene
    page = signed_in(service, person(role=Role.OPERATOR)).get(f"/violations/{violation}?lang=en")
    assert f"/bookings/{reference}" in page.text
    assert "free instead: LINE-B" in page.text
    assert "Họp &lt;báo&gt;" in page.text
    assert "/substitutes" not in page.text, "an operator swaps nothing"


def test_the_desk_swaps_with_one_press_and_the_unit_is_told(service, scene):
    reference, line, _violation, member, desk = scene
    client = signed_in(service, desk)
    page = client.get(f"/bookings/{reference}?lang=en").text
    assert "What this booking rents is off the calendar" in page
    assert "Đường &lt;B&gt;" in page
    form = {"csrf_token": token_of(client), "revision": "1", f"line-{line}": "LINE-B"}
    done = client.post(f"/bookings/{reference}/substitutes", data=form, follow_redirects=True)
    assert "LINE-B" in done.text
    db.session.expire_all()
    assert [each.resource.code for each in bookings.get(reference).lines] == ["LINE-B"]
    recipient, subject, body = mails()[-1]
    assert (recipient, reference in subject) == (member.email, True)
    assert "Đường <B>" in body
    again = client.post(f"/bookings/{reference}/substitutes", data=form)
    assert again.status_code == 409
    assert "off the calendar at that time" not in client.get(f"/bookings/{reference}?lang=en").text


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({}, 422),
        ({"line-x": "LINE-B"}, 422),
        ({"line-99999999999": "LINE-B"}, 422),
        ({"line-999999": "LINE-B"}, 409),
        ({"LINE": ""}, 422),
        ({"LINE": "NOWHERE"}, 404),
        ({"LINE": "LINE-A"}, 409),
        ({"LINE": "LINE-B", "revision": "7"}, 409),
    ],
)
def test_what_cannot_be_swapped_is_refused(service, scene, over, status):
    reference, line, _violation, _member, desk = scene
    client = signed_in(service, desk)
    form = {f"line-{line}" if name == "LINE" else name: word for name, word in over.items()}
    form = {"csrf_token": token_of(client), "revision": "1", **form}
    assert client.post(f"/bookings/{reference}/substitutes", data=form).status_code == status
    db.session.expire_all()
    assert [each.resource.code for each in bookings.get(reference).lines] == ["LINE-A"]


def test_a_unit_sees_neither_the_list_nor_the_button(service, scene):
    reference, _line, _violation, member, _desk = scene
    page = signed_in(service, member).get(f"/bookings/{reference}?lang=en").text
    assert "off the calendar at that time" not in page
    assert "/substitutes" not in page


def test_who_lacks_what_is_told_over_the_api(service, person, bearer, scene):
    reference, _line, violation, _member, _desk = scene
    header = bearer(person(role=Role.OPERATOR))
    path = f"/api/v1/violations/{violation}/affected"
    found = service.test_client().get(path, headers=header).json
    assert found["total"] == 1
    [one] = found["items"]
    assert (one["booking"], one["resource"]) == (reference, "LINE-A")
    assert one["substitutes"] == ["LINE-B"]
