"""The pages of series, without a browser: asked for, seen, changed, answered, kept."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from config.database import db, transaction
from portal.models import Notice
from rental import bookings, reconfirmation, series
from rental.models import Role, Series
from rental.series import Terms
from tests import build
from tests.build import TUESDAY
from tests.portal.conftest import signed_in, token_of
from tests.portal.test_change_pages import plain
from tests.rental.series_steps import ask, lines, take

WEEK = timedelta(weeks=1)
FIELDS = {
    "title": "Giao ban báo chí",
    "event_kind": "conference",
    "organiser": "domestic",
    "resource": "H100",
    "quantity": "1",
    "starts_at": "2030-03-05T09:00",
    "ends_at": "2030-03-05T11:00",
    "every": "weekly",
    "interval": "1",
    "ends": "count",
    "count": "4",
    "on_conflict": "refuse",
}


@pytest.fixture
def scene(service, person):
    """A hall, a member with a browser, the desk with another."""
    member, desk = person(email="unit@example.com"), person(role=Role.DESK)
    with transaction():
        hall = build.a_hall(code="H100", name="Hội trường")
    return hall, signed_in(service, member), signed_in(service, desk), member


@pytest.fixture
def made(scene):
    """The member's series of four Tuesdays."""
    hall, _browser, _desk, member = scene
    with transaction():
        return ask(db.session.merge(member), lines(hall), "FREQ=WEEKLY;COUNT=4").series.reference


def send(browser, address, **fields):
    return browser.post(address, data={"csrf_token": token_of(browser), **fields})


def stamps(page):
    """Every date the preview shows, and those that are ticked."""
    text = page.get_data(as_text=True)
    shown = re.findall(r'name="shown_date" value="([^"]+)"', text)
    return shown, re.findall(r'name="date" value="([^"]+)" checked', text)


def standing():
    db.session.rollback()
    held = db.session.scalars(sa.select(Series).order_by(Series.id)).all()
    return [[one.starts_at for one in series.live(each)] for each in held]


def weeks(*numbers, hours=0):
    return [TUESDAY + number * WEEK + timedelta(hours=hours) for number in numbers]


def test_the_preview_shows_every_date_with_its_state_and_its_price(scene):
    hall, browser, _desk, _member = scene
    with transaction():
        take(db.session.merge(hall), TUESDAY + WEEK)
    seen = send(browser, "/bookings/preview", **FIELDS)
    shown, ticked = stamps(seen)
    assert len(shown) == len(ticked) == 4
    words = plain(seen)
    assert "Hằng tuần vào Thứ Ba, 4 lần" in words
    assert "Đã có người đặt H100" in words
    assert "Trong đó 1 ngày không đặt được" in words
    assert standing() == []


def test_the_desk_reads_who_has_a_taken_date_and_a_unit_does_not(scene):
    hall, browser, desk, _member = scene
    with transaction():
        take(db.session.merge(hall), TUESDAY + WEEK)
    assert "Có trước" not in plain(send(browser, "/bookings/preview", **FIELDS))
    assert "Có trước" in plain(send(desk, "/bookings/preview", **FIELDS))


def test_an_unticked_date_is_left_out_without_any_script(scene):
    _hall, browser, _desk, _member = scene
    shown, ticked = stamps(send(browser, "/bookings/preview", **FIELDS))
    sent = send(browser, "/bookings", **FIELDS, shown_date=shown, date=ticked[:1] + ticked[2:])
    assert sent.status_code == 302
    assert standing() == [weeks(0, 2, 3)]
    page = plain(browser.get(sent.location))
    assert "Hằng tuần vào Thứ Ba, 4 lần" in page
    assert "Đã bỏ ra" in page


