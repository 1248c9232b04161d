"""The pages of prices: lists by day, the calculator, add-ons in the form, discounts."""

from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from billing import discounts, quotes
from config.database import db, transaction
from rental import agreements, bookings
from rental.agreements import Terms
from rental.asking import RequestedBooking, WantedLine
from rental.models import AgreementKind, Booking, EventKind, Part, Role, UnitClass
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.portal.conftest import signed_in, token_of

GAP = "\u00a0"
MORNING = {"starts_at": "2030-03-05T09:00", "ends_at": "2030-03-05T12:00"}


@pytest.fixture
def town(service: Flask, person):
    """Halls, a kit and the people; a unit with a request for the large hall."""
    with transaction():
        site = build.a_site()
        build.a_hall(site=site, code="H100", name="Hội trường lớn", name_en="Large hall")
        build.a_hall(site=site, code="STU", name="Phòng thu", tariff="broadcast_studio")
        build.equipment(site=site, code="TEA", name="Tiệc trà", tariff="refreshments")
        camera = build.equipment(site=site, code="CAM", name="Máy quay", tariff="camera")
        kit = build.equipment(site=site, code="KIT", name="Bộ phỏng vấn", tariff="interview_kit")
        db.session.add(Part(whole=kit, part=camera, quantity=2))
    people = {
        "member": person(email="unit@example.com"),
        "desk": person(role=Role.DESK),
        "finance": person(role=Role.FINANCE),
        "director": person(role=Role.DIRECTOR),
    }
    with transaction():
        unit = db.session.merge(people["member"]).unit
        period = Period(TUESDAY, TUESDAY + timedelta(hours=3))
        lines = [WantedLine("H100", 1, period)]
        wanted = RequestedBooking(unit, "Họp báo", EventKind.CONFERENCE, lines)
        booking = bookings.request(wanted, by=db.session.merge(people["member"]))
        reference, slug = booking.reference, unit.slug
    return {name: signed_in(service, one) for name, one in people.items()} | {
        "reference": reference,
        "slug": slug,
    }


def words(answer) -> str:
    assert answer.status_code < 400, answer.status_code
    return unescape(answer.get_data(as_text=True))


def post(client, address: str, **fields):
    return client.post(address, data={"csrf_token": token_of(client), **fields})


def test_the_lists_of_a_day_stand_there_with_their_decisions(town):
    text = words(town["finance"].get("/tariffs"))
    for said in (
        "Giá thuê hội trường (mẫu)",
        "Bảng giá mẫu 01/2024",
        "Giá mẫu",
        "Hội trường lớn",
        "Âm thanh và ánh sáng màu",
        "ngày lễ: 200",
        "ngoài giờ, mỗi nửa giờ: 300.000 / 400.000 / 600.000",
        "tối đa 8 giờ",
        "tổng giá các món",
        "Quy định thanh toán trước (mẫu)",
    ):
        assert said in text, said
    english = words(town["finance"].get("/tariffs?lang=en"))
    assert "Hall hire (sample)" in english
    assert "Large hall" in english


def test_before_the_first_list_the_page_says_so_and_what_is_coming(town):
    text = words(town["desk"].get("/tariffs?day=2023-12-31"))
    assert "Không có biểu giá nào hiệu lực vào ngày này" in text
    assert "Thay đổi sắp tới" in text
    assert text.count("01/01/2024") >= 4


@pytest.mark.parametrize("day", ["yesterday", "1066-10-14", "2026-02-30"])
def test_a_day_that_is_none_is_refused(town, day):
    assert town["finance"].get(f"/tariffs?day={day}").status_code == 422


def asked(town, **over):
    return words(
        town["finance"].get(
            "/tariffs/calculator",
            query_string={"unit": "class:other", "quantity": "1", **MORNING, **over},
        )
    )


@pytest.mark.parametrize(
    ("over", "said", "reason"),
    [
        ({"resource": "H100"}, ["1 buổi × 9.000.000", "1 session × 9"], "both languages"),
        ({"resource": "H100", "unit": "class:partner"}, ["7.000.000"], "another class"),
        ({"resource": "H100", "add_on": "H100#1:sound_light"}, ["10.000.000"], "an add-on"),
        ({"resource": "STU", "ends_at": "2030-03-05T14:00"}, ["nửa giờ", "ngoài giờ"], "over-time"),
        ({"resource": "TEA", "attendees": "40"}, ["40 người dự × 55.000"], "per attendee"),
        ({"resource": "TEA"}, ["tính giá theo số người dự; hãy cho biết"], "nobody counted"),
        ({"resource": "KIT"}, ["90", "2 × CAM 2.400.000", "2.160.000"], "a kit by its parts"),
        ({"resource": "H100", "quantity": "0"}, ["Số nguyên, ít nhất là 1"], "no quantity"),
        ({"resource": "H100", "attendees": "-3"}, ["Số nguyên, ít nhất là 1"], "fewer than none"),
        ({"resource": "NONE"}, ["Chọn"], "no such thing"),
        ({"resource": "H100", "ends_at": "2030-03-05T08:00"}, ["kết thúc"], "it ends before"),
        ({"resource": "H100", "unit": "nobody"}, ["9.000.000"], "an unknown unit: the standard"),
    ],
)
def test_the_calculator_tells_price_and_why(town, over, said, reason):
    text = asked(town, **over)
    for one in said:
        assert one in text, reason


