"""Handing over and taking back over the API: everything at once, or piece by piece."""

import pytest

from config.database import db, transaction
from rental import catalogue
from rental.models import Asset
from tests.api.conftest import at, line, requested


@pytest.fixture
def path(centre):
    """A confirmed booking of a hall and four microphones, two of which have tags."""
    with centre.app.app_context(), transaction():
        mic = catalogue.get("MIC")
        db.session.add_all(Asset(resource=mic, tag=tag) for tag in ("MIC-1", "MIC-2"))
    booked = requested(centre.member, lines=[line("H100"), line("MIC", quantity=4)])
    found = f"/bookings/{booked['reference']}"
    centre.desk.post(f"{found}/confirm")
    return found


def test_everything_at_once_says_what_is_out(centre, path):
    out = centre.desk.post(f"{path}/hand-over").json
    assert (out["status"], [(o["resource"], o["asset"], o["quantity"]) for o in out["out"]]) == (
        "handed_over",
        [("MIC", None, 4)],
    )
    back = centre.desk.post(f"{path}/return").json
    assert (back["status"], back["out"]) == ("returned", [])


def test_pieces_go_and_come_in_parts(centre, path):
    pieces = [{"asset": "MIC-1"}, {"resource": "MIC", "quantity": 2}]
    out = centre.desk.post(f"{path}/hand-over", {"pieces": pieces}).json
    assert {(o["asset"], o["quantity"]) for o in out["out"]} == {("MIC-1", 1), (None, 2)}
    more = centre.desk.post(f"{path}/hand-over", {"pieces": [{"asset": "MIC-2"}]}).json
    assert (more["status"], len(more["out"])) == ("handed_over", 3)
    some = [{"asset": "MIC-1", "condition": "worn", "note": "trầy"}]
    back = centre.desk.post(f"{path}/return", {"pieces": some}).json
    assert (back["status"], len(back["out"])) == ("handed_over", 2)
    rest = [{"asset": "MIC-2", "condition": "damaged"}, {"resource": "MIC", "quantity": 2}]
    assert centre.desk.post(f"{path}/return", {"pieces": rest}).json["status"] == "returned"


def test_pieces_go_all_or_none(centre, path):
    pieces = [{"asset": "MIC-1"}, {"asset": "NO-SUCH"}]
    assert centre.desk.post(f"{path}/hand-over", {"pieces": pieces}).status_code == 404
    assert centre.desk.get(path).json["status"] == "confirmed"
    pieces = [{"asset": "MIC-1"}, {"resource": "MIC", "quantity": 4}]
    assert centre.desk.post(f"{path}/hand-over", {"pieces": pieces}).status_code == 409
    centre.desk.post(f"{path}/hand-over", {"pieces": [{"asset": "MIC-1"}]})
    twice = centre.desk.post(f"{path}/return", {"pieces": [{"asset": "MIC-1"}] * 2})
    assert twice.status_code == 409
    assert "back already" in twice.json["detail"]


def test_another_bookings_piece_does_not_come_back_through_this_one(centre, path):
    centre.desk.post(f"{path}/hand-over", {"pieces": [{"asset": "MIC-1"}]})
    late = [line("MIC", starts_at=at("14:00"), ends_at=at("15:00"))]
    other = f"/bookings/{requested(centre.stranger, lines=late)['reference']}"
    centre.desk.post(f"{other}/confirm")
    centre.desk.post(f"{other}/hand-over", {"pieces": [{"asset": "MIC-2"}]})
    assert centre.desk.post(f"{other}/return", {"pieces": [{"asset": "MIC-1"}]}).status_code == 409
    assert centre.stranger.post(f"{path}/return", {"pieces": [{"asset": "MIC-1"}]}).status_code in (
        403,
        404,
    )


def test_a_resend_with_its_key_is_harmless(centre, path):
    body, key = {"pieces": [{"asset": "MIC-1"}]}, {"Idempotency-Key": "batch-1"}
    first = centre.desk.post(f"{path}/hand-over", body, headers=key)
    again = centre.desk.post(f"{path}/hand-over", body, headers=key)
    assert first.json == again.json
    assert centre.desk.post(f"{path}/hand-over", body).status_code == 409


@pytest.mark.parametrize(
    "piece",
    [
        {},
        {"asset": "MIC-1", "resource": "MIC"},
        {"asset": "MIC-1", "quantity": 2},
        {"asset": "MIC-1", "condition": "eaten"},
        {"asset": ""},
        {"resource": "MIC", "quantity": 0},
        {"tag": "MIC-1"},
    ],
)
def test_what_is_no_piece_is_refused(centre, path, piece):
    assert centre.desk.post(f"{path}/return", {"pieces": [piece]}).status_code == 422
    assert centre.desk.post(f"{path}/return", {"pieces": []}).status_code == 422
