"""Violations on pages and over the API: by risk, with the reasons, filtered and in other orders."""

from datetime import timedelta

import pytest

from config import clock
from config.database import transaction
from monitoring import violations
from monitoring.rules import Severity
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch
from tests.portal.conftest import signed_in

HOUR = timedelta(hours=1)


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR))


@pytest.fixture
def three(service):
    """A grave one that nobody uses, a lesser one in use now, a low one that is resolved."""
    now = clock.now()
    with service.app_context(), transaction():
        idle = a_switch(name="SW-IDLE", tags=["exposure-internal"])
        busy = a_switch(name="SW-BUSY")
        booking = build.a_booking(
            busy.resource, starts_at=now - HOUR, status=BookingStatus.CONFIRMED, title="Họp <báo>"
        )
        grave = violations.open_or_refresh(idle, a_failure("N01"), at=now - timedelta(days=9))
        lesser = violations.open_or_refresh(busy, a_failure("N02", Severity.HIGH), at=now)
        gone = violations.open_or_refresh(idle, a_failure("N16", Severity.LOW), at=now)
        violations.resolve(gone)
        return grave.id, lesser.id, gone.id, booking.reference


def places(page, *ids):
    """Where each violation stands on a page; -1 where it does not."""
    return [page.find(f'href="/violations/{each}"') for each in ids]


def test_the_list_begins_with_the_greatest_risk_and_says_why(operator, three):
    grave, lesser, gone, _reference = three
    page = operator.get("/violations?lang=en").text
    first, second, resolved = places(page, lesser, grave, gone)
    assert 0 < first < second
    assert resolved == -1
    assert "In use now, until" in page
    assert "Renters reach it" in page
    assert "Internal only (marked)" in page
    assert "Open for 9 days" in page
    assert "Đang được sử dụng" in operator.get("/violations?lang=vi").text


@pytest.mark.parametrize(
    ("query", "is_grave_first"),
    [("sort=risk", False), ("sort=severity", True), ("sort=newest", False), ("sort=oldest", True)],
)
def test_other_orders_are_offered(operator, three, query, is_grave_first):
    grave, lesser, _gone, _reference = three
    first, second = places(operator.get(f"/violations?{query}").text, grave, lesser)
    assert (first < second) == is_grave_first


def test_filters_are_kept_and_the_resolved_have_no_risk(operator, three):
    grave, lesser, gone, _reference = three
    page = operator.get("/violations?severity=high&status=").text
    assert [place > 0 for place in places(page, grave, lesser, gone)] == [False, True, False]
    history = operator.get("/violations?status=resolved&sort=risk&lang=en").text
    assert [place > 0 for place in places(history, grave, lesser, gone)] == [False, False, True]
    assert "risk</span>" not in history
    assert operator.get("/violations?sort=luck").status_code == 422


def test_a_violations_page_names_the_event_in_use(operator, three):
    _grave, lesser, _gone, reference = three
    page = operator.get(f"/violations/{lesser}?lang=en").text
    assert f'href="/bookings/{reference}"' in page
    assert "Họp &lt;báo&gt;" in page


def test_operators_meet_the_greatest_risk_on_their_first_page(operator, three):
    grave, lesser, _gone, _reference = three
    page = operator.get("/?lang=en").text
    first, second = places(page, lesser, grave)
    assert 0 < first < second
    assert "SW-BUSY · In use now" in page


@pytest.fixture
def api(service, person, bearer):
    """Asks the API as an operator."""
    header = bearer(person(role=Role.OPERATOR))
    return lambda path: service.test_client().get(f"/api/v1{path}", headers=header)


def test_the_api_lists_by_risk_where_it_is_asked_to(api, three):
    grave, lesser, gone, reference = three
    plain = api("/violations").json
    assert [each["id"] for each in plain["items"]] == [lesser, grave]
    assert {each["risk"] for each in plain["items"]} == {None}
    found = api("/violations?sort=risk").json
    assert [each["id"] for each in found["items"]] == [lesser, grave]
    told = found["items"][0]["risk"]
    assert (told["score"], told["level"], told["nearness"]) == (25, "high", "live")
    assert told["event"]["booking"] == reference
    assert found["items"][1]["risk"]["exposure"] == ["internal"]
    assert found["items"][1]["risk"]["exposure_is_marked"] is True
    with_history = "/violations?sort=risk&status=open&status=resolved"
    ids = [each["id"] for each in api(with_history).json["items"]]
    assert ids == [lesser, grave, gone]
    pages = [api(f"{with_history}&per_page=1&page={n}").json for n in (1, 2, 3, 4)]
    assert [[each["id"] for each in page["items"]] for page in pages] == [[n] for n in ids] + [[]]
    assert {page["total"] for page in pages} == {3}
    assert api("/violations?sort=luck").status_code == 422
