"""Agreements on pages: who sees which, what the form keeps, and what prices say afterwards."""

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask

from config import clock
from config.database import db, transaction
from rental import agreements, bookings
from rental.agreements import Target, Terms
from rental.asking import RequestedBooking, WantedLine
from rental.models import (
    Agreement,
    AgreementKind,
    EventKind,
    Member,
    Role,
    TargetMeasure,
    UnitClass,
)
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_change_pages import plain

TYPED = {
    "number": "12/2030",
    "title": "Hợp đồng khung",
    "kind": "framework",
    "signed_on": "2029-12-20",
    "valid_from": "2030-01-01",
    "valid_to": "2030-12-31",
    "rate_class": "partner",
    "discount_percent": "7,5",
    "note": "Theo biên bản",
    "target_year": ["2030", ""],
    "target_measure": ["events", "hours"],
    "target_event_kind": ["seminar", ""],
    "target_resource_kind": ["", ""],
    "target_goal": ["10", ""],
}


@pytest.fixture
def people(service: Flask, person) -> tuple[Flask, Member, Member, Member]:
    """The service, a unit's member, another unit's and the desk."""
    ours = person(email="ours@example.com")
    theirs = person(email="theirs@example.com")
    desk = person(email="desk@example.com", role=Role.DESK)
    return service, ours, theirs, desk


def agreed(member: Member, **over) -> int:
    terms = Terms(
        **{
            "number": "12/2030",
            "title": "Hợp đồng khung",
            "kind": AgreementKind.FRAMEWORK,
            "valid_from": build.TUESDAY.date().replace(month=1, day=1),
            **over,
        }
    )
    with transaction():
        return agreements.add(db.session.merge(member).unit, terms, by=None).id


def send(browser, address, **fields):
    return browser.post(address, data={**fields, "csrf_token": token_of(browser)})


def test_the_desk_writes_one_down_and_its_unit_reads_it(people):
    service, ours, theirs, desk = people
    office = signed_in(service, desk)
    made = send(office, "/agreements", unit=ours.unit.slug, **TYPED)
    assert made.status_code == 302, made.get_data(as_text=True)
    page = plain(signed_in(service, ours).get(made.location))
    for said in ("12/2030", "Giá đơn vị phối hợp", "7,5 %", "0 / 10", "Theo biên bản"):
        assert said in page, said
    assert signed_in(service, theirs).get(made.location).status_code == 404
    listed = signed_in(service, theirs).get("/agreements")
    assert "12/2030" not in listed.get_data(as_text=True)
    assert "12/2030" in office.get("/agreements").get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unit": ""}, "Đề nghị chọn đơn vị."),
        ({"unit": "nobody"}, "Đề nghị chọn đơn vị."),
        ({"number": " "}, "Đề nghị ghi số văn bản."),
        ({"title": ""}, "Đề nghị ghi tên thỏa thuận."),
        ({"kind": "x"}, "Không đọc được"),
        ({"valid_from": ""}, "Đề nghị ghi ngày bắt đầu."),
        ({"valid_from": "1/1/2030"}, "Không đọc được"),
        ({"valid_to": "2029-12-31"}, "Ngày cuối phải sau ngày đầu"),
        ({"discount_percent": "101"}, "Tỷ lệ phần trăm từ 0 đến 100"),
        ({"discount_percent": "NaN"}, "Tỷ lệ phần trăm từ 0 đến 100"),
        ({"discount_percent": "7,555"}, "Tỷ lệ phần trăm từ 0 đến 100"),
        ({"rate_class": "friend"}, "Không đọc được"),
        ({"target_goal": ["0", ""]}, "Chỉ tiêu phải có năm và con số"),
        ({"target_year": ["x", ""]}, "Chỉ tiêu phải có năm và con số"),
        ({"number": "a\u202eb"}, "không có ký tự điều khiển"),
    ],
)
def test_what_cannot_be_read_is_told_beside_what_was_typed(people, wrong, said):
    service, ours, _theirs, desk = people
    office = signed_in(service, desk)
    answer = send(office, "/agreements", **{"unit": ours.unit.slug, **TYPED, **wrong})
    assert answer.status_code == 422
    assert said in plain(answer)
    assert "Theo biên bản" in answer.get_data(as_text=True)
    assert db.session.query(Agreement).count() == 0


