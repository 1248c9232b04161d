"""Advance and part invoices over the API."""

import pytest

from tests.api.conftest import booking


@pytest.fixture
def confirmed(centre):
    """The path of a confirmed booking of unit A."""
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.desk.post(f"{path}/confirm").status_code == 200
    return path


def vnd(minor):
    return {"minor": minor, "currency": "VND"}


def test_an_advance_is_issued_once_and_taken_off_in_the_end(centre, confirmed):
    whole = centre.finance.get(f"{confirmed}/charges").json["rest"]["minor"]
    asked = {"amount": vnd(1_000_000)}
    advance = centre.finance.post(f"{confirmed}/advances", asked)
    assert advance.status_code == 201, advance.json
    assert advance.json["kind"] == "advance"
    assert advance.json["total"] == vnd(1_000_000)
    waits = centre.finance.get(f"{confirmed}/charges").json
    assert waits["rest"] == vnd(whole - 1_000_000)
    assert waits["advanced"] == vnd(1_000_000)
    assert {one["kind"] for one in waits["charges"]} == {"rental", "advance_deducted"}
    final = centre.finance.post(f"{confirmed}/invoice").json
    assert (final["kind"], final["total"]) == ("final", vnd(whole - 1_000_000))
    assert centre.finance.post(f"{confirmed}/advances", asked).status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"amount": vnd(1), "percent": 5}, {"percent": 0}, {"percent": 101}, {"amount": vnd(0)}],
)
def test_an_amount_or_a_percentage(centre, confirmed, body):
    assert centre.finance.post(f"{confirmed}/advances", body).status_code == 422


def test_a_part_takes_charges_of_this_booking_only(centre, confirmed):
    (charge,) = centre.finance.get(f"{confirmed}/charges").json["charges"]
    strange = centre.finance.post(f"{confirmed}/part-invoices", {"charges": [charge["id"] + 99]})
    assert strange.status_code == 409
    none = centre.finance.post(f"{confirmed}/part-invoices", {"charges": [0]})
    assert none.status_code == 422
    part = centre.finance.post(f"{confirmed}/part-invoices", {"charges": [charge["id"]]})
    assert (part.json["kind"], part.json["status"]) == ("part", "draft")


def test_only_finance_asks(centre, confirmed):
    assert centre.member.post(f"{confirmed}/advances", {"percent": 5}).status_code == 403
    assert centre.member.get(f"{confirmed}/charges").status_code == 403
    assert centre.finance.post(f"{confirmed}/advances/give-back").status_code == 422
