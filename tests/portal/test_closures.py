"""The desk takes a resource off the calendar and puts it back."""

from datetime import timedelta

import pytest

from config import clock
from config.database import transaction
from rental import catalogue, closures
from rental.closures import NewClosure
from rental.models import ClosureKind, Role
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of


@pytest.fixture
def hall(service):
    with service.app_context(), transaction():
        return build.a_hall(code="H100").code


def post(client, address, **fields):
    return client.post(address, data={"csrf_token": token_of(client), **fields})


def standing(service, code):
    with service.app_context():
        now = clock.now()
        ahead = Period(now, now + timedelta(days=400))
        return closures.standing([catalogue.get(code).id], ahead)


def test_the_desk_closes_a_hall_until_it_is_reopened(service, person, hall):
    desk = signed_in(service, person(role=Role.DESK))
    done = post(desk, f"/catalogue/{hall}/closures", kind="maintenance", reason="Thay đèn")
    assert done.status_code == 302
    page = desk.get(f"/catalogue/{hall}?lang=vi").get_data(as_text=True)
    assert "Thay đèn" in page
    [closure] = standing(service, hall)
    assert post(desk, f"/catalogue/{hall}/closures/{closure.id}/reopen").status_code == 302
    assert standing(service, hall) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "maintenance", "reason": "  "}, 422),
        ({"kind": "quarantine", "reason": "x"}, 422),  # that is a violation's to begin
        ({"kind": "", "reason": "x"}, 422),
        ({"kind": "holiday", "reason": "x", "quantity": "9"}, 422),  # more than there are
        (
            {
                "kind": "holiday",
                "reason": "Tết",
                "starts_at": "2030-02-04T08:00",
                "ends_at": "2030-02-03T08:00",
            },
            422,
        ),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused_and_nothing_is_kept(
    service, person, hall, fields, status
):
    desk = signed_in(service, person(role=Role.DESK))
    assert post(desk, f"/catalogue/{hall}/closures", **fields).status_code == status
    assert standing(service, hall) == []


def test_what_a_violation_closed_is_not_reopened_by_hand_nor_by_a_renter(service, person, hall):
    with service.app_context(), transaction():
        new = NewClosure(ClosureKind.QUARANTINE, clock.now(), "N01", cause="violation:1")
        closure_id = closures.close(catalogue.get(hall), new).id
    desk = signed_in(service, person(role=Role.DESK))
    address = f"/catalogue/{hall}/closures/{closure_id}/reopen"
    assert post(desk, address).status_code == 422
    member = signed_in(service, person(email="m@example.com"))
    assert post(member, address).status_code == 403
    assert len(standing(service, hall)) == 1