def test_two_that_give_rates_in_the_same_days_are_refused_and_the_form_is_kept(people):
    service, ours, _theirs, desk = people
    agreed(ours, number="1", rate_class=UnitClass.PARTNER)
    answer = send(signed_in(service, desk), "/agreements", unit=ours.unit.slug, **TYPED)
    assert answer.status_code == 409
    assert "Thỏa thuận 1 của đơn vị" in plain(answer)
    assert 'value="12/2030"' in answer.get_data(as_text=True)


def test_more_rows_are_given_without_losing_what_was_typed(people):
    service, ours, _theirs, desk = people
    fields = {"unit": ours.unit.slug, **TYPED, "more": "1"}
    answer = send(signed_in(service, desk), "/agreements", **fields)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.count('name="target_goal"') == 3
    assert db.session.query(Agreement).count() == 0


def test_it_is_corrected_and_ended_by_the_desk_alone(people):
    service, ours, _theirs, desk = people
    number = agreed(ours, targets=[Target(2030, TargetMeasure.HOURS, 5)])
    office, browser = signed_in(service, desk), signed_in(service, ours)
    for address in (f"/agreements/{number}/edit", f"/agreements/{number}/end", "/agreements"):
        assert send(browser, address, **TYPED).status_code == 403
    page = office.get(f"/agreements/{number}/edit").get_data(as_text=True)
    assert re.search(r'name="target_goal"[^>]*value="5"', page)
    assert send(office, f"/agreements/{number}/edit", **TYPED).status_code == 302
    assert "0 / 10" in plain(office.get(f"/agreements/{number}"))
    assert send(office, f"/agreements/{number}/end", last_day="2031-01-01").status_code == 422
    assert send(office, f"/agreements/{number}/end", last_day="2030-06-30").status_code == 302
    assert "30/06/2030" in plain(office.get(f"/agreements/{number}"))


def test_progress_is_exported_for_those_one_may_see(people):
    service, ours, theirs, desk = people
    goals = [Target(2030, TargetMeasure.EVENTS, 4, EventKind.SEMINAR)]
    agreed(ours, title="=1+1", targets=goals)
    agreed(theirs, number="2", targets=goals)

    def rows(member):
        answer = signed_in(service, member).get("/agreements/progress.csv")
        assert "attachment" in answer.headers["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))

    assert [row["Số"] for row in rows(desk)] == ["2", "12/2030"]
    (row,) = rows(ours)
    assert row["Tên thỏa thuận"] == "'=1+1"
    assert (row["Chỉ tiêu"], row["Loại sự kiện"]) == ("4", "Tọa đàm")
    assert signed_in(service, desk).get("/agreements/progress.xlsx").status_code == 200
    assert signed_in(service, desk).get("/agreements/progress.exe").status_code == 404


def test_the_form_the_search_and_the_booking_price_by_the_agreement(people):
    service, ours, _theirs, _desk = people
    with transaction():
        build.a_hall(site=build.a_site(), code="H100", name="Hội trường")
    agreed(ours, rate_class=UnitClass.PARTNER, valid_to=None)
    browser = signed_in(service, ours)
    day = build.TUESDAY.astimezone(clock.LOCAL).date().isoformat()
    line = {
        "resource": "H100",
        "quantity": "1",
        "starts_at": f"{day}T09:00",
        "ends_at": f"{day}T12:00",
    }
    seen = plain(send(browser, "/bookings/preview", title="Họp", event_kind="seminar", **line))
    assert "giá đơn vị phối hợp theo thỏa thuận 12/2030" in seen
    with transaction():
        member = db.session.merge(ours)
        period = Period(build.TUESDAY, build.TUESDAY + timedelta(hours=3))
        wanted = RequestedBooking(
            member.unit, "Họp", EventKind.SEMINAR, [WantedLine("H100", 1, period)]
        )
        reference = bookings.request(wanted, by=member).reference
    assert "theo thỏa thuận 12/2030" in plain(browser.get(f"/bookings/{reference}"))
    found = plain(browser.get(f"/find?day={day}&days={day}&from=09:00&to=12:00"))
    assert "H100" in found
