"""Waivers on pages and over the API: asked, approved by another, with a booking, and the mail."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations, waivers
from monitoring.models import ViolationStatus
from monitoring.rules import Severity
from monitoring.waivers import NewWaiver
from portal.models import Notice
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, open_closures
from tests.portal.conftest import signed_in, token_of

DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("grave_takes_two")


@pytest.fixture
def operator(service, person):
    return person(role=Role.OPERATOR, name="Kỹ thuật viên")


@pytest.fixture
def director(service, person):
    return person(role=Role.DIRECTOR, name="Giám đốc <Trung tâm>")


@pytest.fixture
def grave(service):
    """The id of a critical violation that closes a circuit."""
    with transaction():
        device = a_switch(name="SW-GRAVE")
        violation = violations.open_or_refresh(device, a_failure())
        enforcement.settle(device)
        return violation.id


def press(client, path, **form):
    form["csrf_token"] = token_of(client)
    return client.post(path, data=form, follow_redirects=True)


def status_of(violation_id):
    db.session.expire_all()
    return violations.get(violation_id).status


def told():
    return db.session.execute(sa.select(Notice.recipient, Notice.subject).order_by(Notice.id)).all()


def test_one_asks_and_another_approves(service, operator, director, grave):
    asking, deciding = signed_in(service, operator), signed_in(service, director)
    until = (clock.today() + 3 * DAY).isoformat()
    page = press(asking, f"/violations/{grave}/waive?lang=en", reason="Thay <mai>", until=until)
    assert "It counts once a colleague has approved it" in page.text
    assert status_of(grave) is ViolationStatus.OPEN
    assert "Thay &lt;mai&gt;" in page.text
    assert "approve-waiver-" not in page.text
    assert press(asking, f"/violations/{grave}/waiver/approve").status_code == 409
    listed = deciding.get("/violations/waivers?lang=en").text
    assert "Waiting for a second person" in listed
    assert "(1 waiting)" in listed
    page = press(deciding, f"/violations/{grave}/waiver/approve?lang=en")
    assert "Approved." in page.text
    assert status_of(grave) is ViolationStatus.WAIVED
    assert "Giám đốc &lt;Trung tâm&gt;" in asking.get("/violations/waivers").text
    assert press(deciding, f"/violations/{grave}/waiver/approve").status_code == 404
    assert [(who, "N01:" in subject) for who, subject in told()] == [
        (director.email, True),
        (operator.email, True),
    ]


def test_a_refusal_tells_who_asked_and_why(service, operator, director, grave):
    asking, deciding = signed_in(service, operator), signed_in(service, director)
    until = (clock.today() + 3 * DAY).isoformat()
    press(asking, f"/violations/{grave}/waive", reason="chờ", until=until)
    press(deciding, f"/violations/{grave}/waiver/decline", reason="thay ngay")
    mail = db.session.scalars(sa.select(Notice).order_by(Notice.id.desc())).first()
    assert mail.recipient == operator.email
    assert "thay ngay" in mail.body
    assert status_of(grave) is ViolationStatus.OPEN


@pytest.mark.parametrize(
    "form",
    [
        {"reason": "x"},
        {"reason": "", "until": "2030-01-01"},
        {"reason": "x", "until": "1999-01-01"},
    ],
)
def test_a_waiver_without_a_reason_or_with_no_one_end_is_refused(service, operator, grave, form):
    client = signed_in(service, operator)
    assert press(client, f"/violations/{grave}/waive", **form).status_code == 422
    both = {"until": (clock.today() + DAY).isoformat(), "booking": "BK-ZZZZ-ZZZZ"}
    unknown = press(client, f"/violations/{grave}/waive", reason="x", **both)
    assert unknown.status_code == 422
    assert "BK-ZZZZ-ZZZZ" in unknown.text


@pytest.fixture
def rented(service, person):
    """A confirmed booking of a circuit, and a lesser violation of its switch waived with it."""
    with transaction():
        unit = build.a_unit()
        member, desk = build.a_member(unit=unit), build.desk()
        device = a_switch()
        starts_at = clock.now() + DAY
        line = WantedLine(device.resource.code, 1, Period(starts_at, starts_at + DAY))
        wanted = RequestedBooking(unit, "Họp báo", EventKind.CONFERENCE, [line])
        booking = bookings.request(wanted, by=member)
        bookings.confirm(booking, by=desk)
        violation = violations.open_or_refresh(device, a_failure(severity=Severity.MEDIUM))
        waivers.ask(violation, NewWaiver("x", booking=booking), by=desk)
        return booking.reference, violation.id, desk


def waiting_jobs():
    return (
        db.session.execute(
            sa.text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")
        )
        .scalars()
        .all()
    )


def test_a_cancelled_booking_puts_the_end_of_its_waivers_into_the_queue(service, rented):
    reference, violation_id, desk = rented
    before = waiting_jobs()
    with transaction():
        bookings.cancel(bookings.get(reference), by=db.session.merge(desk))
    assert "end_waivers" not in before
    assert waiting_jobs().count("end_waivers") == 1
    with transaction():
        over = waivers.end_over()
        enforcement.settle_all([each.device for each in over])
    assert status_of(violation_id) is ViolationStatus.OPEN
    assert open_closures(violations.get(violation_id).device) == []


def test_a_booking_without_waivers_puts_nothing_into_the_queue(service, rented):
    reference, violation_id, desk = rented
    with transaction():
        violations.resolve(violations.get(violation_id))
    with transaction():
        bookings.cancel(bookings.get(reference), by=db.session.merge(desk))
    assert waiting_jobs() == []


def test_a_waiver_is_asked_for_and_listed_over_the_api(service, operator, director, bearer, rented):
    reference, _violation_id, _desk = rented
    with transaction():
        violation = violations.open_or_refresh(a_switch(), a_failure("N02", Severity.HIGH)).id
    client = service.test_client()

    def call(who, path, body=None):
        header = bearer(who)
        if body is None:
            return client.get(f"/api/v1{path}", headers=header)
        return client.post(f"/api/v1{path}", json=body, headers=header)

    path = f"/violations/{violation}"
    body = {"reason": "đến hết sự kiện", "booking": reference.lower()}
    asked = call(operator, f"{path}/waive", body).json
    assert asked["waiver"] | {"asked_at": ""} == {
        "violation": violation,
        "rule": "N02",
        "device": asked["device"],
        "status": "asked",
        "reason": "đến hết sự kiện",
        "until": None,
        "booking": reference,
        "takes_two": True,
        "asked_by": "Kỹ thuật viên",
        "asked_at": "",
        "decided_by": None,
        "decided_at": None,
    }
    assert call(operator, "/waivers?status=asked").json["total"] == 1
    assert call(operator, f"{path}/waiver/approve", {}).status_code == 409
    assert call(director, f"{path}/waiver/approve", {}).json["status"] == "waived"
    assert call(director, f"{path}/waiver/approve", {}).status_code == 404
    in_force = call(operator, "/waivers").json
    assert [each["booking"] for each in in_force["items"]] == [reference] * 2
    both = {"reason": "x", "until": "2027-01-01T00:00:00Z", "booking": reference}
    assert call(operator, f"{path}/waive", both).status_code == 422
    assert call(operator, f"{path}/waive", {"reason": "x"}).status_code == 422
    assert call(operator, f"{path}/waive", {**body, "booking": "BK-ZZZZ"}).status_code == 404


def test_a_booking_that_is_not_there_is_named_beside_the_waiver(service, operator, grave):
    client = signed_in(service, operator)
    form = {"csrf_token": token_of(client), "reason": "chờ bản vá", "booking": "BK-<b>"}
    refused = client.post(f"/violations/{grave}/waive", data=form)
    assert refused.status_code == 422
    assert "Không có lượt đặt nào mang mã BK-&lt;b&gt;" in refused.text
