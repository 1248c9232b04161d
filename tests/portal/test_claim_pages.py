"""Holds, the waitlist, approvals and reserved dates on the pages, without a browser."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from portal.models import Notice
from rental import approvals, bookings, closures, hold_ends, holds, units, waitlist
from rental.models import (
    BookingStatus,
    Closure,
    EventKind,
    HoldStatus,
    Organiser,
    Role,
    WaitStatus,
)
from tests import build, notices
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_change_pages import local, span
from tests.rental.claims import held, requested, waiting

MORNING = span(0, 3)


@pytest.fixture
def scene(service, person):
    """A hall, two units' members, and the desk."""
    with transaction():
        site = build.a_site()
        build.a_hall(site=site, code="H100", name="Hội trường")
    ours, theirs = person(email="ours@example.com"), person(email="theirs@example.com")
    return service, ours, theirs, person(role=Role.DESK, email="desk@example.com")


def hall():
    return db.session.scalar(sa.select(build.Resource).filter_by(code="H100"))


def again(member):
    return units.member_by_email(member.email)


def fields(browser, **over):
    starts, ends = local(MORNING)
    return {
        "title": "Tọa đàm thử",
        "event_kind": "seminar",
        "organiser": "domestic",
        "resource": "H100",
        "quantity": "1",
        "starts_at": starts,
        "ends_at": ends,
        "csrf_token": token_of(browser),
        **over,
    }


def post(browser, address, **over):
    return browser.post(address, data={"csrf_token": token_of(browser), **over})


