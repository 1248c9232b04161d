"""Moving bookings over the API, from a request to its return."""

from datetime import datetime, timedelta

import pytest
import time_machine

from tests.api.conftest import at, free_at_ten, requested


def test_the_desk_confirms_hands_over_and_takes_back(centre):
    reference = requested(centre.member)["reference"]
    path = f"/bookings/{reference}"
    assert centre.desk.post(f"{path}/confirm").json["status"] == "confirmed"
    assert centre.member.patch(path, {"title": "Khác"}).status_code == 403
    assert centre.desk.patch(path, {"title": "Khác"}).json["title"] == "Khác"
    assert centre.desk.post(f"{path}/hand-over", {}).json["status"] == "handed_over"
    returned = centre.desk.post(f"{path}/return", {"condition": "Đủ, sạch"})
    assert returned.json["status"] == "returned"
    assert centre.member.get(path).json["status"] == "returned"


def test_the_desk_declines_with_a_reason(centre):
    path = f"/bookings/{requested(centre.member)['reference']}"
    assert centre.desk.post(f"{path}/decline", {"reason": "x" * 501}).status_code == 422
    declined = centre.desk.post(f"{path}/decline", {"reason": "Trùng lễ"}).json
    assert (declined["status"], declined["reason"]) == ("declined", "Trùng lễ")
    assert free_at_ten(centre) == 1


def test_a_reason_is_not_asked_of_a_program(centre):
    path = f"/bookings/{requested(centre.member)['reference']}"
    declined = centre.desk.post(f"{path}/decline").json
    assert (declined["status"], declined["reason"]) == ("declined", None)


def test_a_member_cancels_its_own_booking(centre):
    path = f"/bookings/{requested(centre.member)['reference']}"
    assert centre.member.post(f"{path}/cancel").json["status"] == "cancelled"
    assert free_at_ten(centre) == 1
    again = centre.member.post(f"{path}/cancel")
    assert again.status_code == 409
    assert again.json["conflicts"] == []


def test_nobody_came(centre):
    path = f"/bookings/{requested(centre.member)['reference']}"
    centre.desk.post(f"{path}/confirm")
    assert centre.desk.post(f"{path}/no-show").status_code == 422  # it has not begun
    with time_machine.travel(datetime.fromisoformat(at("10:00")) + timedelta(0), tick=False):
        assert centre.desk.post(f"{path}/no-show").json["status"] == "no_show"
    assert free_at_ten(centre) == 1


@pytest.mark.parametrize("move", ["confirm", "decline", "hand-over", "return", "no-show"])
def test_the_moves_are_the_desks(centre, move):
    path = f"/bookings/{requested(centre.member)['reference']}/{move}"
    for caller in (centre.member, centre.head, centre.finance, centre.operator, centre.director):
        assert caller.post(path).status_code == 403
    assert centre.nobody.post(path).status_code == 401
    unknown = centre.desk.post(f"/bookings/BK-0000-0000/{move}")
    assert unknown.status_code == 404


def test_a_move_that_makes_no_sense_now_is_a_conflict(centre):
    path = f"/bookings/{requested(centre.member)['reference']}"
    assert centre.desk.post(f"{path}/return").status_code == 409
    assert centre.desk.post(f"{path}/hand-over").status_code == 409
    centre.desk.post(f"{path}/confirm")
    assert centre.desk.post(f"{path}/confirm").status_code == 409
    assert centre.desk.post(f"{path}/decline", {"reason": "x"}).status_code == 409
