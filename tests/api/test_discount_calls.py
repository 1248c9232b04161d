"""Discounts and add-ons over HTTP."""

import pytest

from tests.api.conftest import at
from tests.api.test_booking_calls import booking, line, requested


def test_a_discount_is_proposed_by_one_and_approved_by_another(centre):
    made = requested(centre.member, **booking())
    address = f"/bookings/{made['reference']}/discounts"
    assert centre.member.post(address, {"reason": "x", "percent": 10}).status_code == 403
    proposed = centre.desk.post(address, {"reason": "Thường niên", "percent": 12.5, "line": 1})
    assert proposed.status_code == 201, proposed.json
    assert proposed.json["percent"] == "12.5"
    assert proposed.json["line"] == 1
    assert centre.member.get(f"/bookings/{made['reference']}").json["quote"] == made["quote"]
    number = proposed.json["id"]
    assert centre.desk.post(f"/discounts/{number}/approve").status_code == 403
    assert centre.director.get("/discounts").json["total"] == 1
    approved = centre.director.post(f"/discounts/{number}/approve")
    assert approved.json["status"] == "approved"
    told = centre.member.get(f"/bookings/{made['reference']}").json["quote"]["lines"][0]
    full = made["quote"]["lines"][0]["unit_price"]["minor"]
    assert told["discount"]["minor"] * 8 == full
    assert centre.director.post(f"/discounts/{number}/approve").status_code == 409
    assert centre.finance.get(address).json["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"percent": 10},
        {"reason": "", "percent": 10},
        {"reason": "x"},
        {"reason": "x", "percent": 0},
        {"reason": "x", "percent": 100.01},
        {"reason": "x", "percent": "ten"},
        {"reason": "x", "percent": "NaN"},
        {"reason": "x", "percent": "Infinity"},
        {"reason": "x", "percent": True},
        {"reason": "x", "percent": 1.234},
        {"reason": "x", "amount": {"minor": -1}},
        {"reason": "x", "amount": {"minor": 10**15}},
        {"reason": "x", "percent": 1, "amount": {"minor": 1}},
        {"reason": "x", "percent": 1, "line": 2},
        {"reason": "x", "percent": 1, "line": 0},
    ],
)
def test_a_discount_that_makes_no_sense_is_refused(centre, body):
    made = requested(centre.member, **booking())
    address = f"/bookings/{made['reference']}/discounts"
    assert centre.desk.post(address, body).status_code == 422
    assert centre.desk.get(address).json["total"] == 0


def test_a_booking_or_a_discount_that_is_none_is_not_found(centre):
    new = {"reason": "x", "percent": 1}
    assert centre.desk.post("/bookings/BK-ZZZZ-ZZZZ/discounts", new).status_code == 404
    assert centre.director.post("/discounts/9/approve").status_code == 404


def test_a_line_asks_for_add_ons_and_its_answer_names_them(centre):
    body = booking(lines=[line(add_ons=["sound_light", "sound_light"])])
    quoted = centre.member.post("/quotes", body).json
    made = requested(centre.member, **body)
    assert made["lines"][0]["add_ons"] == ["sound_light"]
    assert made["quote"] == quoted
    plain = centre.member.post("/quotes", booking(lines=[line()])).json
    assert quoted["total"]["minor"] - plain["total"]["minor"] == 1_000_000


@pytest.mark.parametrize("codes", [["laser"], ["Not A Code"], "sound_light", [1], ["x"] * 21])
def test_an_add_on_that_cannot_be_had_is_refused_and_nothing_is_booked(centre, codes):
    made = centre.member.post("/bookings", booking(lines=[line(add_ons=codes)]))
    assert made.status_code == 422
    assert centre.member.get("/bookings").json["total"] == 0


def test_a_change_of_lines_without_add_ons_takes_them_off(centre):
    made = requested(centre.member, **booking(lines=[line(add_ons=["sound_light"])]))
    changed = centre.member.patch(f"/bookings/{made['reference']}", {"lines": [line()]})
    assert changed.json["lines"][0]["add_ons"] == []
    longer = [line(ends_at=at("13:00"), add_ons=["early_cooling"])]
    changed = centre.member.patch(f"/bookings/{made['reference']}", {"lines": longer})
    assert "Air-conditioning" in changed.json["quote"]["lines"][0]["explanation"]
