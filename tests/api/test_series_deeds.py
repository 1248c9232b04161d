"""Deeds on series over the API: this date, it and the following, or all; dates given anew."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
import sqlalchemy as sa
import time_machine

from config.database import db
from portal.models import Notice
from tests.api.conftest import at, booking, line

WEEKLY = {"rrule": "FREQ=WEEKLY;COUNT=4"}
DAYS = ("2030-03-05", "2030-03-12", "2030-03-19", "2030-03-26")


def made(caller, rule=WEEKLY, **over):
    found = caller.post("/bookings", booking(recurrence=rule, **over))
    assert found.status_code == 201, found.json
    return found.json


def references(told):
    return [one["reference"] for one in told["series"]["bookings"]]


def statuses(caller, told):
    return [caller.get(f"/bookings/{one}").json["status"] for one in references(told)]


def starts(caller, series):
    found = caller.get(f"/series/{series}").json
    return [one["starts_at"][:16] for one in found["bookings"]]


def mails(centre):
    with centre.app.app_context():
        return [n.subject for n in db.session.scalars(sa.select(Notice).order_by(Notice.id))]


def taken(caller, day):
    lines = [line(starts_at=at("09:00", day), ends_at=at("11:00", day))]
    found = caller.post("/bookings", booking(lines=lines))
    assert found.status_code == 201


def test_an_answer_tells_of_the_series_its_end_and_the_price_of_all_dates(centre):
    told = made(centre.member)
    assert told["series"]["until"] == "2030-03-26T09:00:00+07:00"
    assert told["series"]["total"]["minor"] == 4 * told["quote"]["total"]["minor"]
    second = centre.member.get(f"/bookings/{references(told)[1]}").json
    assert second["series"]["reference"] == told["series"]["reference"]


@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        ("this", [False, True, False, False]),
        ("following", [False, True, True, True]),
        ("all", [True, True, True, True]),
    ],
)
def test_a_title_changes_in_scope_with_one_mail(centre, scope, changed):
    told = made(centre.member)
    second = references(told)[1]
    found = centre.member.patch(f"/bookings/{second}?scope={scope}", {"title": "Khác"})
    assert found.status_code == 200, found.json
    assert [one["reference"] for one in found.json["affected"]] == [
        one for one, is_changed in zip(references(told), changed, strict=True) if is_changed
    ]
    titles = [centre.member.get(f"/bookings/{one}").json["title"] for one in references(told)]
    assert [title == "Khác" for title in titles] == changed
    # The receipt, and one mail where several dates changed; a change of one is not mailed.
    assert len(mails(centre)) == (1 if scope == "this" else 2)


def test_a_new_start_from_the_second_date_on_splits_the_series(centre):
    told = made(centre.member)
    second = references(told)[1]
    body = {"lines": [line(starts_at=at("14:00", DAYS[1]), ends_at=at("16:00", DAYS[1]))]}
    found = centre.member.patch(f"/bookings/{second}?scope=following", body).json
    old, new = told["series"]["reference"], found["series"]["reference"]
    assert old != new
    assert starts(centre.member, old) == ["2030-03-05T09:00"]
    assert starts(centre.member, new) == [f"{day}T14:00" for day in DAYS[1:]]
    before, after = (centre.member.get(f"/series/{one}").json for one in (old, new))
    assert (before["goes_on_as"], after["follows"]) == ([new], old)


def test_a_change_that_one_date_cannot_take_changes_none(centre):
    told = made(centre.member)
    lines = [line(starts_at=at("14:00", DAYS[2]), ends_at=at("16:00", DAYS[2]))]
    assert centre.stranger.post("/bookings", booking(lines=lines)).status_code == 201
    body = {"lines": [line(starts_at=at("14:00"), ends_at=at("16:00"))]}
    refused = centre.member.patch(f"/bookings/{references(told)[0]}?scope=all", body)
    assert refused.status_code == 409
    assert [one["starts_at"][:10] for one in refused.json["conflicts"]] == [DAYS[2]]
    assert starts(centre.member, told["series"]["reference"]) == [f"{d}T09:00" for d in DAYS]


def test_the_desk_answers_all_dates_with_one_press_and_one_mail(centre):
    told = made(centre.member)
    confirmed = centre.desk.post(f"/bookings/{references(told)[0]}/confirm?scope=all")
    assert confirmed.status_code == 200, confirmed.json
    assert len(confirmed.json["affected"]) == 4
    assert set(statuses(centre.desk, told)) == {"confirmed"}
    assert len(mails(centre)) == 2


def test_the_desk_declines_from_a_date_on_with_its_reason(centre):
    told = made(centre.member)
    third = references(told)[2]
    found = centre.desk.post(f"/bookings/{third}/decline?scope=following", {"reason": "Sửa trần"})
    assert found.json["reason"] == "Sửa trần"
    assert statuses(centre.desk, told) == ["requested", "requested", "declined", "declined"]
    assert len(mails(centre)) == 2


def test_cancelling_from_a_date_on_tells_what_it_costs_in_all(centre):
    told = made(centre.member)
    centre.desk.post(f"/bookings/{references(told)[0]}/confirm?scope=all")
    # The day before the third: its notice is short, that of the fourth is not.
    with time_machine.travel(datetime(2030, 3, 18, 3, tzinfo=UTC), tick=False):
        third = references(told)[2]
        alone = centre.member.get(f"/bookings/{third}/cancellation").json["total"]["minor"]
        last = centre.member.get(f"/bookings/{references(told)[3]}/cancellation").json
        found = centre.member.post(f"/bookings/{third}/cancel?scope=following")
        assert found.status_code == 200, found.json
        assert alone > 0
        assert found.json["cancellation"]["total"]["minor"] == alone + last["total"]["minor"]
        assert [one["status"] for one in found.json["affected"]] == ["cancelled", "cancelled"]
        whole = centre.member.get(f"/series/{told['series']['reference']}").json
        assert [one["state"] for one in whole["calendar"]] == ["booked"] * 2 + ["removed"] * 2


def test_a_date_taken_out_stays_out_until_it_is_asked_for_again(centre):
    told = made(centre.member)
    series = told["series"]["reference"]
    centre.member.post(f"/bookings/{references(told)[1]}/cancel")
    longer = centre.member.patch(f"/series/{series}", {"rrule": "FREQ=WEEKLY;COUNT=6"})
    assert longer.status_code == 200, longer.json
    assert [one["state"] for one in longer.json["calendar"]] == [
        "booked", "removed", "booked", "booked", "booked", "booked",
    ]  # fmt: skip
    body = {"starts_at": at("09:00", DAYS[1])}
    again = centre.member.post(f"/series/{series}/dates", body)
    assert again.status_code == 201, again.json
    assert again.headers["Location"].endswith(again.json["reference"])
    assert len(starts(centre.member, series)) == 6
    assert centre.member.post(f"/series/{series}/dates", body).status_code == 409
    never = {"starts_at": at("10:00", DAYS[1])}
    assert centre.member.post(f"/series/{series}/dates", never).status_code == 422


def test_a_date_that_was_taken_is_skipped_and_told_when_a_rule_goes_on(centre):
    told = made(centre.member, WEEKLY | {"on_conflict": "skip"})
    taken(centre.stranger, "2030-04-02")
    series = told["series"]["reference"]
    longer = centre.member.patch(f"/series/{series}", {"rrule": "FREQ=WEEKLY;COUNT=6"}).json
    assert [one["starts_at"][:10] for one in longer["skipped"]] == ["2030-04-02"]
    assert [one["state"] for one in longer["calendar"]][-2:] == ["skipped", "booked"]
    # The date before the gap, and the gap, were asked for with one mail.
    assert (
        len([subject for subject in mails(centre) if told["series"]["reference"] in subject]) == 2
    )


def test_a_rule_that_leaves_out_a_standing_date_or_makes_no_sense_is_refused(centre):
    series = made(centre.member)["series"]["reference"]
    for rule in ("FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY", "nonsense"):
        assert centre.member.patch(f"/series/{series}", {"rrule": rule}).status_code == 422, rule


def test_every_date_is_seen_before_anything_is_asked(centre):
    taken(centre.stranger, DAYS[1])
    rule = {"rrule": "FREQ=DAILY;COUNT=9", "exdates": [DAYS[0]]}
    found = centre.member.post("/series/preview", booking(recurrence=rule))
    assert found.status_code == 200, found.json
    states = [(one["starts_at"][:10], one["state"], one["left_out"]) for one in found.json["dates"]]
    assert states[0] == (DAYS[0], "free", True)
    assert states[7] == (DAYS[1], "taken", False)
    assert found.json["dates"][7]["conflicts"][0]["free"] == 0
    assert found.json["possible"] == 7
    assert centre.member.get("/bookings").json["total"] == 0


def test_the_preview_tells_the_past(centre):
    lines = [line(starts_at=at("09:00", "2020-03-03"), ends_at=at("11:00", "2020-03-03"))]
    found = centre.member.post("/series/preview", booking(recurrence=WEEKLY, lines=lines))
    assert {one["state"] for one in found.json["dates"]} == {"past"}
    assert found.json["possible"] == 0


def test_a_preview_needs_a_rule(centre):
    assert centre.member.post("/series/preview", booking()).status_code == 422


def test_anothers_series_does_not_exist(centre):
    told = made(centre.member)
    series, first = told["series"]["reference"], references(told)[0]
    for found in (
        centre.stranger.get(f"/series/{series}"),
        centre.stranger.patch(f"/series/{series}", {"rrule": "FREQ=WEEKLY;COUNT=9"}),
        centre.stranger.post(f"/series/{series}/dates", {"starts_at": at("09:00")}),
        centre.stranger.post(f"/series/{series}/reconfirm"),
        centre.stranger.patch(f"/bookings/{first}?scope=all", {"title": "Khác"}),
        centre.stranger.post(f"/bookings/{first}/cancel?scope=all"),
        centre.member.get("/series/SR-ZZZZ-ZZZZ"),
    ):
        assert found.status_code == 404
    assert len(starts(centre.member, series)) == 4


def test_a_repeated_request_is_answered_once(centre):
    told = made(centre.member)
    series, second = told["series"]["reference"], references(told)[1]
    key = {"headers": {"Idempotency-Key": "the-first-time"}}
    first = centre.member.post(f"/bookings/{second}/cancel?scope=following", **key)
    again = centre.member.post(f"/bookings/{second}/cancel?scope=following", **key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    # The same key for another scope is another request.
    other = centre.member.post(f"/bookings/{second}/cancel?scope=all", **key)
    assert other.status_code == 422
    assert len(starts(centre.member, series)) == 1


def test_members_change_no_confirmed_date_of_a_series(centre):
    told = made(centre.member)
    centre.desk.post(f"/bookings/{references(told)[3]}/confirm")
    first = references(told)[0]
    refused = centre.member.patch(f"/bookings/{first}?scope=all", {"title": "Khác"})
    assert refused.status_code == 403
    assert centre.member.get(f"/bookings/{first}").json["title"] != "Khác"
    assert centre.desk.patch(f"/bookings/{first}?scope=all", {"title": "Khác"}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(5))
def test_a_unit_edits_while_the_desk_confirms(centre, turn):
    """Whatever comes first: nothing breaks, no date is half changed, all stand at one hour."""
    day = f"2030-0{turn + 4}-01"
    lines = [line(starts_at=at("09:00", day), ends_at=at("11:00", day))]
    told = made(centre.member, {"rrule": "FREQ=DAILY;COUNT=5"}, lines=lines)
    later = [line(starts_at=at("13:00", day), ends_at=at("15:00", day))]
    first, third = references(told)[0], references(told)[2]
    deeds = (
        lambda: centre.member.patch(f"/bookings/{first}?scope=all", {"lines": later}),
        lambda: centre.desk.post(f"/bookings/{third}/confirm?scope=following"),
        lambda: centre.member.post(f"/bookings/{third}/cancel"),
        lambda: centre.desk.post(f"/bookings/{first}/confirm?scope=all"),
    )
    barrier = Barrier(len(deeds))

    def run(deed):
        barrier.wait()
        return deed().status_code

    with ThreadPoolExecutor(len(deeds)) as pool:
        codes = list(pool.map(run, deeds))
    assert set(codes) <= {200, 403, 409}, codes
    found = [centre.desk.get(f"/bookings/{one}").json for one in references(told)]
    assert len({one["starts_at"][11:16] for one in found if one["status"] != "cancelled"}) == 1


@pytest.mark.slow
def test_one_date_is_asked_for_again_by_many_and_stands_once(centre):
    told = made(centre.member)
    series = told["series"]["reference"]
    centre.member.post(f"/bookings/{references(told)[1]}/cancel")
    callers = (centre.member, centre.head, centre.desk, centre.member)
    barrier = Barrier(len(callers))

    def run(caller):
        barrier.wait()
        return caller.post(f"/series/{series}/dates", {"starts_at": at("09:00", DAYS[1])})

    with ThreadPoolExecutor(len(callers)) as pool:
        codes = sorted(found.status_code for found in pool.map(run, callers))
    assert codes == [201, 409, 409, 409]
    assert starts(centre.member, series) == [f"{day}T09:00" for day in DAYS]
