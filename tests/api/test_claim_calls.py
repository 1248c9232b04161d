"""Holds, the waitlist and approvals over the API."""

from datetime import datetime

import pytest

from config.database import db, transaction
from rental import bookings, closures
from rental.models import Resource, Unit
from rental.period import Period
from tests import notices
from tests.api.conftest import at, booking, free_at_ten, line, requested


def hold(caller, **over):
    body = {"title": "Giữ chỗ", "event_kind": "seminar", "lines": [line()], **over}
    return caller.post("/holds", body)


def wait(caller, **over):
    body = {"title": "Chờ chỗ", "event_kind": "seminar", **line(), **over}
    return caller.post("/waitlist", body)


def test_a_hold_is_placed_shown_and_takes_no_stock(centre):
    before = free_at_ten(centre)
    placed = hold(centre.member)
    assert placed.status_code == 201, placed.json
    told = placed.json
    assert (told["status"], told["rank"], told["unit"]) == ("standing", 1, "unit-a")
    assert told["starts_at"] == at("09:00")
    assert centre.member.get(placed.headers["Location"].removeprefix("/api/v1")).json == told
    assert free_at_ten(centre) == before


def test_the_second_learns_its_rank_and_nothing_of_the_first(centre):
    first = hold(centre.member).json
    second = hold(centre.stranger).json
    assert second["rank"] == 2
    listed = centre.stranger.get("/holds").json
    assert [one["reference"] for one in listed["items"]] == [second["reference"]]
    assert centre.desk.get("/holds").json["total"] == 2
    for deed in ("", "/convert", "/release", "/extend"):
        call = centre.stranger.post if deed else centre.stranger.get
        assert call(f"/holds/{first['reference']}{deed}").status_code == 404


def test_a_request_over_a_hold_says_so_without_a_name(centre):
    placed = hold(centre.member).json
    found = requested(centre.stranger)
    assert [one["rank"] for one in found["holds"]] == [1]
    assert "unit-a" not in str(found["holds"])
    held = centre.member.get(f"/holds/{placed['reference']}").json
    assert held["challenged_at"] is not None
    assert held["expires_at"] == found["holds"][0]["expires_at"]
    assert requested(centre.stranger, lines=[line("H50")])["holds"] == []


def test_the_desk_confirms_over_a_hold_only_with_a_reason(centre):
    hold(centre.member)
    found = requested(centre.stranger)
    place = f"/bookings/{found['reference']}/confirm"
    refused = centre.desk.post(place)
    assert refused.status_code == 409
    assert [one["rank"] for one in refused.json["holds"]] == [1]
    assert centre.desk.post(place, {"override": ""}).status_code == 422
    done = centre.desk.post(place, {"override": "Nhiệm vụ của Thành phố"})
    assert (done.status_code, done.json["status"]) == (200, "confirmed")


def test_a_hold_becomes_a_request_once(centre):
    placed = hold(centre.member).json
    late = requested(centre.stranger)
    place = f"/holds/{placed['reference']}/convert"
    key = {"Idempotency-Key": "convert-1"}
    done = centre.member.post(place, {"attendees": 40, "organiser": "domestic"}, headers=key)
    assert (done.status_code, done.json["attendees"]) == (201, 40)
    again = centre.member.post(place, {"attendees": 40, "organiser": "domestic"}, headers=key)
    assert again.json["reference"] == done.json["reference"]
    assert centre.member.post(place).status_code == 409
    shown = centre.member.get(f"/holds/{placed['reference']}").json
    assert (shown["status"], shown["rank"], shown["booking"]) == (
        "converted",
        None,
        done.json["reference"],
    )
    assert centre.stranger.get(f"/bookings/{late['reference']}").json["status"] == "declined"


def test_a_hold_is_extended_and_released(centre):
    placed = hold(centre.member, days=2).json
    longer = centre.member.post(f"/holds/{placed['reference']}/extend", {"days": 9}).json
    assert longer["expires_at"] > placed["expires_at"]
    gone = centre.member.post(f"/holds/{placed['reference']}/release").json
    assert gone["status"] == "released"
    assert centre.member.get("/holds").json["total"] == 0
    assert centre.member.get("/holds?status=released").json["total"] == 1


