"""Series over the API: one request, many dates."""

import sqlalchemy as sa

from config.database import db
from portal.models import Notice
from tests.api.conftest import booking, line

WEEKLY = {"rrule": "FREQ=WEEKLY;COUNT=4"}


def test_a_rule_makes_a_series_and_answers_with_its_dates(centre):
    made = centre.member.post("/bookings", booking(recurrence=WEEKLY))
    assert made.status_code == 201, made.json
    assert made.json["series"]["dates"] == 4
    assert len({one["reference"] for one in made.json["series"]["bookings"]}) == 4
    assert made.json["skipped"] == []
    assert made.json["reference"] == made.json["series"]["bookings"][0]["reference"]
    assert centre.member.get("/bookings").json["total"] == 4
    # One receipt tells of all of them.
    with centre.app.app_context():
        told = db.session.scalars(sa.select(Notice)).all()
        assert [notice.about for notice in told] == [made.json["reference"]]


def test_exceptions_are_left_out_by_day_and_by_instant(centre):
    rule = WEEKLY | {"exdates": ["2030-03-12", "2030-03-19T09:00:00+07:00"]}
    made = centre.member.post("/bookings", booking(recurrence=rule)).json
    assert made["series"]["dates"] == 2


def test_a_taken_date_refuses_the_series_or_is_skipped(centre):
    taken = line(starts_at="2030-03-12T09:00:00+07:00", ends_at="2030-03-12T11:00:00+07:00")
    assert centre.stranger.post("/bookings", booking(lines=[taken])).status_code == 201
    refused = centre.member.post("/bookings", booking(recurrence=WEEKLY))
    assert refused.status_code == 409
    assert [each["resource"] for each in refused.json["conflicts"]] == ["H100"]
    assert centre.member.get("/bookings").json["total"] == 0
    skipped = centre.member.post(
        "/bookings", booking(recurrence=WEEKLY | {"on_conflict": "skip"})
    ).json
    assert skipped["series"]["dates"] == 3
    assert [each["starts_at"] for each in skipped["skipped"]] == ["2030-03-12T09:00:00+07:00"]


def test_a_quote_of_a_series_prices_every_date(centre):
    one = centre.member.post("/quotes", booking()).json
    all_of_it = centre.member.post("/quotes", booking(recurrence=WEEKLY)).json
    assert all_of_it["total"]["minor"] == 4 * one["total"]["minor"]
    assert centre.member.get("/bookings").json["total"] == 0


def test_a_rule_that_matches_nothing_or_makes_no_sense_is_refused(centre):
    for rule in ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "nonsense", "FREQ=HOURLY;COUNT=2"):
        refused = centre.member.post("/bookings", booking(recurrence={"rrule": rule}))
        assert refused.status_code == 422, rule
    wrong = {"rrule": "FREQ=DAILY;COUNT=2", "exdates": ["2030-02-30"]}
    assert centre.member.post("/bookings", booking(recurrence=wrong)).status_code == 422
