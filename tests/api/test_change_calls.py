"""Changing, giving up and repeating bookings over the API."""

from tests.api.conftest import at, line, requested


def test_cancelling_is_priced_before_and_after_alike(centre):
    made = requested(centre.member, lines=[line(), line("MIC", quantity=2)])
    place = f"/bookings/{made['reference']}"
    free = centre.member.get(f"{place}/cancellation").json
    assert free == {"lines": [], "total": {"minor": 0, "currency": "VND"}}
    centre.desk.post(f"{place}/confirm")
    asked = centre.member.get(f"{place}/cancellation").json
    assert [(each["resource"], each["percent"]) for each in asked["lines"]] == [
        ("H100", 0),
        ("MIC", 0),
    ]
    told = centre.member.post(f"{place}/cancel", {"reason": "Hoãn"}).json
    assert told["status"] == "cancelled"
    assert told["cancellation"]["total"] == asked["total"]
    gone = centre.member.get(f"{place}/cancellation")
    assert gone.status_code == 409


def test_nobody_learns_what_another_units_cancellation_costs(centre):
    made = requested(centre.member)
    assert centre.stranger.get(f"/bookings/{made['reference']}/cancellation").status_code == 404


def test_what_the_event_is_can_be_changed(centre):
    made = requested(centre.member)
    place = f"/bookings/{made['reference']}"
    told = centre.member.patch(place, {"event_kind": "seminar", "organiser": "foreign"}).json
    assert (told["event_kind"], told["organiser"]) == ("seminar", "foreign")


def test_a_change_of_what_somebody_changed_meanwhile_is_a_conflict(centre):
    made = requested(centre.member)
    place = f"/bookings/{made['reference']}"
    longer = {"lines": [line(ends_at=at("12:00"))], "revision": made["revision"]}
    assert centre.desk.patch(place, {"title": "Khác"}).json["revision"] == made["revision"] + 1
    refused = centre.member.patch(place, longer)
    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/changed-meanwhile"
    again = centre.member.patch(place, {**longer, "revision": refused.json["revision"]})
    assert again.status_code == 200
    assert again.json["lines"][0]["ends_at"] == at("12:00")


def test_a_revision_alone_changes_nothing(centre):
    made = requested(centre.member)
    refused = centre.member.patch(f"/bookings/{made['reference']}", {"revision": 0})
    assert refused.status_code == 422


def test_the_same_is_requested_on_another_day_once(centre):
    made = requested(centre.member, lines=[line(), line("MIC", quantity=2)])
    place = f"/bookings/{made['reference']}/duplicate"
    key = {"Idempotency-Key": "next-week"}
    copied = centre.member.post(place, {"starts_on": "2030-03-12"}, headers=key)
    assert copied.status_code == 201
    assert [each["starts_at"] for each in copied.json["lines"]] == [at("09:00", "2030-03-12")] * 2
    again = centre.member.post(place, {"starts_on": "2030-03-12"}, headers=key)
    assert again.json["reference"] == copied.json["reference"]
    assert centre.member.post(place, {"starts_on": "2030-03-12"}).status_code == 409
    assert centre.member.post(place, {"starts_on": "12/3/2030"}).status_code == 422
    assert centre.stranger.post(place, {"starts_on": "2030-03-19"}).status_code == 404