def test_a_taken_date_comes_back_with_everything_typed_and_can_be_unticked(scene):
    hall, browser, _desk, _member = scene
    with transaction():
        take(db.session.merge(hall), TUESDAY + WEEK)
    refused = send(browser, "/bookings", **FIELDS)
    assert refused.status_code == 409
    assert "Các ngày sau đã có đơn vị khác đặt: T3 12/03" in plain(refused)
    assert 'value="weekly" selected' in refused.get_data(as_text=True)
    shown, ticked = stamps(refused)
    free = [at for at in ticked if not at.startswith("2030-03-12")]
    sent = send(browser, "/bookings", **FIELDS, shown_date=shown, date=free)
    assert sent.status_code == 302
    assert standing() == [weeks(0, 2, 3)]


def test_a_taken_date_is_left_out_where_that_was_chosen(scene):
    hall, browser, _desk, _member = scene
    with transaction():
        take(db.session.merge(hall), TUESDAY + WEEK)
    fields = {**FIELDS, "on_conflict": "skip"}
    shown, ticked = stamps(send(browser, "/bookings/preview", **fields))
    assert (len(shown), len(ticked)) == (3, 3)
    sent = send(browser, "/bookings", **fields, shown_date=shown, date=ticked)
    assert standing() == [weeks(0, 2, 3)]
    assert "Đã có đơn vị khác, bỏ qua" in plain(browser.get(sent.location))


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"interval": "0"}, "Số nguyên từ 1 đến 52."),
        ({"count": "400"}, "Số nguyên từ 1 đến 366."),
        ({"ends": "until", "until": ""}, "Chọn ngày cuối cùng."),
        ({"ends": "until", "until": "2030-01-01"}, "Ngày cuối đứng trước ngày đầu."),
        ({"ends": "until", "until": "2033-01-01"}, "tối đa hai năm"),
        ({"every": "hourly"}, "hourly"),
    ],
)
def test_a_repetition_that_cannot_be_is_told_beside_its_field(scene, over, says):
    _hall, browser, _desk, _member = scene
    refused = send(browser, "/bookings", **{**FIELDS, **over})
    assert refused.status_code == 422
    assert says in plain(refused)
    assert standing() == []


@pytest.mark.parametrize(
    ("over", "days"),
    [
        ({"weekday": ["1", "3"], "count": "3"}, ["05/03", "07/03", "12/03"]),
        ({"every": "daily", "interval": "2", "count": "3"}, ["05/03", "07/03", "09/03"]),
        ({"every": "monthly", "monthly": "day", "count": "2"}, ["05/03", "05/04"]),
        ({"every": "monthly", "monthly": "nth", "count": "2"}, ["05/03", "02/04"]),
        # The first date itself is not the last Tuesday of its month.
        ({"every": "monthly", "monthly": "last", "count": "2"}, ["26/03", "30/04"]),
    ],
)
def test_what_is_chosen_in_words_becomes_dates(scene, over, days):
    _hall, browser, _desk, _member = scene
    send(browser, "/bookings", **{**FIELDS, **over})
    assert [f"{at:%d/%m}" for at in standing()[0]] == days


def test_a_booking_tells_of_its_series_and_the_dates_around(scene, made):
    _hall, browser, _desk, _member = scene
    held = series.get(made)
    second = series.live(held)[1].reference
    page = plain(browser.get(f"/bookings/{second}"))
    assert "ngày 2 trên 4" in page
    assert made in page
    assert "Ngày này và các ngày sau (3)" in page


def test_cancelling_the_following_dates_and_asking_for_one_again(scene, made):
    _hall, browser, _desk, _member = scene
    second = series.live(series.get(made))[1].reference
    sent = send(browser, f"/bookings/{second}/cancel", scope="following", reason="Hoãn")
    assert sent.status_code == 302
    assert standing() == [weeks(0)]
    page = browser.get(f"/series/{made}").get_data(as_text=True)
    assert page.count("/dates") == 3
    again = send(browser, f"/series/{made}/dates", starts_at=weeks(2)[0].isoformat())
    assert again.status_code == 302
    assert standing() == [weeks(0, 2)]
    # A second press of the same button.
    again = send(browser, f"/series/{made}/dates", starts_at=weeks(2)[0].isoformat())
    assert again.status_code == 409
    assert standing() == [weeks(0, 2)]


