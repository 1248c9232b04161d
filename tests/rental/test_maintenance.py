"""Plans fall due, services take one piece off the calendar, and the history remembers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from config import clock
from config.database import db, transaction
from config.errors import Refusal
from rental import calendar, closures, handovers, journal, maintenance, servicing, units
from rental.calendar import Search
from rental.errors import (
    AlreadyOut,
    BadPlan,
    BadService,
    InService,
    ServiceOver,
    UnknownPiece,
    UnknownPlan,
    UnknownService,
)
from rental.maintenance import Terms
from rental.models import Asset, AssetCondition, Closure, Part, ServiceKind, ServiceRecord
from rental.period import BadPeriod, Period
from rental.servicing import NewService, Outcome
from tests import build
from tests.build import TUESDAY
from tests.rental.counter_world import confirmed, refused, scan, tagged

# A Tuesday, 09:00 on the wall clock of the Centre.
DAY = date(2030, 3, 5)
A_DAY = timedelta(days=1)


@pytest.fixture
def desk(house):
    return build.desk()


@pytest.fixture(autouse=True)
def _today():
    with clock.standing_at(TUESDAY):
        yield


def a_plan(resource, due_on=DAY, **over):
    asset = over.pop("asset", None)
    terms = Terms(**{"title": "Vệ sinh quạt", "every_days": 90, "next_due_on": due_on, **over})
    return maintenance.add(resource, terms, asset=asset, by=None)


def asset_of(tag):
    return maintenance.named(tag)[1]


def free(resource, period=None):
    period = period or Period(TUESDAY, TUESDAY + timedelta(hours=1))
    return {found.code: pieces for found, pieces in calendar.free(Search(period))}.get(
        resource.code, 0
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "   "},
        {"title": "x" * 201},
        {"every_days": 0},
        {"every_days": -1},
        {"every_days": 3661},
        {"instructions": "x" * 2001},
    ],
)
def test_a_plan_that_says_nonsense_is_refused(desk, wrong):
    hall = build.a_hall()
    with pytest.raises(BadPlan):
        a_plan(hall, **wrong)
    plan = a_plan(hall)
    with pytest.raises(BadPlan):
        maintenance.change(plan, Terms(**{**vars_of(plan), **wrong}), by=desk)


def vars_of(plan):
    return {
        "title": plan.title,
        "every_days": plan.every_days,
        "next_due_on": plan.next_due_on,
        "instructions": plan.instructions,
        "is_active": plan.is_active,
    }


def test_a_plan_of_an_asset_belongs_to_its_resource(desk):
    camera, encoder = tagged("CAM", 2), tagged("ENC", 1)
    assert a_plan(camera, asset=asset_of("CAM-1")).asset.tag == "CAM-1"
    with pytest.raises(BadPlan):
        a_plan(encoder, asset=asset_of("CAM-1"))


@pytest.mark.parametrize(
    ("due_on", "over", "listed"),
    [
        (DAY - 40 * A_DAY, {}, True),  # late
        (DAY, {}, True),
        (DAY + 30 * A_DAY, {}, True),  # the last day of the window
        (DAY + 31 * A_DAY, {}, False),
        (DAY, {"is_active": False}, False),  # it rests
    ],
)
def test_what_falls_due_until_a_day_is_listed(desk, due_on, over, listed):
    plan = a_plan(build.a_hall(), due_on, **over)
    assert (plan in maintenance.due(DAY + 30 * A_DAY)) is listed


def test_due_plans_stand_by_day_and_then_in_natural_order(desk):
    hundred, fifty = build.a_hall(code="H100"), build.a_hall(code="H50")
    plans = [a_plan(hundred), a_plan(fifty), a_plan(hundred, DAY - A_DAY)]
    assert maintenance.due(DAY) == [plans[2], plans[1], plans[0]]


def test_what_is_retired_or_being_done_falls_due_no_more(desk):
    hall, old = build.a_hall(), build.a_hall(is_retired=True)
    plan = a_plan(hall)
    a_plan(old)
    assert maintenance.due(DAY) == [plan]
    servicing.begin(NewService(hall, plan=plan), by=desk)
    assert maintenance.due(DAY) == []
    assert maintenance.plans() == [plan]


def test_a_service_takes_one_piece_and_gives_it_back(desk):
    camera = tagged("CAM", 3)
    plan = a_plan(camera, DAY - 10 * A_DAY, asset=asset_of("CAM-2"))
    record = servicing.begin(NewService(camera, asset=plan.asset, plan=plan), by=desk)
    assert free(camera) == 2
    assert record.closure.cause == f"service:{record.id}"
    assert record.closure.reason == "Bảo trì: Vệ sinh quạt (CAM-2)."
    with clock.standing_at(TUESDAY + timedelta(hours=3)):
        assert servicing.finish(record, Outcome(AssetCondition.WORN, "Thay dầu"), by=desk) is None
    assert free(camera, Period(TUESDAY + 4 * A_DAY, TUESDAY + 5 * A_DAY)) == 3
    assert (record.note, plan.asset.condition) == ("Thay dầu", AssetCondition.WORN)
    # From the day it was done, not from the day it was due.
    assert plan.next_due_on == DAY + 90 * A_DAY
    assert [entry.verb for entry in journal.of(record)] == ["service_begun", "service_finished"]


def test_a_hall_in_service_is_wholly_closed_and_a_kit_with_it(desk):
    hall = build.a_hall()
    servicing.begin(NewService(hall, ServiceKind.INSPECTION), by=desk)
    assert free(hall) == 0
    [closure] = closures.standing([hall.id], Period(TUESDAY, TUESDAY + A_DAY))
    assert closure.quantity is None


def test_the_next_day_is_a_day_of_the_sites_wall_clock(desk):
    hall = build.a_hall(site=build.a_site(zone="Pacific/Auckland"))
    plan = a_plan(hall, every_days=1)
    record = servicing.begin(NewService(hall, plan=plan), by=desk)
    # 23:30 in Ho Chi Minh City is half past five the next morning over there.
    with clock.standing_at(datetime.fromisoformat("2030-03-05T23:30:00+07:00")):
        servicing.finish(record, Outcome(), by=desk)
    assert plan.next_due_on == DAY + 2 * A_DAY


def test_an_expected_end_frees_what_comes_after_it(desk):
    hall = build.a_hall()
    servicing.begin(NewService(hall, until=TUESDAY + 2 * A_DAY), by=desk)
    assert free(hall, Period(TUESDAY + A_DAY, TUESDAY + 3 * A_DAY)) == 0
    assert free(hall, Period(TUESDAY + 2 * A_DAY, TUESDAY + 3 * A_DAY)) == 1
    with pytest.raises(BadPeriod):
        servicing.begin(NewService(build.a_hall(), until=TUESDAY), by=desk)


def test_what_lasts_longer_than_was_thought_stays_off_the_calendar(desk):
    hall, done = build.a_hall(), build.a_hall()
    record = servicing.begin(NewService(hall, until=TUESDAY + A_DAY), by=desk)
    ended = servicing.begin(NewService(done, until=TUESDAY + A_DAY), by=desk)
    servicing.finish(ended, Outcome(), by=desk)
    servicing.begin(NewService(build.a_hall()), by=desk)  # without an end there is nothing to push
    assert servicing.keep_closed() == 0
    with clock.standing_at(TUESDAY + A_DAY - timedelta(minutes=20)):
        assert servicing.keep_closed() == 1
        assert servicing.keep_closed() == 0
    assert record.closure.during.upper == TUESDAY + 2 * A_DAY - timedelta(minutes=20)
    assert free(done, Period(TUESDAY + A_DAY, TUESDAY + 2 * A_DAY)) == 1


def test_what_is_found_broken_goes_on_as_a_repair_and_is_never_free_in_between(desk):
    camera = tagged("CAM", 1)
    plan = a_plan(camera, asset=asset_of("CAM-1"))
    check = servicing.begin(NewService(camera, asset=plan.asset, plan=plan), by=desk)
    with clock.standing_at(TUESDAY + timedelta(hours=1)):
        repair = servicing.finish(check, Outcome(AssetCondition.DAMAGED, "Vỡ kính"), by=desk)
    assert (repair.kind, repair.plan, repair.note) == (ServiceKind.REPAIR, None, "Vỡ kính")
    assert free(camera, Period(TUESDAY, TUESDAY + 30 * A_DAY)) == 0
    assert plan.asset.condition is AssetCondition.DAMAGED
    with clock.standing_at(TUESDAY + timedelta(hours=5)):
        servicing.finish(repair, Outcome(), by=desk)
    assert plan.asset.condition is AssetCondition.GOOD
    assert free(camera, Period(TUESDAY + A_DAY, TUESDAY + 30 * A_DAY)) == 1
    assert list(db.session.scalars(servicing.history(camera))) == [repair, check]


def test_what_was_begun_by_mistake_leaves_the_plan_and_the_history_alone(desk):
    hall = build.a_hall()
    plan = a_plan(hall)
    record = servicing.begin(NewService(hall, plan=plan), by=desk)
    servicing.drop(record, by=desk)
    assert free(hall, Period(TUESDAY + A_DAY, TUESDAY + 2 * A_DAY)) == 1
    assert (plan.next_due_on, maintenance.due(DAY)) == (DAY, [plan])
    assert list(db.session.scalars(servicing.history(hall))) == []
    assert journal.recent(1)[0].verb == "reopened"


def test_nothing_is_looked_after_twice(desk):
    camera = tagged("CAM", 3)
    first = a_plan(camera, asset=asset_of("CAM-1"))
    record = servicing.begin(NewService(camera, asset=first.asset, plan=first), by=desk)
    for again in (
        NewService(camera, asset=first.asset),  # the same asset for another reason
        NewService(camera, plan=first),  # the same plan
    ):
        with pytest.raises(InService):
            servicing.begin(again, by=desk)
    servicing.begin(NewService(camera), by=desk)
    servicing.begin(NewService(camera), by=desk)
    with pytest.raises(InService):  # three pieces there are
        servicing.begin(NewService(camera), by=desk)
    servicing.finish(record, Outcome(), by=desk)
    for again in (lambda: servicing.finish(record, Outcome(), by=desk),
                  lambda: servicing.drop(record, by=desk)):  # fmt: skip
        with pytest.raises(ServiceOver):
            again()


def test_what_cannot_be_looked_after_is_refused(desk):
    camera, encoder = tagged("CAM", 1), tagged("ENC", 1)
    with pytest.raises(BadService):
        servicing.begin(NewService(encoder, asset=asset_of("CAM-1")), by=desk)
    with pytest.raises(BadService):
        servicing.begin(NewService(camera, note="x" * 2001), by=desk)
    asset_of("CAM-1").condition = AssetCondition.LOST
    db.session.flush()
    with pytest.raises(BadService):
        servicing.begin(NewService(camera, asset=asset_of("CAM-1")), by=desk)
    record = servicing.begin(NewService(encoder), by=desk)
    with pytest.raises(BadService):
        servicing.finish(record, Outcome(AssetCondition.LOST), by=desk)


def test_an_asset_that_is_out_waits_and_one_in_service_is_not_handed_over(desk):
    camera = tagged("CAM", 2)
    booking = confirmed(desk, (camera, 2))
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)) == []
    with pytest.raises(AlreadyOut, match=booking.reference):
        servicing.begin(NewService(camera, asset=asset_of("CAM-1")), by=desk)
    servicing.begin(NewService(camera, asset=asset_of("CAM-2")), by=desk)
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-2"), by=desk)) == ["NotFit"]


def test_a_code_a_tag_or_a_scanned_label_names_what_is_meant(desk):
    camera, hall = tagged("CAM", 1), build.a_hall(code="H50")
    build.a_hall(code="OLD", is_retired=True)
    assert maintenance.named(" H50 ") == (hall, None)
    for label in ("CAM-1", "cam-1", "https://centre.example/a/CAM-1"):
        resource, asset = maintenance.named(label)
        assert (resource, asset.tag) == (camera, "CAM-1")
    for wrong in ("", "   ", "OLD", "NOWHERE", "https://centre.example/a/", "%"):
        with pytest.raises(UnknownPiece):
            maintenance.named(wrong)


def test_numbers_that_are_none_are_told_so(desk):
    with pytest.raises(UnknownPlan):
        maintenance.get(2_000_000_000)
    with pytest.raises(UnknownService):
        servicing.get(2_000_000_000)


@pytest.mark.parametrize(
    ("due_on", "is_near"),
    [
        (DAY - 4 * A_DAY, True),  # late, and the event is today
        (DAY, True),
        (DAY + 3 * A_DAY, True),  # three days after its last day
        (DAY + 4 * A_DAY, False),
    ],
)
def test_a_plan_that_falls_due_near_a_booking_is_told(desk, due_on, is_near):
    camera = tagged("CAM", 2)
    kit = build.equipment(code="KIT", stock=1)
    kit.parts = [part_of(camera)]
    db.session.flush()
    plan = a_plan(camera, due_on)
    booking = confirmed(desk, (kit, 1))
    assert (plan in maintenance.near(booking)) is is_near, "also of what a kit consists of"
    with clock.standing_at(TUESDAY + A_DAY):
        assert maintenance.near(booking) == [], "what is over is warned of no more"


def part_of(resource):
    return Part(part=resource, quantity=1)


def test_what_is_late_warns_of_the_next_days_only(desk):
    camera = tagged("CAM", 2)
    plan = a_plan(camera, DAY - 40 * A_DAY)
    soon, later = (confirmed(desk, (camera, 1), hours=(24 * n, 24 * n + 2)) for n in (2, 9))
    assert (maintenance.near(soon), maintenance.near(later)) == ([plan], [])


def test_the_outlook_names_what_is_booked_and_the_closest_quiet_day(desk):
    hall, pool = build.a_hall(), build.equipment(stock=5)
    plans = [a_plan(hall, DAY + 5 * A_DAY), a_plan(pool, DAY + 5 * A_DAY)]
    near = confirmed(desk, (hall, 1), hours=(24 * 5, 24 * 6 - 1))
    far = confirmed(desk, (hall, 1), (pool, 1), hours=(24 * 9, 24 * 9 + 1))
    told, of_pool = maintenance.outlook(plans)
    assert (told.bookings, told.days_left) == ([near], 5)
    # The day before and the day after are equally close: the earlier one is named, unless taken.
    assert told.quiet_on == DAY + 4 * A_DAY
    assert (of_pool.bookings, of_pool.quiet_on) == ([], None)
    assert far not in told.bookings
    assert maintenance.outlook([]) == []


def test_of_what_is_late_today_is_the_earliest_quiet_day(desk):
    hall = build.a_hall()
    plan = a_plan(hall, DAY - 40 * A_DAY)
    [told] = maintenance.outlook([plan])
    assert (told.days_left, told.quiet_on) == (-40, DAY)
    confirmed(desk, (hall, 1))
    assert maintenance.outlook([plan])[0].quiet_on == DAY + A_DAY


def test_the_database_knows_no_plan_without_days(desk):
    plan = a_plan(build.a_hall())
    plan.every_days = 0
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_the_asset_of_another_resource_has_a_history_of_its_own(desk):
    camera = tagged("CAM", 2)
    one, two = (
        servicing.begin(NewService(camera, asset=asset_of(f"CAM-{n}")), by=desk) for n in (1, 2)
    )
    assert list(db.session.scalars(servicing.history(camera, asset_of("CAM-1")))) == [one]
    assert set(db.session.scalars(servicing.history(camera))) == {one, two}
    assert db.session.get(Asset, one.asset_id).tag == "CAM-1"


def at_once(app, number, deed):
    """Do the same at the same moment, each in a transaction; what each said."""
    barrier = Barrier(number)

    def one(_number):
        with app.app_context(), clock.standing_at(TUESDAY):
            barrier.wait()
            try:
                with transaction():
                    deed()
            except Refusal as refusal:
                return type(refusal).__name__
            return "done"

    with ThreadPoolExecutor(number) as pool:
        return sorted(pool.map(one, range(number)))


@pytest.mark.slow
def test_of_many_who_begin_and_finish_at_once_one_does(house):
    with transaction():
        desk, camera = build.desk(), tagged("CAM", 4)
        plan = a_plan(camera, asset=asset_of("CAM-1"))
        email, plan_id = desk.email, plan.id

    def begin():
        plan = maintenance.get(plan_id)
        new = NewService(plan.resource, asset=plan.asset, plan=plan)
        servicing.begin(new, by=units.member_by_email(email))

    assert at_once(house, 6, begin) == ["InService"] * 5 + ["done"]
    db.session.rollback()
    record_id = db.session.scalars(sa.select(ServiceRecord.id)).one()
    assert db.session.scalar(sa.select(sa.func.count(Closure.id))) == 1

    def finish():
        servicing.finish(servicing.get(record_id), Outcome(), by=units.member_by_email(email))

    assert at_once(house, 6, finish) == ["ServiceOver"] * 5 + ["done"]
    db.session.rollback()
    assert servicing.running() == []
    finished = [entry for entry in journal.recent() if entry.verb == "service_finished"]
    assert len(finished) == 1
