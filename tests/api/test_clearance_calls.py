"""Clearances over the API: what is asked, lodged, answered, and who may."""

import io
from datetime import datetime, timedelta

from config import clock
from tests import files
from tests.api.conftest import booking, requested


def press_conference(centre):
    """A request that needs a notice: its reference and its clearance."""
    body = booking(event_kind="press_conference")
    reference = centre.member.post("/bookings", body).json["reference"]
    (clearance,) = centre.member.get(f"/bookings/{reference}/clearances").json["items"]
    return reference, clearance


def sent(centre, reference, words="thông báo"):
    content = (io.BytesIO(files.pdf(words)), "thông báo.pdf")
    answer = centre.member.post(f"/bookings/{reference}/files", data={"file": content})
    return answer.json["id"]


def deed(caller, reference, clearance, name, **body):
    return caller.post(f"/bookings/{reference}/clearances/{clearance['id']}/{name}", body)


def lodged(centre, reference, clearance):
    body = {"file": sent(centre, reference), "lodged_at": clock.now().isoformat()}
    return deed(centre.member, reference, clearance, "lodge", **body)


def test_a_request_says_what_it_needs_by_when_and_by_which_law(centre):
    reference, clearance = press_conference(centre)
    told = centre.member.get(f"/bookings/{reference}").json
    starts_at = datetime.fromisoformat(told["lines"][0]["starts_at"])
    assert datetime.fromisoformat(clearance["deadline"]) == starts_at - timedelta(hours=24)
    assert clearance["deadline"].endswith("+07:00")
    assert (clearance["status"], clearance["confirmable"]) == ("needed", False)
    assert "Decree 237/2026" in clearance["asks"]["source"]
    assert clearance["asks"]["to_verify"]


def test_another_kind_of_event_needs_nothing(centre):
    reference = requested(centre.member)["reference"]
    told = centre.member.get(f"/bookings/{reference}/clearances").json
    assert told == {"items": [], "total": 0}


def test_it_is_confirmed_with_its_notice_and_refused_without(centre):
    reference, clearance = press_conference(centre)
    refused = centre.desk.post(f"/bookings/{reference}/confirm")
    assert refused.status_code == 422
    assert "People's Committee" in refused.json["detail"]
    told = lodged(centre, reference, clearance).json
    assert (told["status"], told["in_time"], told["confirmable"]) == ("lodged", True, True)
    assert [each["kind"] for each in told["files"]] == ["notice"]
    assert centre.desk.post(f"/bookings/{reference}/confirm").status_code == 200


def test_what_the_authority_refuses_is_not_confirmed_and_the_unit_is_told(centre):
    reference, clearance = press_conference(centre)
    lodged(centre, reference, clearance)
    told = deed(centre.desk, reference, clearance, "refuse", reason="Ngoài tôn chỉ").json
    assert (told["status"], told["reason"]) == ("refused", "Ngoài tôn chỉ")
    assert centre.desk.post(f"/bookings/{reference}/confirm").status_code == 422
    again = lodged(centre, reference, clearance)
    assert again.status_code == 409  # the unit cannot lodge over the authority's word
    assert deed(centre.desk, reference, clearance, "demand", reason="Nộp lại").status_code == 200
    assert lodged(centre, reference, clearance).json["confirmable"]


def test_an_exemption_wants_a_reason_and_a_rule_that_knows_one(centre):
    reference, clearance = press_conference(centre)
    assert deed(centre.member, reference, clearance, "exempt", reason=" ").status_code == 422
    told = deed(centre.member, reference, clearance, "exempt", reason="Người phát ngôn").json
    assert (told["status"], told["confirmable"]) == ("exempt", True)


def test_the_desk_lets_pass_only_with_a_reason(centre):
    reference, clearance = press_conference(centre)
    assert deed(centre.desk, reference, clearance, "accept").status_code == 422
    told = deed(centre.desk, reference, clearance, "accept", reason="Sở đồng ý qua điện thoại")
    assert told.json["status"] == "accepted"


def test_a_unit_does_not_answer_for_the_authority_and_a_stranger_sees_nothing(centre):
    reference, clearance = press_conference(centre)
    for name in ("accept", "refuse", "demand"):
        assert deed(centre.member, reference, clearance, name, reason="x").status_code == 403
    assert centre.stranger.get(f"/bookings/{reference}/clearances").status_code == 404
    assert deed(centre.stranger, reference, clearance, "exempt", reason="x").status_code == 404


def test_a_file_of_another_booking_and_a_time_to_come_are_refused(centre):
    reference, clearance = press_conference(centre)
    starts = {"starts_at": "2030-01-09T09:00:00+07:00", "ends_at": "2030-01-09T11:00:00+07:00"}
    other = centre.member.post(
        "/bookings", booking(lines=[{"resource": "H100", "quantity": 1, **starts}])
    ).json["reference"]
    now = clock.now()
    strange = {"file": sent(centre, other, "khác"), "lodged_at": now.isoformat()}
    assert deed(centre.member, reference, clearance, "lodge", **strange).status_code == 404
    early = {
        "file": sent(centre, reference),
        "lodged_at": (now + timedelta(hours=2)).isoformat(),
    }
    assert deed(centre.member, reference, clearance, "lodge", **early).status_code == 422
    naive = {**early, "lodged_at": "2026-11-20T09:00"}
    assert deed(centre.member, reference, clearance, "lodge", **naive).status_code in (400, 422)


def test_a_repeated_call_is_one_deed(centre):
    reference, clearance = press_conference(centre)
    place = f"/bookings/{reference}/clearances/{clearance['id']}/exempt"
    key = {"Idempotency-Key": "once"}
    told = [centre.member.post(place, {"reason": "Phát ngôn"}, headers=key) for _ in range(2)]
    assert [each.status_code for each in told] == [200, 200]
    assert told[0].json == told[1].json
