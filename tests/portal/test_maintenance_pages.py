"""Maintenance over HTTP: who may, what stands where, what is refused, and the mail of Monday."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from portal.models import Notice
from portal.rounds import maintenance as rounds
from rental import bookings, maintenance, servicing
from rental.asking import RequestedBooking, WantedLine
from rental.maintenance import Terms
from rental.models import Asset, EventKind, MaintenancePlan, Role, ServiceRecord
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of

A_DAY = timedelta(days=1)


@pytest.fixture
def gear(service):
    """Two projectors with tags, and a hall."""
    with transaction():
        site = build.a_site()
        projector = build.equipment(code="PROJ", name="Máy chiếu", stock=2, site=site)
        build.a_hall(code="H50", name="Hội trường 50", site=site)
        db.session.add_all(Asset(resource=projector, tag=f"PROJ-0{n}") for n in (1, 2))
    return "PROJ"


@pytest.fixture
def operator(service, person, gear):
    return signed_in(service, person(role=Role.OPERATOR, name="Kỹ thuật viên"))


def post(client, address, **fields):
    return client.post(address, data={"csrf_token": token_of(client), **fields})


def page(client, address="/maintenance"):
    answer = client.get(f"{address}{'&' if '?' in address else '?'}lang=vi")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def a_plan(what="PROJ", due_in=0, **over):
    with transaction():
        resource, asset = maintenance.named(what)
        due_on = clock.today() + due_in * A_DAY
        terms = Terms(
            **{"title": "Vệ sinh lọc bụi", "every_days": 30, "next_due_on": due_on, **over}
        )
        return maintenance.add(resource, terms, asset=asset, by=None).id


def fresh(model, number):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(model, number)


def test_a_plan_is_written_falls_due_is_begun_and_finished(operator):
    done = post(
        operator, "/maintenance/plans", what="proj-01", title="Vệ sinh lọc bụi", every_days="30",
        next_due_on=clock.today().isoformat(), instructions="Tháo lọc\nHút bụi",
    )  # fmt: skip
    assert done.status_code == 302
    [plan] = db.session.scalars(sa.select(MaintenancePlan))
    assert (plan.asset.tag, plan.every_days) == ("PROJ-01", 30)
    due = page(operator)
    for words in ("Vệ sinh lọc bụi", "PROJ-01", "Hôm nay", "Tháo lọc"):
        assert words in due
    assert post(operator, f"/maintenance/plans/{plan.id}/begin", note="Ca sáng").status_code == 302
    [record] = db.session.scalars(sa.select(ServiceRecord))
    assert (record.note, record.member.name) == ("Ca sáng", "Kỹ thuật viên")
    assert "Hoàn tất" in page(operator)
    finish = f"/maintenance/services/{record.id}/finish"
    assert post(operator, finish, condition="worn", note="Đã thay lọc").status_code == 302
    assert fresh(MaintenancePlan, plan.id).next_due_on == clock.today() + 30 * A_DAY
    for address in ("/maintenance/history", "/maintenance/history?what=PROJ-01", "/catalogue/PROJ",
                    "/a/PROJ-01",
                    f"/maintenance/plans/{plan.id}"):  # fmt: skip
        assert "Đã thay lọc" in page(operator, address)
    assert "Đã thay lọc" not in page(operator, "/maintenance/history?what=PROJ-02")
    # Pressed twice: the second is told, with the page as it stands.
    again = post(operator, finish, condition="good")
    assert again.status_code == 409
    assert "đã kết thúc" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("over", "beside"),
    [
        ({"what": "NOWHERE"}, "what-error"),
        ({"what": ""}, "what-error"),
        ({"every_days": ""}, "every_days-error"),
        ({"every_days": "often"}, "every_days-error"),
        ({"every_days": "0"}, "note"),
        ({"every_days": "99999999999999"}, "every_days-error"),
        ({"next_due_on": ""}, "next_due_on-error"),
        ({"next_due_on": "31/12/2030"}, "next_due_on-error"),
        ({"next_due_on": "9999-01-01"}, "next_due_on-error"),
        ({"title": "  "}, "note"),
        ({"title": "<b>" * 100}, "note"),
    ],
)
def test_a_plan_that_cannot_be_read_comes_back_with_what_was_typed(operator, over, beside):
    typed = {
        "what": "PROJ", "title": '"><script>alert(1)</script>', "every_days": "30",
        "next_due_on": "2030-01-01", "instructions": "Giữ lại tôi", **over,
    }  # fmt: skip
    answer = post(operator, "/maintenance/plans", **typed)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Giữ lại tôi" in text
    assert "<script>alert" not in text
    assert beside in text
    assert db.session.scalar(sa.select(sa.func.count(MaintenancePlan.id))) == 0


def test_a_plan_is_changed_and_put_to_rest(operator):
    plan_id = a_plan()
    form = {"title": "Thay đèn", "every_days": "365", "next_due_on": "2031-01-01"}
    assert post(operator, f"/maintenance/plans/{plan_id}", **form, resting="1").status_code == 302
    plan = fresh(MaintenancePlan, plan_id)
    assert (plan.title, plan.every_days, plan.is_active) == ("Thay đèn", 365, False)
    listed = page(operator, "/maintenance/plans")
    assert "Thay đèn" in listed
    assert "Tạm dừng" in listed
    wrong = post(operator, f"/maintenance/plans/{plan_id}", **{**form, "every_days": "-1"})
    assert wrong.status_code == 422
    assert fresh(MaintenancePlan, plan_id).every_days == 365
    assert "Thay đèn" not in page(operator, "/maintenance/plans?q=micro")
    assert "Thay đèn" not in page(operator, "/maintenance/plans?kind=hall")
    assert "Thay đèn" in page(operator, "/maintenance/plans?kind=equipment&q=PROJ")


@pytest.mark.parametrize(
    ("over", "status", "words"),
    [
        ({"what": "NOWHERE"}, 422, "what-error"),
        ({"until": "2020-01-01T08:00"}, 422, "until-error"),
        ({"until": "soon"}, 422, "until-error"),
        ({"what": "PROJ-02"}, 409, "note"),  # it is being looked after
    ],
)
def test_a_service_that_cannot_begin_comes_back_with_what_was_typed(operator, over, status, words):
    post(operator, "/maintenance/services", what="PROJ-02", kind="repair")
    answer = post(
        operator, "/maintenance/services",
        **{"what": "PROJ-01", "kind": "inspection", "until": "", "note": "Đừng mất tôi", **over},
    )  # fmt: skip
    text = answer.get_data(as_text=True)
    assert (answer.status_code, words in text, "Đừng mất tôi" in text) == (status, True, True)
    assert db.session.scalar(sa.select(sa.func.count(ServiceRecord.id))) == 1


def test_a_broken_piece_goes_on_as_a_repair_and_a_mistake_leaves_nothing(operator):
    post(operator, "/maintenance/services", what="PROJ-01", kind="inspection")
    [check] = db.session.scalars(sa.select(ServiceRecord))
    post(operator, f"/maintenance/services/{check.id}/finish", condition="damaged", note="Hỏng đèn")
    [repair] = servicing.running()
    assert "Sửa chữa" in page(operator)
    assert post(operator, f"/maintenance/services/{repair.id}/drop").status_code == 302
    db.session.rollback()
    assert servicing.running() == []
    assert post(operator, f"/maintenance/services/{check.id}/drop").status_code == 409
    assert post(operator, "/maintenance/services/2000000000/drop").status_code == 404
    assert post(operator, "/maintenance/plans/2000000000/begin").status_code == 404


def test_a_renter_reads_the_reason_and_nothing_of_the_notes(service, person, operator):
    post(operator, "/maintenance/services", what="H50", kind="repair", note="Chuyện nội bộ")
    renter = signed_in(service, person(email="m@example.com"))
    shown = page(renter, "/catalogue/H50")
    assert "Sửa chữa" in shown
    for secret in ("Chuyện nội bộ", "Kỹ thuật viên", "Lịch sử bảo trì"):
        assert secret not in shown
    assert renter.get("/maintenance").status_code == 403


def test_a_booking_near_the_day_is_warned_of_on_both_pages(service, person, operator):
    plan_id = a_plan("H50", due_in=2)
    member = person(email="m@example.com")
    starts_at = clock.now() + 2 * A_DAY
    with transaction():
        member = db.session.merge(member)
        lines = [WantedLine("H50", 1, Period(starts_at, starts_at + timedelta(hours=2)))]
        wanted = RequestedBooking(member.unit, "Ra mắt sách", EventKind.OTHER, lines)
        reference = bookings.request(wanted, by=member).reference
    assert "Ra mắt sách" in page(operator)
    shown = page(operator, f"/bookings/{reference}")
    assert f"/maintenance/plans/{plan_id}" in shown
    assert "Vệ sinh lọc bụi" in shown
    assert "Vệ sinh lọc bụi" not in page(signed_in(service, member), f"/bookings/{reference}")


def at(day, hour):
    """An hour of a day of the first week of March 2030 (the 4th is a Monday), over here."""
    return datetime.fromisoformat(f"2030-03-{day:02}T{hour:02}:00:00+07:00")


def told(day, hour):
    """Who was written to by the round that comes then, in all so far."""
    with clock.standing_at(at(day, hour)):
        rounds.tell_maintenance()
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(Notice.recipient)))


def test_once_a_week_those_who_look_after_assets_are_told(service, person, gear):
    for role, name in ((Role.DESK, "desk"), (Role.OPERATOR, "operator"), (Role.FINANCE, "finance")):
        person(role=role, email=f"{name}@example.com", locale="en" if name == "desk" else "vi")
    person(email="m@example.com")
    person(role=Role.OPERATOR, email="gone@example.com", is_active=False)
    with clock.standing_at(at(4, 6)):
        a_plan("PROJ-01", due_in=-2)
        a_plan("H50", due_in=14, title="Bảo dưỡng điều hòa")
        a_plan("PROJ", due_in=15, title="Còn lâu")
        with transaction():
            servicing.begin(servicing.NewService(maintenance.named("PROJ-02")[0]), by=None)
    both = ["desk@example.com", "operator@example.com"]
    assert told(4, 6) == [], "before the day begins nobody is told"
    assert told(4, 7) == both
    assert told(4, 8) == both, "once a week"
    assert told(5, 8) == both
    assert told(11, 7) == both * 2 or told(11, 7) == sorted(both * 2)
    first = sa.select(Notice).order_by(Notice.id).limit(2)
    notices = {notice.recipient: notice for notice in db.session.scalars(first)}
    vi, en = notices["operator@example.com"].body, notices["desk@example.com"].body
    assert "Vệ sinh lọc bụi" in vi
    assert "PROJ-01" in vi
    assert "Bảo dưỡng điều hòa" in vi
    assert "Còn lâu" not in vi
    assert "Falls due:" in en
    assert "Being looked after:" in en


@pytest.mark.parametrize("day", [6, 7, 8, 9, 10])
def test_in_the_middle_of_the_week_nobody_is_told(service, person, gear, day):
    person(role=Role.DESK)
    with clock.standing_at(at(4, 6)):
        a_plan()
    assert told(day, 12) == []


def test_where_nothing_falls_due_there_is_no_mail(service, person, gear):
    person(role=Role.DESK)
    assert told(4, 9) == []


def test_the_round_keeps_what_lasts_longer_off_the_calendar(service, gear):
    with clock.standing_at(at(4, 8)), transaction():
        new = servicing.NewService(maintenance.named("H50")[0], until=at(4, 12))
        record_id = servicing.begin(new, by=None).id
    with clock.standing_at(at(4, 11) + timedelta(minutes=30)):
        rounds.mind_services()
    assert fresh(ServiceRecord, record_id).closure.during.upper > at(5, 11)
