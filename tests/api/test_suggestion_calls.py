"""A refusal says what would almost have fitted, and that can be booked as it stands."""

from tests.api.conftest import at, booking, line


def test_a_conflict_brings_suggestions_that_can_be_booked(centre):
    centre.member.post("/bookings", booking())
    wanted = booking(lines=[line(starts_at=at("10:50"), ends_at=at("11:50"))])
    refused = centre.stranger.post("/bookings", wanted)
    assert refused.status_code == 409
    found = refused.json["suggestions"]
    assert found[0]["kind"] == "shift"
    assert found[0]["lines"][0]["starts_at"] == at("11:00")
    for each in found:
        assert set(each) == {"kind", "lines"}
    retried = booking(lines=found[0]["lines"])
    assert centre.stranger.post("/bookings", retried).status_code == 201