def test_extending_asks_for_what_is_new_and_leaves_out_what_was(scene, made):
    _hall, browser, _desk, _member = scene
    second = series.live(series.get(made))[1].reference
    send(browser, f"/bookings/{second}/cancel")
    sent = send(browser, f"/series/{made}/extend", ends="count", count="6")
    assert sent.status_code == 302
    assert standing() == [weeks(0, 2, 3, 4, 5)]
    assert send(browser, f"/series/{made}/extend", ends="until", until="").status_code == 422
    send(browser, f"/series/{made}/extend", ends="until", until="2030-04-17")
    assert standing() == [weeks(0, 2, 3, 4, 5, 6)]


def test_all_dates_move_by_the_form_and_the_title_of_one_stays_its_own(scene, made):
    _hall, browser, _desk, _member = scene
    all_of_it = series.live(series.get(made))
    third = all_of_it[2].reference
    kept = ("event_kind", "organiser", "resource", "quantity")
    fields = {name: FIELDS[name] for name in kept}
    own = {**fields, "title": "Giao ban mở rộng", "starts_at": "2030-03-19T09:00",
           "ends_at": "2030-03-19T11:00", "revision": "0"}  # fmt: skip
    assert send(browser, f"/bookings/{third}/edit", **own).status_code == 302
    later = {**fields, "title": "Giao ban báo chí", "starts_at": "2030-03-12T14:00",
             "ends_at": "2030-03-12T16:00", "revision": "0", "scope": "following"}  # fmt: skip
    second = all_of_it[1].reference
    sent = send(browser, f"/bookings/{second}/edit", **later)
    assert sent.status_code == 302, plain(sent)
    assert standing() == [weeks(0), weeks(1, 2, 3, hours=5)]
    assert bookings.get(third).title == "Giao ban mở rộng"
    page = plain(browser.get(f"/series/{made}"))
    assert "Tiếp tục là" in page


def test_a_change_of_all_is_seen_date_by_date_before_it_is_saved(scene, made):
    hall, browser, _desk, _member = scene
    all_of_it = series.live(series.get(made))
    with transaction():
        take(db.session.merge(hall), weeks(2, hours=5)[0])
    first, third = all_of_it[0].reference, all_of_it[2].reference
    later = {**FIELDS, "starts_at": "2030-03-05T14:00", "ends_at": "2030-03-05T16:00"}
    seen = plain(send(browser, f"/bookings/{first}/comparison", **later, scope="all"))
    assert "Các ngày được thay đổi (4)" in seen
    assert "Số ngày không thể thay đổi theo: 1" in seen
    assert "T3 19/03 14:00–16:00 Đã có người đặt" in seen
    assert "T3 26/03 14:00–16:00 Trống" in seen
    # Only the third and what follows, with another title alone: nothing stands in the way.
    same = {
        **FIELDS,
        "title": "Khác",
        "starts_at": "2030-03-19T09:00",
        "ends_at": "2030-03-19T11:00",
    }
    seen = plain(send(browser, f"/bookings/{third}/comparison", **same, scope="following"))
    assert "Các ngày được thay đổi (2)" in seen
    assert seen.count("Giữ nguyên") == 2
    assert standing()[0] == weeks(0, 1, 2, 3)


def test_dates_that_move_into_each_others_places_are_no_conflict(scene):
    _hall, browser, _desk, _member = scene
    send(browser, "/bookings", **{**FIELDS, "every": "daily", "count": "3"})
    (held,) = db.session.scalars(sa.select(Series)).all()
    first = series.live(held)[0].reference
    moved = {**FIELDS, "starts_at": "2030-03-06T09:00", "ends_at": "2030-03-06T11:00",
             "revision": "0", "scope": "all"}  # fmt: skip
    seen = plain(send(browser, f"/bookings/{first}/comparison", **moved))
    assert "Đã có người đặt" not in seen
    assert send(browser, f"/bookings/{first}/edit", **moved).status_code == 302
    assert [f"{at:%d/%m}" for at in standing()[0]] == ["06/03", "07/03", "08/03"]


