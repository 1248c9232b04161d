"""The pages that change and repeat a booking, without a browser."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from config import clock
from config.database import db, transaction
from rental import bookings, programme, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Member, Role
from rental.period import Period
from rental.programme import NewContact, NewEntry
from tests import build
from tests.build import TUESDAY
from tests.portal.conftest import signed_in, token_of


def span(start: float, end: float) -> Period:
    return Period(TUESDAY + timedelta(hours=start), TUESDAY + timedelta(hours=end))


@pytest.fixture
def scene(service: Flask, person):
    """A member's request for a hall and two cameras, and the desk."""
    with transaction():
        site = build.a_site()
        build.a_hall(site=site, code="H100", name="Hội trường")
        build.equipment(site=site, code="CAM", tariff="camera", stock=4)
    member, desk = person(email="unit@example.com"), person(role=Role.DESK)
    with transaction():
        booking = request(member, ("H100", 1, span(0, 3)), ("CAM", 2, span(0, 3)))
        reference = booking.reference
    return service, member, desk, reference


def request(member: Member, *lines):
    wanted = RequestedBooking(
        member.unit, "Họp báo", EventKind.CONFERENCE, [WantedLine(*line) for line in lines]
    )
    return bookings.request(wanted, by=db.session.merge(member))


def local(period: Period) -> list[str]:
    return [f"{end.astimezone(clock.LOCAL):%Y-%m-%dT%H:%M}" for end in period]


def form(*lines, **over):
    starts, ends = zip(*(local(period) for _code, _quantity, period in lines), strict=True)
    return {
        "title": "Họp báo",
        "event_kind": "conference",
        "organiser": "domestic",
        "resource": [code for code, _quantity, _period in lines],
        "quantity": [str(quantity) for _code, quantity, _period in lines],
        "starts_at": list(starts),
        "ends_at": list(ends),
        "revision": "0",
        **over,
    }


LONGER = (("H100", 1, span(0, 4)), ("CAM", 2, span(0, 3)))


def plain(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_form_is_filled_and_compares(scene):
    service, member, _desk, reference = scene
    browser = signed_in(service, member)
    page = browser.get(f"/bookings/{reference}/edit").get_data(as_text=True)
    assert 'name="revision" value="0"' in page
    assert 'value="2030-03-05T12:00"' in page
    fields = form(*LONGER, csrf_token=token_of(browser))
    seen = plain(browser.post(f"/bookings/{reference}/comparison", data=fields))
    assert "kéo dài" in seen
    assert "09:00–12:00" in seen
    assert "09:00–13:00" in seen
    assert "Giá trước" in seen


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ("extend=30", ("2030-03-05T09:00", "2030-03-05T12:30")),
        ("day=2030-03-20", ("2030-03-20T09:00", "2030-03-20T12:00")),
        ("extend=-5", ("2030-03-05T09:00", "2030-03-05T12:00")),
        ("extend=999999", ("2030-03-05T09:00", "2030-03-05T12:00")),
    ],
)
def test_a_change_is_begun_by_a_link(scene, query, times):
    service, member, _desk, reference = scene
    page = signed_in(service, member).get(f"/bookings/{reference}/edit?{query}")
    for moment in times:
        assert f'value="{moment}"' in page.get_data(as_text=True)


def test_a_saved_change_is_told_in_the_journal(scene):
    service, member, _desk, reference = scene
    browser = signed_in(service, member)
    fields = form(*LONGER, title="Tọa đàm", csrf_token=token_of(browser))
    assert browser.post(f"/bookings/{reference}/edit", data=fields).status_code == 302
    told = plain(browser.get(f"/bookings/{reference}"))
    assert "Tên sự kiện: Họp báo → Tọa đàm; H100: kéo dài" in told