@pytest.mark.parametrize(
    "over",
    [
        {"days": 0},
        {"days": 31},
        {"days": "7"},
        {"lines": []},
        {"title": ""},
        {"colour": "red"},
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(centre, over):
    assert hold(centre.member, **over).status_code == 422


def test_one_waits_for_what_is_taken_and_leaves_again(centre):
    assert wait(centre.member).status_code == 409
    requested(centre.stranger)
    joined = wait(centre.member)
    assert (joined.status_code, joined.json["place"]) == (201, 1)
    reference = joined.json["reference"]
    assert centre.stranger.get("/waitlist").json["total"] == 0
    assert centre.stranger.get(f"/waitlist/{reference}").status_code == 404
    assert centre.stranger.post(f"/waitlist/{reference}/withdraw").status_code == 404
    assert centre.desk.get("/waitlist").json["total"] == 1
    left = centre.member.post(f"/waitlist/{reference}/withdraw").json
    assert (left["status"], left["place"]) == ("withdrawn", None)
    assert centre.member.post(f"/waitlist/{reference}/withdraw").status_code == 409


FOREIGN = {"event_kind": "press_conference", "organiser": "foreign"}


def test_a_director_is_asked_by_a_foreign_press_conference(centre):
    found = requested(centre.member, **FOREIGN)
    place = f"/bookings/{found['reference']}/approvals"
    [asked] = centre.member.get(place).json["items"]
    assert (asked["rule"], asked["role"], asked["status"]) == (
        "foreign-press:director",
        "director",
        "pending",
    )
    refused = centre.desk.post(f"/bookings/{found['reference']}/confirm")
    assert refused.status_code == 409
    assert refused.json["approvals"] == [
        {"rule": "foreign-press:director", "by": "director", "status": "pending"}
    ]
    assert centre.director.get("/approvals").json["total"] == 1
    assert centre.operator.get("/approvals").json["total"] == 0
    yes = {"rule": asked["rule"], "status": "approved", "comment": "Đồng ý"}
    assert centre.desk.post(place, yes).status_code == 404
    assert centre.member.post(place, yes).status_code == 403
    answered = centre.director.post(place, yes).json
    assert (answered["status"], answered["comment"]) == ("approved", "Đồng ý")
    assert centre.director.post(place, {**yes, "status": "pending"}).status_code == 422
    assert centre.director.post(place, {**yes, "rule": "nothing"}).status_code == 404
    with centre.app.app_context(), transaction():
        notices.lodge(bookings.get(found["reference"]))
    assert centre.desk.post(f"/bookings/{found['reference']}/confirm").status_code == 200
    assert centre.director.post(place, yes).status_code == 409


def test_an_owners_head_sees_its_own_approval_and_not_the_booking(centre):
    with centre.app.app_context(), transaction():
        owner = db.session.scalars(db.select(Unit).filter_by(slug="unit-a")).one()
        hall = db.session.scalars(db.select(Resource).filter_by(code="H50")).one()
        hall.owner_id = owner.id
    found = requested(centre.stranger, lines=[line("H50"), line("H100")], **FOREIGN)
    place = f"/bookings/{found['reference']}/approvals"
    assert len(centre.stranger.get(place).json["items"]) == 2
    assert centre.member.get(place).status_code == 404
    [mine] = centre.head.get(place).json["items"]
    assert (mine["rule"], mine["unit"]) == ("owner:H50", "unit-a")
    assert centre.head.get(f"/bookings/{found['reference']}").status_code == 404
    other = {"rule": "foreign-press:director", "status": "approved"}
    assert centre.head.post(place, other).status_code == 404
    assert centre.head.post(place, {"rule": "owner:H50", "status": "refused"}).status_code == 200


def test_a_reservation_and_a_quota_are_refused_by_name(centre):
    with centre.app.app_context(), transaction():
        hall = db.session.scalars(db.select(Resource).filter_by(code="H100")).one()
        friend = db.session.scalars(db.select(Unit).filter_by(slug="unit-b")).one()
        morning = Period(*(datetime.fromisoformat(at(hour)) for hour in ("09:00", "11:00")))
        closures.reserve(hall, morning, "Tuần lễ đối ngoại", [friend])
    refused = centre.member.post("/bookings", booking())
    assert refused.status_code == 409
    assert "Tuần lễ đối ngoại" in refused.json["detail"]
    assert requested(centre.stranger)["status"] == "requested"
    long = [line(starts_at=at("09:00", "2030-03-12"), ends_at=at("09:00", "2030-03-18"))]
    beyond = centre.member.post("/bookings", booking(lines=long))
    assert (beyond.status_code, beyond.json["limit"]) == (422, "120")


def test_a_resource_is_added_with_its_owner(centre):
    new = {"kind": "hall", "code": "STUDIO", "name": "Phim trường", "owner": "unit-b"}
    assert centre.desk.post("/resources", {**new, "owner": "nobody"}).status_code == 404
    assert centre.desk.post("/resources", new).json["owner"] == "unit-b"
    assert centre.member.get("/resources/STUDIO").json["owner"] == "unit-b"
    assert centre.member.get("/resources/H100").json["owner"] is None
    found = requested(centre.member, lines=[line("STUDIO")])
    asked = centre.member.get(f"/bookings/{found['reference']}/approvals").json["items"]
    assert [one["rule"] for one in asked] == ["owner:STUDIO"]