def test_a_move_that_one_date_cannot_make_names_the_day_and_keeps_what_was_typed(scene, made):
    hall, browser, _desk, _member = scene
    with transaction():
        take(db.session.merge(hall), weeks(2, hours=5)[0])
    first = series.live(series.get(made))[0].reference
    later = {**FIELDS, "starts_at": "2030-03-05T14:00", "ends_at": "2030-03-05T16:00",
             "revision": "0", "scope": "all"}  # fmt: skip
    refused = send(browser, f"/bookings/{first}/edit", **later)
    assert refused.status_code == 409
    assert "T3 19/03" in plain(refused)
    assert 'value="2030-03-05T14:00"' in refused.get_data(as_text=True)
    assert standing()[0] == weeks(0, 1, 2, 3)


def test_the_desk_confirms_and_declines_all_with_one_press(scene, made):
    _hall, browser, desk, _member = scene
    assert send(desk, f"/series/{made}/confirm").status_code == 302
    held = series.get(made)
    assert {one.status.value for one in series.live(held)} == {"confirmed"}
    assert send(desk, f"/series/{made}/decline", reason="Sửa").status_code == 409
    assert send(browser, f"/series/{made}/confirm").status_code == 403
    assert "hủy lúc này phải trả" not in plain(browser.get(f"/series/{made}"))
    assert send(browser, f"/series/{made}/cancel", reason="Thôi").status_code == 302
    assert standing() == [[]]
    subjects = [n.subject for n in db.session.scalars(sa.select(Notice).order_by(Notice.id))]
    assert len(subjects) == 3


def test_the_desk_confirms_from_one_date_on_where_it_reads_it(scene, made):
    _hall, browser, desk, _member = scene
    second = series.live(series.get(made))[1].reference
    assert "Xác nhận: Ngày này và các ngày sau (3)" in plain(desk.get(f"/bookings/{second}"))
    assert "Xác nhận: Ngày này" not in plain(browser.get(f"/bookings/{second}"))
    assert send(desk, f"/bookings/{second}/confirm", scope="following").status_code == 302
    db.session.rollback()
    words = [one.status.value for one in series.live(series.get(made))]
    assert words == ["requested", "confirmed", "confirmed", "confirmed"]


def test_the_dates_are_seen_first_where_no_script_runs(scene):
    _hall, browser, _desk, _member = scene
    seen = send(browser, "/bookings", **FIELDS, lines="look")
    assert seen.status_code == 200
    assert len(stamps(seen)[0]) == 4
    assert standing() == []


def test_a_unit_keeps_its_long_series_with_one_button(service, person):
    member = person()
    with transaction():
        hall = build.a_hall(code="H100")
        made = ask(
            db.session.merge(member), lines(hall), "FREQ=WEEKLY;COUNT=20",
            terms=Terms(reconfirm_weeks=8),
        )  # fmt: skip
        reference = made.series.reference
    with time_machine.travel(TUESDAY + 6 * WEEK, tick=False):
        with transaction():
            reconfirmation.ask_due()
        browser = signed_in(service, member)
        page = browser.get(f"/series/{reference}")
        assert "Giữ chuỗi" in plain(page)
        send(browser, f"/series/{reference}/reconfirm")
        assert "Giữ chuỗi" not in plain(browser.get(f"/series/{reference}"))
        send(browser, f"/series/{reference}/reconfirm")
    db.session.rollback()
    assert series.get(reference).reconfirmed_until == TUESDAY + 16 * WEEK


def test_hostile_words_stay_words(scene):
    _hall, browser, _desk, _member = scene
    fields = {**FIELDS, "title": "<script>alert(1)</script>", "shown_date": ["'\"><b>", "nope"]}
    sent = send(browser, "/bookings", **fields)
    assert sent.status_code == 302
    page = browser.get(sent.location).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