def test_a_conflict_comes_back_with_what_was_typed(scene, person):
    service, member, _desk, reference = scene
    with transaction():
        request(person(), ("H100", 1, span(3, 5)))
    browser = signed_in(service, member)
    fields = form(*LONGER, title="Giữ nguyên chữ này", csrf_token=token_of(browser))
    assert "không còn trống" in plain(
        browser.post(f"/bookings/{reference}/comparison", data=fields)
    )
    refused = browser.post(f"/bookings/{reference}/edit", data=fields)
    assert refused.status_code == 409
    assert "Giữ nguyên chữ này" in refused.get_data(as_text=True)
    assert 'value="2030-03-05T13:00"' in refused.get_data(as_text=True)


def test_what_a_booking_holds_itself_is_no_conflict(scene):
    service, member, _desk, reference = scene
    browser = signed_in(service, member)
    fields = form(("H100", 1, span(1, 4)), ("CAM", 4, span(0, 3)), csrf_token=token_of(browser))
    seen = plain(browser.post(f"/bookings/{reference}/comparison", data=fields))
    assert "trống" not in seen
    assert "dời giờ" in seen
    assert browser.post(f"/bookings/{reference}/edit", data=fields).status_code == 302


def test_a_member_does_not_edit_what_the_desk_has_confirmed(scene):
    service, member, desk, reference = scene
    with transaction():
        bookings.confirm(bookings.get(reference), by=db.session.merge(desk))
    browser = signed_in(service, member)
    assert browser.get(f"/bookings/{reference}/edit").status_code == 403
    fields = form(*LONGER, revision="1", csrf_token=token_of(browser))
    assert browser.post(f"/bookings/{reference}/edit", data=fields).status_code == 403
    page = browser.get(f"/bookings/{reference}").get_data(as_text=True)
    assert f"/bookings/{reference}/edit" not in page
    desk_browser = signed_in(service, desk)
    assert desk_browser.get(f"/bookings/{reference}/edit").status_code == 200


def test_hostile_text_is_shown_as_it_was_typed(scene):
    service, member, _desk, reference = scene
    browser = signed_in(service, member)
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    fields = form(*LONGER, title=hostile, csrf_token=token_of(browser))
    seen = browser.post(f"/bookings/{reference}/comparison", data=fields).get_data(as_text=True)
    assert "<script>alert" not in seen
    assert "{{ 7*7 }}" in seen


def test_a_booking_is_repeated_with_its_programme(scene):
    service, member, _desk, reference = scene
    with transaction():
        programme.replace(
            bookings.get(reference),
            [NewEntry(TUESDAY, "Đón khách", TUESDAY + timedelta(minutes=30))],
            [NewContact("Điều phối", "Trần Thị Mai", "0900 000 000")],
            by=units.member_by_email("unit@example.com"),
        )
    browser = signed_in(service, member)
    page = browser.get(f"/bookings/new?copy={reference}&day=2030-03-12").get_data(as_text=True)
    assert 'value="2030-03-12T09:00"' in page
    assert f'name="copy" value="{reference}"' in page
    week = timedelta(days=7)
    lines = [
        (code, quantity, Period(period.starts_at + week, period.ends_at + week))
        for code, quantity, period in LONGER
    ]
    fields = form(*lines, copy=reference, csrf_token=token_of(browser))
    made = browser.post("/bookings", data=fields)
    assert made.status_code == 302
    copied = bookings.get(made.location.rsplit("/", 1)[1])
    (entry,) = programme.entries(copied)
    assert (entry.title, entry.starts_at) == ("Đón khách", TUESDAY + week)
    assert [person.name for person in programme.contacts(copied)] == ["Trần Thị Mai"]


def test_nobody_repeats_another_units_booking(scene, person):
    service, _member, _desk, reference = scene
    browser = signed_in(service, person())
    assert browser.get(f"/bookings/new?copy={reference}").status_code == 404
    fields = form(("CAM", 1, span(50, 51)), copy=reference, csrf_token=token_of(browser))
    assert browser.post("/bookings", data=fields).status_code == 404
