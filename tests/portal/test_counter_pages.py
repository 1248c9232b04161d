"""The counter over HTTP: batches of scans, resent, by two clerks at once; pictures and damage."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from portal.models import Notice
from portal.rounds.overdue import mind_overdue
from rental import attachments, bookings, handovers
from rental.asking import RequestedBooking, WantedLine
from rental.models import (
    Asset,
    AssetCondition,
    Booking,
    BookingStatus,
    Closure,
    Damage,
    EventKind,
    Movement,
    Role,
)
from rental.period import Period
from tests import build, files
from tests.portal.conftest import signed_in, token_of
from tests.rental.counter_world import scan, tagged

NOW = clock.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def clerk(person):
    return person(role=Role.DESK)


@pytest.fixture
def desk(service, clerk):
    return signed_in(service, clerk)


def lent(clerk, codes, *, given=(), hours=(-1, 3), title="Họp báo"):
    """A confirmed booking of these resources; what is in `given` went. Its reference."""
    with transaction():
        period = Period(NOW + timedelta(hours=hours[0]), NOW + timedelta(hours=hours[1]))
        lines = [WantedLine(code, quantity, period) for code, quantity in codes]
        member = build.a_member(unit=build.a_unit(phone="028 3829 0000"))
        by = db.session.merge(clerk)
        with clock.standing_at(period.starts_at - timedelta(days=3)):
            booking = bookings.request(
                RequestedBooking(member.unit, title, EventKind.CONFERENCE, lines), by=member
            )
            bookings.confirm(booking, by=by)
        if given:
            with clock.standing_at(period.starts_at):
                handovers.require_all(handovers.hand_over_pieces(booking, scan(*given), by=by))
        return booking.reference


def gear(code, number, **over):
    with transaction():
        tagged(code, number, **over)
    return [f"{code}-{n}" for n in range(1, number + 1)]


def sent(client, mode, scans, key=None, booking=None):
    body = {"mode": mode, "booking": booking, "scans": scans}
    headers = {"X-CSRFToken": token_of(client), "Accept": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post("/counter/scans", json=body, headers=headers)


def scans_of(tags, **over):
    return [{"scan": f"scan-{tag}", "tag": tag, **over} for tag in tags]


def done(answer):
    return [one["name"] for one in answer.json["outcomes"] if one["done"]]


def status_of(reference):
    db.session.rollback()
    return bookings.get(reference).status


def test_the_camera_may_be_asked_for_at_the_counter_and_nowhere_else(service, desk):
    assert "camera=(self)" in desk.get("/counter").headers["Permissions-Policy"]
    for place in ("/", "/desk/overdue", "/catalogue", "/sign-in"):
        assert "camera=()" in desk.get(place).headers["Permissions-Policy"], place


def test_a_code_is_looked_up_as_booking_or_asset_or_is_unknown(service, desk, clerk):
    gear("CAM", 2)
    reference = lent(clerk, [("CAM", 1)], given=["CAM-1"])
    found = desk.get("/counter/look", query_string={"code": reference.lower()}).json
    assert (found["kind"], found["reference"], found["mode"]) == ("booking", reference, "take")
    asset = desk.get("/counter/look", query_string={"code": "cam-1"}).json
    assert (asset["tag"], asset["out"]) == ("CAM-1", reference)
    assert desk.get("/counter/look", query_string={"code": "CAM-2"}).json["out"] is None
    for code in ("CAM-9", "", "<script>", "BK-ZZZZ-ZZZZ", "\x00"):
        refused = desk.get(
            "/counter/look", query_string={"code": code}, headers={"Accept": "application/json"}
        )
        assert refused.status_code == 404, code


def test_what_can_go_goes_and_the_others_are_told_why(service, desk, clerk):
    gear("CAM", 3)
    reference = lent(clerk, [("CAM", 2)])
    answer = sent(desk, "give", scans_of(["CAM-1", "CAM-9", "cam-2", "CAM-3"]), booking=reference)
    assert done(answer) == ["CAM-1", "CAM-2"]
    words = [one["words"] for one in answer.json["outcomes"] if not one["done"]]
    assert "CAM-9" in words[0]
    assert reference not in words[0]
    sheet = desk.get(f"/counter/bookings/{reference}").get_data(as_text=True)
    assert "CAM-1" in sheet
    assert "<html" not in sheet
    assert status_of(reference) is BookingStatus.HANDED_OVER


def test_another_model_asks_why_and_goes_with_the_answer(service, desk, clerk):
    gear("CAM", 1, category="video")
    gear("CAMX", 1, category="video")
    reference = lent(clerk, [("CAM", 1)])
    (told,) = sent(desk, "give", scans_of(["CAMX-1"]), booking=reference).json["outcomes"]
    assert told["asks_why"] is True
    again = scans_of(["CAMX-1"], note="Máy kia hết pin")
    assert done(sent(desk, "give", again, booking=reference)) == ["CAMX-1"]


def test_without_a_booking_nothing_is_handed_over(service, desk):
    gear("CAM", 1)
    answer = sent(desk, "give", scans_of(["CAM-1"]))
    assert answer.status_code == 200
    assert done(answer) == []


def test_a_batch_killed_on_its_way_back_and_sent_again_moves_nothing_twice(service, desk, clerk):
    tags = gear("RX", 12)
    reference = lent(clerk, [("RX", 12)], given=tags)
    half = scans_of(tags[:6])
    first = sent(desk, "take", half, key="batch-1")
    # The answer was lost: the browser sends the sealed batch again, then the next one.
    again = sent(desk, "take", half, key="batch-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    assert len(done(sent(desk, "take", scans_of(tags[6:]), key="batch-2"))) == 6
    assert status_of(reference) is BookingStatus.RETURNED
    assert db.session.scalar(sa.select(sa.func.count(Movement.id))) == 12


def test_three_hundred_assets_of_three_bookings_come_back_in_one_session(service, desk, clerk):
    tags = gear("RX", 300)
    references = [
        lent(clerk, [("RX", 100)], given=tags[first : first + 100]) for first in (0, 100, 200)
    ]
    answer = sent(desk, "take", scans_of(tags), key="all")
    assert done(answer) == tags
    assert {status_of(reference) for reference in references} == {BookingStatus.RETURNED}
    out = sa.select(sa.func.count(Movement.id)).where(Movement.returned_at.is_(None))
    assert db.session.scalar(out) == 0


@pytest.mark.slow
def test_two_clerks_scan_the_same_three_hundred_and_each_comes_back_once(service, clerk, person):
    tags = gear("RX", 300)
    lent(clerk, [("RX", 300)], given=tags)
    other = person(role=Role.DESK)
    browsers = [signed_in(service, db.session.merge(one)) for one in (clerk, other)]
    barrier = Barrier(2)

    def take(pair):
        client, order = pair
        batches = [order[n : n + 100] for n in range(0, 300, 100)]
        token_of(client)
        barrier.wait()
        return [name for batch in batches for name in done(sent(client, "take", scans_of(batch)))]

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(take, zip(browsers, (tags, tags[::-1]), strict=True)))
    assert sorted(told[0] + told[1]) == sorted(tags)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Movement.id))) == 300


@pytest.mark.parametrize(
    "scans",
    [
        [],
        [{"scan": "1"}],
        [{"scan": "1", "tag": "A", "resource": "B"}],
        [{"scan": "1", "tag": "A", "quantity": 2}],
        [{"scan": "1", "resource": "RX", "quantity": 0}],
        [{"scan": "1", "tag": "A", "condition": "eaten"}],
        [{"scan": "1", "tag": "A", "price": 1}],
        [{"tag": "A"}],
        [{"scan": str(n), "tag": f"A{n}"} for n in range(1001)],
    ],
)
def test_what_is_no_batch_moves_nothing(service, desk, scans):
    answer = sent(desk, "take", scans)
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert done(answer) == []


def test_hostile_codes_are_unknown_pieces_and_the_others_go(service, desk, clerk):
    gear("CAM", 1)
    lent(clerk, [("CAM", 1)], given=["CAM-1"])
    hostile = ["\x00", "' OR 1=1 --", "<script>alert(1)</script>", "%00", "../etc", "\u202e1-MAC"]
    answer = sent(desk, "take", scans_of([*hostile, "CAM-1"]))
    assert done(answer) == ["CAM-1"]
    counted = [{"scan": "n", "resource": "\x00", "quantity": 1}]
    assert done(sent(desk, "take", counted)) == []


def test_a_renter_has_no_business_at_the_counter(service, person):
    renter = signed_in(service, person())
    assert renter.get("/counter").status_code == 403
    assert sent(renter, "take", scans_of(["CAM-1"])).status_code == 403


def test_a_picture_is_kept_with_the_movement_and_shown_on_the_page_of_the_asset(
    service, desk, clerk
):
    gear("CAM", 1)
    reference = lent(clerk, [("CAM", 1)], given=["CAM-1"])
    scans = scans_of(["CAM-1"], condition="damaged", note="vỡ kính")
    (told,) = sent(desk, "take", scans).json["outcomes"]

    def upload(content, name="hong.png"):
        return desk.post(
            told["pictures"],
            data={"file": (io.BytesIO(content), name), "csrf_token": token_of(desk)},
            headers={"Accept": "application/json"},
        )

    assert upload(files.png()).json["pictures"] == 1
    assert upload(b"MZ not a picture").status_code == 422
    db.session.rollback()
    (kept,) = attachments.of(bookings.get(reference))
    movement = db.session.scalars(sa.select(Movement)).one()
    assert kept.movement_id == movement.id
    page = desk.get("/a/CAM-1").get_data(as_text=True)
    assert f"/files/{kept.id}/image" in page
    assert "vỡ kính" in page


def test_what_is_broken_is_mended_from_the_page_of_its_resource(service, desk, clerk):
    gear("CAM", 2)
    lent(clerk, [("CAM", 1)], given=["CAM-1"])
    sent(desk, "take", scans_of(["CAM-1"], condition="damaged", note="vỡ"))
    db.session.rollback()
    damage = db.session.scalars(sa.select(Damage)).one()
    closure = db.session.scalars(sa.select(Closure)).one()
    form = {"csrf_token": token_of(desk), "condition": "worn"}
    # The plain reopening is not for it, and says what is.
    refused = desk.post(f"/catalogue/CAM/closures/{closure.id}/reopen", data=form)
    assert refused.status_code == 422
    assert f"mend-{damage.id}" in desk.get("/catalogue/CAM").get_data(as_text=True)
    assert desk.post(f"/counter/damages/{damage.id}/mend", data=form).status_code == 302
    assert desk.post(f"/counter/damages/{damage.id}/mend", data=form).status_code == 302
    db.session.rollback()
    assert db.session.get_one(Closure, closure.id).reopened_at is not None
    assert db.session.scalars(sa.select(Asset).where(Asset.tag == "CAM-1")).one().condition is (
        AssetCondition.WORN
    )


def test_overdue_gear_is_listed_mailed_and_told_to_renters_without_a_name(
    service, desk, clerk, person
):
    gear("CAM", 1)
    reference = lent(clerk, [("CAM", 1)], given=["CAM-1"], hours=(-8, -5), title="Quay kín")
    db.session.execute(sa.delete(Notice))
    db.session.commit()
    mind_overdue()
    mind_overdue()
    db.session.rollback()
    (mail,) = db.session.scalars(sa.select(Notice))
    assert mail.recipient == bookings.get(reference).member.email
    page = desk.get("/desk/overdue").get_data(as_text=True)
    assert "Quay kín" in page
    assert "028 3829 0000" in page
    assert reference in desk.get("/catalogue/CAM").get_data(as_text=True)
    told = signed_in(service, person()).get("/catalogue/CAM").get_data(as_text=True)
    assert reference not in told
    assert "Quay kín" not in told
    assert done(sent(desk, "take", scans_of(["CAM-1"]))) == ["CAM-1"]
    assert "Quay kín" not in desk.get("/desk/overdue").get_data(as_text=True)


def test_the_page_behind_a_label_tells_the_staff_where_it_is_and_others_whose_it_is(
    service, desk, clerk, person
):
    gear("CAM", 1)
    reference = lent(clerk, [("CAM", 1)], given=["CAM-1"], title="Quay kín")
    assert reference in desk.get("/a/cam-1").get_data(as_text=True)
    told = signed_in(service, person()).get("/a/CAM-1").get_data(as_text=True)
    assert "Trung tâm Báo chí" in told
    assert reference not in told
    assert "Quay kín" not in told
    assert desk.get("/a/CAM-2").status_code == 404


def test_labels_are_printed_for_a_resource_or_for_tags(service, desk):
    gear("RX", 30)
    assert b"%PDF" in desk.get("/catalogue/labels.pdf?resource=RX&start=7").data[:8]
    assert b"%PDF" in desk.get("/catalogue/labels.pdf?tags=RX-1,RX-2%20rx-3").data[:8]
    for wrong in ("resource=NO", "tags=RX-1,NO", "resource=RX&start=25", "resource=RX&start=x"):
        assert desk.get(f"/catalogue/labels.pdf?{wrong}").status_code in (404, 422), wrong


def test_finance_accepts_or_drops_and_the_second_to_decide_is_told(service, desk, clerk, person):
    gear("CAM", 2, tariff="camera")
    reference = lent(clerk, [("CAM", 2)], given=["CAM-1", "CAM-2"])
    sent(desk, "take", scans_of(["CAM-1", "CAM-2"], condition="damaged", note="vỡ"))
    finance = signed_in(service, person(role=Role.FINANCE))
    page = finance.get("/proposals").get_data(as_text=True)
    assert page.count("/accept") == 2
    assert "2" in finance.get("/").get_data(as_text=True).split("/proposals", 1)[1][:400]
    first, second = sorted({word.split("/")[0] for word in page.split("/proposals/")[1:]})
    form = {"csrf_token": token_of(finance), "amount": "5000000", "reason": ""}
    assert finance.post(f"/proposals/{first}/accept", data=form).status_code == 302
    assert finance.post(f"/proposals/{first}/accept", data=form).status_code == 409
    assert finance.post(f"/proposals/{second}/drop", data=form).status_code == 422
    form["reason"] = "Hao mòn tự nhiên"
    assert finance.post(f"/proposals/{second}/drop", data=form).status_code == 302
    assert finance.post("/proposals/99999/drop", data=form).status_code == 404
    assert "Hao mòn tự nhiên" in finance.get("/proposals?status=dropped").get_data(as_text=True)
    charged = db.session.scalars(sa.select(Booking).filter_by(reference=reference)).one()
    assert desk.get(f"/bookings/{charged.reference}").status_code == 200
    assert desk.get("/proposals").status_code == 403