def plain(answer) -> str:
    text = re.sub(r"<(script|template)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("&#34;", '"')


def the(model, **by):
    db.session.rollback()
    return db.session.scalars(sa.select(model).filter_by(**by)).one()


def test_a_date_is_held_from_the_booking_form_and_booked_from_its_page(scene):
    service, ours, _theirs, _desk = scene
    browser = signed_in(service, ours)
    assert "Chỉ giữ chỗ ngày này" in plain(browser.get("/bookings/new"))
    placed = browser.post("/holds", data=fields(browser))
    assert placed.status_code == 302
    page = browser.get(placed.location)
    assert "Thứ nhất" in plain(page)
    assert "Tọa đàm thử" in plain(browser.get("/holds"))
    assert "Tọa đàm thử" in plain(browser.get("/"))
    done = post(browser, placed.location + "/convert", organiser="domestic", attendees="40")
    assert done.status_code == 302
    assert "/bookings/BK-" in done.location
    assert "Đã giữ chỗ với mã HD-" in plain(browser.get(done.location))
    assert "Đã trở thành lượt đặt" in plain(browser.get(placed.location))
    assert "Tọa đàm thử" in plain(browser.get("/holds?when=ended"))


def test_what_was_typed_is_kept_where_a_hold_is_refused(scene):
    service, ours, theirs, _desk = scene
    with transaction():
        requested(again(theirs), hall(), period=MORNING)
    browser = signed_in(service, ours)
    taken = browser.post("/holds", data=fields(browser))
    assert taken.status_code == 409
    assert 'value="Tọa đàm thử"' in taken.get_data(as_text=True)
    untitled = browser.post("/holds", data=fields(browser, title=" "))
    assert untitled.status_code == 422


def test_the_second_is_told_its_number_when_it_holds(scene):
    service, ours, theirs, _desk = scene
    with transaction():
        first = held(again(theirs), hall(), period=MORNING).reference
    browser = signed_in(service, ours)
    seen = browser.post("/holds", data=fields(browser), follow_redirects=True)
    assert "Quý vị đứng thứ 2" in plain(seen)
    assert browser.get(f"/holds/{first}").status_code == 404
    for deed in ("convert", "extend", "release"):
        assert post(browser, f"/holds/{first}/{deed}").status_code == 404
    assert first not in browser.get("/holds").get_data(as_text=True)


def test_a_hold_is_extended_and_released_by_its_unit_and_by_the_desk(scene):
    service, ours, _theirs, desk = scene
    with transaction():
        reference = held(again(ours), hall(), period=MORNING, days=2).reference
    browser = signed_in(service, ours)
    assert post(browser, f"/holds/{reference}/extend", days="9").status_code == 302
    assert post(browser, f"/holds/{reference}/extend", days="x").status_code == 422
    assert (the(holds.Hold, reference=reference).expires_at - clock.now()).days == 8
    office = signed_in(service, desk)
    assert "H100" in office.get(f"/holds/{reference}").get_data(as_text=True)
    assert post(office, f"/holds/{reference}/release").status_code == 302
    assert the(holds.Hold, reference=reference).status is HoldStatus.RELEASED
    again_released = post(browser, f"/holds/{reference}/release")
    assert again_released.status_code == 409


def test_the_form_says_before_it_is_sent_who_holds_the_date(scene):
    service, ours, theirs, _desk = scene
    with transaction():
        held(again(theirs), hall(), period=MORNING)
    browser = signed_in(service, ours)
    seen = plain(browser.post("/bookings/preview", data=fields(browser)))
    assert "Một đơn vị khác đang giữ chỗ ngày này đến" in seen
    assert "còn 120 giờ trên 120 giờ" in seen
    own = signed_in(service, theirs)
    seen = plain(own.post("/bookings/preview", data=fields(own)))
    assert "Quý đơn vị đang giữ chỗ ngày này." in seen


def test_the_form_says_whose_yes_is_needed_and_what_is_kept(scene):
    service, ours, theirs, _desk = scene
    browser = signed_in(service, ours)
    asked = fields(browser, event_kind="press_conference", organiser="foreign", attendees="400")
    seen = plain(browser.post("/bookings/preview", data=asked))
    assert "Cần Giám đốc phê duyệt: Họp báo của tổ chức nước ngoài" in seen
    assert "Cần Giám đốc phê duyệt: Sự kiện trên 300 người" in seen
    with transaction():
        closures.reserve(hall(), MORNING, "Ngày hội sách", [again(theirs).unit])
    seen = plain(browser.post("/bookings/preview", data=asked))
    assert "H100" in seen or "Hội trường" in seen
    assert "dành riêng cho đơn vị khác vào thời gian này: Ngày hội sách" in seen
    refused = browser.post("/bookings", data=asked)
    assert refused.status_code == 409
    assert "Ngày hội sách" in plain(refused)
    wrong = fields(browser, event_kind="?", organiser="?", attendees="-4", title="")
    assert browser.post("/bookings/preview", data=wrong).status_code == 200


def test_the_desk_sees_why_a_request_waits_and_confirms_over_a_hold_with_a_reason(scene):
    service, ours, theirs, desk = scene
    with transaction():
        hold = held(again(theirs), hall(), period=MORNING)
        booking = requested(again(ours), hall(), period=MORNING)
        reference, held_as = booking.reference, hold.reference
    office = signed_in(service, desk)
    queue = office.get("/desk")
    assert "Đơn vị khác đang giữ chỗ" in plain(queue)
    assert "disabled" in queue.get_data(as_text=True)
    page = office.get(f"/bookings/{reference}")
    assert held_as in page.get_data(as_text=True)
    assert post(office, f"/bookings/{reference}/confirm").status_code == 409
    member = plain(signed_in(service, ours).get(f"/bookings/{reference}"))
    assert "Đơn vị khác đang giữ chỗ" in member
    assert held_as not in member
    done = post(office, f"/bookings/{reference}/confirm", override="Nhiệm vụ đột xuất")
    assert done.status_code == 302
    assert the(bookings.Booking, reference=reference).status is BookingStatus.CONFIRMED
    mails = [n.body for n in db.session.scalars(sa.select(Notice).filter_by(about=held_as))]
    assert any("Nhiệm vụ đột xuất" in body for body in mails)


def test_one_joins_the_waitlist_where_the_form_says_taken(scene):
    service, ours, theirs, _desk = scene
    with transaction():
        taken = requested(again(theirs), hall(), period=MORNING).reference
    browser = signed_in(service, ours)
    seen = browser.post("/bookings/preview", data=fields(browser)).get_data(as_text=True)
    link = html.unescape(re.search(r'href="(/waitlist/new[^"]*)"', seen)[1])
    page = browser.get(link).get_data(as_text=True)
    assert 'value="Tọa đàm thử"' in page
    assert 'name="resource" value="H100"' in page
    joined = browser.post("/waitlist", data=fields(browser))
    assert joined.status_code == 302
    assert "Kế tiếp trong danh sách" in plain(browser.get("/waitlist"))
    twice = browser.post("/waitlist", data=fields(browser))
    assert twice.status_code == 422
    assert "Đơn vị đã có lượt chờ" in plain(twice)
    for wrong in ({"title": ""}, {"ends_at": ""}, {"quantity": "x"}, {"event_kind": ""}):
        refused = browser.post("/waitlist", data=fields(browser, **wrong))
        assert refused.status_code == 422
        assert "H100" in refused.get_data(as_text=True)
    assert browser.get("/waitlist/new?resource=NONE&starts_at=x").status_code == 200
    with transaction():
        bookings.cancel(bookings.get(taken), by=again(theirs))
        waitlist.sweep()
    assert "Đang dành cho quý vị" in plain(browser.get("/waitlist"))
    mail = the(Notice, recipient=ours.email, about=the(holds.Hold).reference)
    assert "/holds/HD-" in mail.body
    assert "ngày quý vị chờ đã trống" in mail.subject


def test_one_leaves_the_waitlist_and_nobody_for_another(scene):
    service, ours, theirs, _desk = scene
    with transaction():
        requested(again(theirs), hall(), period=MORNING)
        reference = waiting(again(ours), hall(), period=MORNING).reference
    stranger = signed_in(service, theirs)
    assert post(stranger, f"/waitlist/{reference}/withdraw").status_code == 404
    assert reference not in stranger.get("/waitlist").get_data(as_text=True)
    browser = signed_in(service, ours)
    assert post(browser, f"/waitlist/{reference}/withdraw").status_code == 302
    assert the(waitlist.WaitlistEntry).status is WaitStatus.WITHDRAWN
    assert reference in browser.get("/waitlist?when=ended").get_data(as_text=True)


@pytest.fixture
def foreign(scene, person):
    """A foreign press conference that the director is asked about."""
    service, ours, _theirs, desk = scene
    director = person(role=Role.DIRECTOR, email="director@example.com")
    with transaction():
        booking = requested(
            again(ours),
            hall(),
            period=MORNING,
            event_kind=EventKind.PRESS_CONFERENCE,
            organiser=Organiser.FOREIGN,
        )
        approval_id, reference = approvals.of(booking)[0].id, booking.reference
    return service, director, desk, approval_id, reference


def test_the_director_is_told_by_mail_and_answers_in_the_list(foreign):
    service, director, desk, approval_id, reference = foreign
    mail = the(Notice, recipient=director.email)
    assert "cần quý vị phê duyệt" in mail.subject
    assert "Họp báo của tổ chức nước ngoài" in mail.body
    browser = signed_in(service, director)
    listed = browser.get("/approvals")
    assert "Họp báo của tổ chức nước ngoài" in plain(listed)
    assert "Đang chờ quý vị trả lời" in plain(browser.get("/"))
    address = f"/approvals/{approval_id}/answer"
    assert post(browser, address, status="refused", comment=" ").status_code == 422
    assert post(browser, address, status="perhaps").status_code == 422
    office = signed_in(service, desk)
    assert post(office, address, status="approved").status_code == 404
    assert "Chưa trả lời" in plain(office.get("/desk"))
    assert post(browser, address, status="refused", comment="Chưa đủ hồ sơ").status_code == 302
    assert "Chưa đủ hồ sơ" in plain(office.get(f"/bookings/{reference}"))
    told = the(Notice, recipient=desk.email)
    assert "Chưa đủ hồ sơ" in told.body
    assert post(browser, address, status="approved", next="booking").location.endswith("#approvals")
    assert "Vừa trả lời" in plain(browser.get("/approvals"))
    with transaction():
        notices.lodge(bookings.get(reference))
    assert post(office, f"/bookings/{reference}/confirm").status_code == 302


def test_the_owners_head_answers_without_seeing_the_booking(scene, person):
    service, ours, theirs, _desk = scene
    with transaction():
        hall().owner_id = theirs.unit_id
        head = build.a_member(
            unit_id=theirs.unit_id, role=Role.HEAD, password_hash=theirs.password_hash
        )
        booking = requested(again(ours), hall(), period=MORNING)
        approval_id, reference = approvals.of(booking)[0].id, booking.reference
    browser = signed_in(service, head)
    page = browser.get("/approvals")
    assert "H100 thuộc về" in plain(page)
    assert reference not in page.get_data(as_text=True)
    assert browser.get(f"/bookings/{reference}").status_code == 404
    answered = post(browser, f"/approvals/{approval_id}/answer", status="approved")
    assert answered.status_code == 302
    stranger = signed_in(service, ours)
    assert post(stranger, f"/approvals/{approval_id}/answer").status_code == 403


def test_a_date_is_kept_for_units_in_the_catalogue(scene):
    service, ours, theirs, desk = scene
    office = signed_in(service, desk)
    starts, ends = local(MORNING)
    kept = {"kind": "reserved", "starts_at": starts, "ends_at": ends, "reason": "Ngày hội"}
    address = "/catalogue/H100/closures"
    assert post(office, address, **kept).status_code == 422  # for nobody
    assert post(office, address, **{**kept, "units": "nobody"}).status_code == 404
    assert post(office, address, **{**kept, "ends_at": "", "units": "x"}).status_code == 422
    done = office.post(
        address, data={**kept, "units": [theirs.unit.slug], "csrf_token": token_of(office)}
    )
    assert done.status_code == 302
    assert [e.unit_id for e in the(Closure).exceptions] == [theirs.unit_id]
    when = f"starts_at={starts}&ends_at={ends}"
    assert "Dành riêng" in plain(signed_in(service, ours).get(f"/catalogue?{when}"))
    assert "Dành riêng" not in plain(signed_in(service, theirs).get(f"/catalogue?{when}"))


def test_the_holder_is_told_by_mail_at_every_turn(scene):
    _service, ours, theirs, _desk = scene
    with transaction():
        first = held(again(ours), hall(), period=MORNING, days=2)
        held(again(theirs), hall(), period=MORNING, days=20)
        requested(build.a_member(), hall(), period=MORNING)
        first.expires_at = clock.now() - timedelta(minutes=1)
        hold_ends.lapse_overdue()

    def subjects(member):
        mails = db.session.scalars(
            sa.select(Notice).filter_by(recipient=member.email).order_by(Notice.id)
        )
        return [mail.subject.partition(": ")[2] for mail in mails]

    assert subjects(ours) == ["có đơn vị khác hỏi ngày quý vị đang giữ", "lượt giữ chỗ đã hết hạn"]
    assert subjects(theirs) == [
        "có đơn vị khác hỏi ngày quý vị đang giữ",
        "lượt giữ chỗ của quý vị đã lên vị trí thứ nhất",
    ]


def test_the_desk_says_whose_a_resource_is_and_the_owner_is_asked(scene):
    service, ours, theirs, desk = scene
    office = signed_in(service, desk)
    address = "/catalogue/H100/owner"
    assert post(office, address, owner="nobody").status_code == 404
    assert post(office, address, owner=theirs.unit.slug).status_code == 302
    assert theirs.unit.name in plain(office.get("/catalogue/H100"))
    browser = signed_in(service, ours)
    assert post(browser, address, owner="").status_code == 403
    seen = plain(browser.post("/bookings/preview", data=fields(browser)))
    assert "Cần đơn vị sở hữu H100 phê duyệt." in seen
    assert post(office, address, owner="").status_code == 302
    assert hall().owner_id is None
