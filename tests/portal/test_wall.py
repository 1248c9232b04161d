"""The wall: one picture for all who look, which says when it is old."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from monitoring import outages, problems
from monitoring.models import DeviceStatus
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from portal.pages.wall import Kept
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import signed_in


@pytest.fixture
def operator(service, person):
    """The browser of an operator, before an empty wall."""
    service.extensions.pop("wall", None)
    return signed_in(service, person(role=Role.OPERATOR))


def looked(service, browser) -> str:
    """The picture, made anew."""
    service.extensions.pop("wall", None)
    return browser.get("/wall/now").text


def test_the_wall_shows_what_is_not_well_and_what_runs(service, operator):
    now = clock.now()
    well = a_switch(name="SW-OK", status=DeviceStatus.UP, last_poll_at=now)
    down = a_switch(name="SW-<1>", status=DeviceStatus.DOWN, last_poll_at=now)
    outages.open_(down, now, {})
    problems.open_(well, NewProblem("sensor", "inlet", Severity.MEDIUM))
    build.a_booking(well.resource, starts_at=now - timedelta(hours=1), title="Họp báo đang chạy",
                    status=BookingStatus.HANDED_OVER)  # fmt: skip
    db.session.commit()
    page = looked(service, operator)
    assert "SW-&lt;1&gt;" in page
    assert page.index("SW-&lt;1&gt;") < page.index("SW-OK</span>")
    assert "Cảm biến: inlet" in page
    assert "Họp báo đang chạy" in page
    assert "đã cũ" not in page
    whole = operator.get("/wall").text
    assert 'hx-trigger="every 5s"' in whole


def test_the_wall_says_why_nobody_is_woken_for_a_device(service, operator):
    now = clock.now()
    above = a_switch(name="SW-CORE", status=DeviceStatus.DOWN, last_poll_at=now)
    outages.open_(above, now, {})
    behind = a_switch(name="CAM-1", parent=above, last_poll_at=now)
    problems.open_(behind, NewProblem("sensor", "inlet", Severity.MEDIUM))
    db.session.commit()
    assert looked(service, operator).count("nằm sau một thiết bị đang mất kết nối") == 1


def test_a_wall_whose_devices_nobody_asks_says_so_loudly(service, operator):
    a_switch(name="SW-1", status=DeviceStatus.UP, last_poll_at=clock.now() - timedelta(hours=1))
    db.session.commit()
    assert "thông tin đang hiển thị đã cũ" in looked(service, operator)


def test_a_renter_sees_no_wall(service, person):
    member = signed_in(service, person())
    assert member.get("/wall").status_code == 403
    assert member.get("/wall/now").status_code == 403


def test_one_picture_serves_all_who_ask_while_it_is_fresh():
    made = []
    kept: Kept[int] = Kept(seconds=60)
    for _ in range(50):
        assert kept.get(lambda: made.append(1) or len(made)) == 1
    kept.made_at -= 61
    assert kept.get(lambda: made.append(1) or len(made)) == 2