def test_the_calculator_knows_what_is_agreed_with_a_unit(town):
    with transaction():
        unit = bookings.get(town["reference"]).unit
        terms = Terms(
            number="12/2030",
            title="Thỏa thuận",
            kind=AgreementKind.FRAMEWORK,
            valid_from=TUESDAY.date(),
            rate_class=UnitClass.PARTNER,
        )
        agreements.add(unit, terms, by=None)
    text = asked(town, resource="H100", unit=town["slug"])
    assert f"1 buổi × 7.000.000{GAP}đ, giá đơn vị phối hợp theo thỏa thuận 12/2030" in text


def test_the_calculator_writes_nothing(town):
    before = db.session.query(Booking).count()
    asked(town, resource="H100")
    assert db.session.query(Booking).count() == before


def form(**over):
    return {
        "title": "Hội thảo",
        "event_kind": "conference",
        "organiser": "domestic",
        "resource": "H100",
        "quantity": "1",
        "starts_at": "2030-03-06T09:00",
        "ends_at": "2030-03-06T12:00",
        **over,
    }


def test_add_ons_are_offered_in_the_form_ticked_and_kept(town):
    text = words(post(town["member"], "/bookings/preview", **form()))
    assert 'value="H100#1:sound_light"' in text
    assert "Âm thanh và ánh sáng màu" in text
    ticked = form(add_on="H100#1:sound_light")
    assert "10.000.000" in words(post(town["member"], "/bookings/preview", **ticked))
    made = post(town["member"], "/bookings", **ticked)
    assert made.status_code == 302
    reference = made.location.rpartition("/")[2]
    shown = words(town["member"].get(f"/bookings/{reference}"))
    assert "+ Âm thanh và ánh sáng màu" in shown
    assert "giá ngày" in shown
    edit = words(town["member"].get(f"/bookings/{reference}/edit"))
    assert 'value="H100#1:sound_light" checked' in edit


def test_what_is_ticked_for_a_line_that_is_gone_is_left_out(town):
    made = post(town["member"], "/bookings", **form(add_on=["H50#1:sound_light", "rubbish", ":"]))
    assert made.status_code == 302
    booking = bookings.get(made.location.rpartition("/")[2])
    assert booking.lines[0].add_ons == []


def test_who_forgets_to_count_people_reads_it_beside_what_was_typed(town):
    refused = post(town["member"], "/bookings", **form(resource="TEA"))
    assert refused.status_code == 422
    text = unescape(refused.get_data(as_text=True))
    assert "TEA tính giá theo số người dự; hãy cho biết số người dự." in text
    assert 'value="Hội thảo"' in text


def test_a_discount_goes_from_the_desk_to_the_director_and_lowers_the_price(town):
    address = f"/bookings/{town['reference']}"
    proposed = post(
        town["desk"],
        f"{address}/discounts",
        by="percent",
        size="12,5 %",
        reason="Sự kiện <b>thường</b> niên",
    )
    assert proposed.status_code == 302
    assert "7.875.000" not in words(town["member"].get(address))
    for who in ("desk", "director", "finance"):
        assert "Sự kiện <b>thường</b> niên" in words(town[who].get(address))
    assert "Giảm giá" not in words(town["member"].get(address)).split("</nav>")[-1]
    waiting = words(town["director"].get("/discounts"))
    assert "Sự kiện <b>thường</b> niên" in waiting
    assert "<b>thường" not in town["director"].get("/discounts").get_data(as_text=True)
    (discount,) = discounts.waiting()
    assert post(town["desk"], f"/discounts/{discount.id}/approve").status_code == 403
    approved = post(town["director"], f"/discounts/{discount.id}/approve", next="list")
    assert approved.location == "/discounts"
    shown = words(town["member"].get(address))
    assert "7.875.000" in shown
    assert f"giảm 12,5{GAP}%" in shown


def test_whoever_proposed_may_take_it_back_and_nobody_approves_their_own(town):
    address = f"/bookings/{town['reference']}"
    post(town["finance"], f"{address}/discounts", by="amount", size="1.000.000", reason="Hỗ trợ")
    (discount,) = discounts.waiting()
    own = post(town["finance"], f"/discounts/{discount.id}/approve")
    assert own.status_code == 409
    assert "không được tự duyệt" in unescape(own.get_data(as_text=True))
    assert post(town["desk"], f"/discounts/{discount.id}/decline", reason="x").status_code == 403
    done = post(town["finance"], f"/discounts/{discount.id}/decline", reason="Nhầm")
    assert done.status_code == 302
    again = post(town["director"], f"/discounts/{discount.id}/approve")
    assert again.status_code == 409


@pytest.mark.parametrize(
    "fields",
    [
        {"by": "percent", "size": "much", "reason": "x"},
        {"by": "percent", "size": "NaN", "reason": "x"},
        {"by": "percent", "size": "101", "reason": "x"},
        {"by": "amount", "size": "-5", "reason": "x"},
        {"by": "amount", "size": "9000001", "reason": "x"},
        {"by": "percent", "size": "5", "reason": " "},
        {"by": "percent", "size": "5", "reason": "x", "line": "99999"},
    ],
)
def test_a_discount_that_makes_no_sense_is_refused(town, fields):
    refused = post(town["desk"], f"/bookings/{town['reference']}/discounts", **fields)
    assert refused.status_code == 422
    assert discounts.waiting() == []
    assert quotes.for_booking(bookings.get(town["reference"])).total.minor == 9_000_000
