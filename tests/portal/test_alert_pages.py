"""Alerts on the page and over the API: acknowledge, silence, messages, who is on call."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from monitoring import outages
from monitoring.alerts import review
from monitoring.alerts.policy import policy
from monitoring.models import Alert, Delivery, DeliveryStatus, DeviceStatus, DutyShift, Silence
from portal import tokens
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import csrf_of, signed_in


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR, name="Vận Hành"))


@pytest.fixture
def down(service, person):
    """The id of an alert of a device that is down, told to whoever operates."""
    with transaction():
        device = a_switch(name="SW-<9>", status=DeviceStatus.DOWN)
        outages.open_(device, clock.now() - timedelta(minutes=5), {})
    with transaction():
        review.review(clock.now(), policy(), clock.LOCAL)
    return db.session.scalars(db.select(Alert)).one().id


def test_an_operator_takes_up_an_alert_once(service, operator, down):
    page = operator.get("/alerts").text
    assert "SW-&lt;9&gt;" in page
    told = {"csrf_token": csrf_of(operator, "/alerts"), "note": "đang xem"}
    assert operator.post(f"/alerts/{down}/acknowledge", data=told).status_code == 302
    assert "Đã nhận" in operator.get("/alerts").text
    db.session.expire_all()
    outage = db.session.scalars(db.select(outages.Outage)).one()
    assert outage.note == "đang xem"
    with transaction():
        outages.close(outage, clock.now())
        review.review(clock.now(), policy(), clock.LOCAL)
    assert operator.post(f"/alerts/{down}/acknowledge", data=told).status_code == 409
    assert operator.post("/alerts/999999/acknowledge", data=told).status_code == 404
    assert "SW-&lt;9&gt;" in operator.get("/alerts/history").text


def test_a_device_is_silenced_and_told_again(service, operator, down):
    told = {
        "csrf_token": csrf_of(operator, "/alerts/silences"),
        "device": "SW-<9>",
        "hours": "4",
        "reason": "thay <nguồn>",
    }
    assert operator.post("/alerts/silences", data=told).status_code == 302
    page = operator.get("/alerts/silences").text
    assert "thay &lt;nguồn&gt;" in page
    silence = db.session.scalars(db.select(Silence)).one()
    ends = f"/alerts/silences/{silence.id}/end"
    assert operator.post(ends, data=told).status_code == 302
    assert "thay &lt;nguồn&gt;" not in operator.get("/alerts/silences").text


@pytest.mark.parametrize(
    "wrong", [{"hours": "5"}, {"reason": ""}, {"device": "nobody"}, {"device": "", "site": ""}]
)
def test_a_silence_that_says_too_little_is_refused(operator, down, wrong):
    told = {
        "csrf_token": csrf_of(operator, "/alerts/silences"),
        "device": "SW-<9>", "hours": "4", "reason": "x", **wrong,
    }  # fmt: skip
    assert operator.post("/alerts/silences", data=told).status_code == 422
    assert db.session.scalars(db.select(Silence)).all() == []


def test_a_channel_is_tried_and_a_message_sent_again(service, operator, down):
    told = {"csrf_token": csrf_of(operator, "/alerts/deliveries")}
    assert operator.post("/alerts/channels/mail/test", data=told).status_code == 302
    assert operator.post("/alerts/channels/nowhere/test", data=told).status_code == 422
    assert "Tin thử" in operator.get("/alerts/deliveries").text
    with transaction():
        for one in db.session.scalars(db.select(Delivery)):
            one.status, one.problem = DeliveryStatus.FAILED, "the webhook answers 500: <b>"
    page = operator.get("/alerts/deliveries?status=failed").text
    assert "answers 500: &lt;b&gt;" in page
    one = db.session.scalars(db.select(Delivery)).first()
    assert operator.post(f"/alerts/deliveries/{one.id}/again", data=told).status_code == 302
    db.session.refresh(one)
    assert one.status is DeliveryStatus.QUEUED


def test_weeks_are_planned_in_turn_and_swapped(service, person, operator):
    other = person(role=Role.OPERATOR, name="Người Hai")
    renter = person()
    page = operator.get("/on-call").text
    assert "Hiện không có ai trực" in page
    mine = db.session.scalars(db.select(build.Member).filter_by(name="Vận Hành")).one()
    told = {
        "csrf_token": csrf_of(operator, "/on-call"),
        "first": (clock.today() - timedelta(days=1)).isoformat(),
        "weeks": "3",
        "member": [str(mine.id), str(other.id)],
    }
    assert operator.post("/on-call/plan", data=told).status_code == 302
    assert operator.post("/on-call/plan", data=told).status_code == 409
    shifts = db.session.scalars(db.select(DutyShift).order_by(DutyShift.starts_at)).all()
    assert [one.member_id for one in shifts] == [mine.id, other.id, mine.id]
    assert "Vận Hành đang trực" in operator.get("/on-call").text
    address = f"/on-call/{shifts[0].id}/give"
    assert operator.post(address, data={**told, "member": str(renter.id)}).status_code == 422
    assert operator.post(address, data={**told, "member": str(other.id)}).status_code == 302
    assert "Người Hai đang trực" in operator.get("/on-call").text
    assert operator.post(f"/on-call/{shifts[0].id}/remove", data=told).status_code == 302
    for wrong in ({"weeks": "²"}, {"weeks": "0"}, {"first": ""}, {"first": "x"}, {"member": []}):
        assert operator.post("/on-call/plan", data={**told, **wrong}).status_code == 422


def test_alerts_over_the_api(service, person, down):
    member = person(role=Role.OPERATOR)
    with transaction():
        bearer = {"Authorization": f"Bearer {tokens.issue(member)}"}
    client = service.test_client()
    (found,) = client.get("/api/v1/alerts?standing=true", headers=bearer).json["items"]
    assert (found["device"], found["kind"], found["severity"]) == ("SW-<9>", "outage", "high")
    device = found["device_id"]
    until = (clock.now() + timedelta(hours=1)).isoformat()
    made = client.post(
        "/api/v1/silences",
        json={"device_id": device, "reason": "bảo trì", "until": until},
        headers=bearer,
    )
    assert made.status_code == 201
    assert client.get("/api/v1/silences", headers=bearer).json["total"] == 1
    both = {"device_id": device, "site": "x", "reason": "y", "until": until}
    assert client.post("/api/v1/silences", json=both, headers=bearer).status_code == 404
    none = {"reason": "y", "until": until}
    assert client.post("/api/v1/silences", json=none, headers=bearer).status_code == 422
    taken = client.post(f"/api/v1/alerts/{down}/acknowledge", json={}, headers=bearer)
    assert taken.json["acknowledged_at"] is not None
    assert client.get("/api/v1/on-call", headers=bearer).json == {
        "name": None, "email": None, "until": None
    }  # fmt: skip
