"""What was promised stays the price of its line; what changes is priced anew."""

import runpy
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from billing import charges, invoices, promises, quotes, tariff
from billing.errors import AttendeesMissing, InvoicedAlready
from billing.models import PromisedPrice
from billing.money import Money
from billing.tariff import Tariff
from config import clock
from config.database import db
from portal import schema
from rental import agreements, bookings
from rental.agreements import Terms
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.models import (
    AgreementKind,
    Booking,
    EventKind,
    Line,
    Member,
    Resource,
    ResourceKind,
    Site,
    UnitClass,
)
from rental.period import Period
from tests import build
from tests.billing.steps import STARTS, asked

DEARER = 3
H100, CAM = 9_000_000, 1_200_000


def times(tariff_list: Tariff, factor: int) -> Tariff:
    """The same list, everything `factor` times as dear."""
    values = tariff_list.model_dump()
    for rate in values["rates"]:
        rate["prices"] = {of: price * factor for of, price in rate["prices"].items()}
    return Tariff.model_validate(values)


@pytest.fixture
def dearer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it, and every list is three times as dear from then on."""
    lists = tuple(times(one, DEARER) for one in tariff.tariffs())

    def change() -> None:
        monkeypatch.setattr(quotes, "tariffs", lambda: lists)

    return change


@pytest.fixture
def hall_and_camera(desk: Member) -> Booking:
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    return asked("H100", "CAM")


def amounts(booking: Booking) -> list[int]:
    return [line.priced.amount.minor for line in quotes.for_booking(booking).lines]


def test_a_request_keeps_its_price_and_is_confirmed_at_it(
    hall_and_camera: Booking, desk: Member, dearer: Any
) -> None:
    dearer()
    assert amounts(hall_and_camera) == [H100, CAM]
    bookings.confirm(hall_and_camera, by=desk)
    assert [one.amount_minor for one in charges.live(hall_and_camera)] == [H100, CAM]


def test_a_quote_says_of_which_day_the_price_is(desk: Member) -> None:
    build.a_hall(code="H100", name="Hội trường lớn")
    # Late in the evening of the 1st in London it is the 2nd here.
    with time_machine.travel("2030-01-01T18:00:00Z", tick=False):
        booking = asked("H100")
    told = quotes.for_booking(booking).as_json()["lines"][0]
    assert told["price_of"] == "2030-01-02"
    loose = quotes.for_unit(booking.unit, [quotes.rented_by(booking.lines[0])])
    assert loose.lines[0].promised_on is None
    assert loose.as_json()["lines"][0]["price_of"] == clock.today().isoformat()


def test_a_line_that_changes_is_priced_anew_and_the_others_are_not(
    hall_and_camera: Booking, desk: Member, dearer: Any
) -> None:
    booking = hall_and_camera
    bookings.confirm(booking, by=desk)
    kept = charges.live(booking)[1].id
    dearer()
    later = Period(STARTS + timedelta(hours=6), STARTS + timedelta(hours=10))
    same = Period(STARTS, STARTS + timedelta(hours=4))
    lines = [WantedLine("H100", 1, later), WantedLine("CAM", 1, same)]
    bookings.change(booking, Changes(lines=lines), by=desk)
    assert amounts(booking) == [DEARER * H100, CAM]
    live = charges.live(booking)
    assert sorted(one.amount_minor for one in live) == [CAM, DEARER * H100]
    assert kept in {one.id for one in live}


def test_a_new_title_changes_no_price(hall_and_camera: Booking, desk: Member, dearer: Any) -> None:
    dearer()
    bookings.change(hall_and_camera, Changes(title="Tên khác"), by=desk)
    assert amounts(hall_and_camera) == [H100, CAM]


def test_a_line_that_goes_takes_its_promise_with_it(hall_and_camera: Booking, desk: Member) -> None:
    same = Period(STARTS, STARTS + timedelta(hours=4))
    bookings.change(hall_and_camera, Changes(lines=[WantedLine("CAM", 1, same)]), by=desk)
    db.session.expire_all()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PromisedPrice)) == 1


def test_another_class_of_the_unit_does_not_touch_what_was_promised(
    hall_and_camera: Booking,
) -> None:
    hall_and_camera.unit.unit_class = UnitClass.POLITICAL
    assert amounts(hall_and_camera) == [H100, CAM]


def agree(booking: Booking, desk: Member) -> None:
    terms = Terms(
        number="12/2026",
        title="Thỏa thuận",
        kind=AgreementKind.FRAMEWORK,
        valid_from=STARTS.date() - timedelta(days=30),
        rate_class=UnitClass.PARTNER,
    )
    agreements.add(booking.unit, terms, by=desk)


def test_an_agreement_counts_for_a_request_and_no_more_once_it_is_confirmed(
    hall_and_camera: Booking, desk: Member
) -> None:
    bookings.confirm(hall_and_camera, by=desk)
    agree(hall_and_camera, desk)
    assert amounts(hall_and_camera) == [H100, CAM]
    bookings.change(hall_and_camera, Changes(title="Tên khác"), by=desk)
    assert amounts(hall_and_camera) == [H100, CAM]


def test_an_agreement_signed_before_the_confirmation_is_charged(
    hall_and_camera: Booking, desk: Member
) -> None:
    agree(hall_and_camera, desk)
    bookings.confirm(hall_and_camera, by=desk)
    assert [one.amount_minor for one in charges.live(hall_and_camera)] == [7_000_000, 900_000]


def test_the_tax_is_that_of_the_day_although_the_price_is_kept(
    hall_and_camera: Booking, dearer: Any
) -> None:
    dearer()
    line = quotes.for_booking(hall_and_camera).lines[1]
    assert line.taxed.net == Money(CAM)
    assert line.taxed.code.value == "10"  # 2030: the lower rate has ended


PER_HEAD = {
    "code": "HEADS",
    "title": {"vi": "Tiệc trà", "en": "Tea"},
    "decision": "1",
    "source": "test",
    "valid_from": "2024-01-01",
    "tax_inclusive": False,
    "rates": [
        {
            "key": "tea",
            "per": "attendee",
            "service": "catering",
            "prices": dict.fromkeys((one.value for one in UnitClass), 50_000),
        }
    ],
}


def test_what_is_priced_per_attendee_asks_how_many_come(
    desk: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = (*tariff.tariffs(), Tariff.model_validate(PER_HEAD))
    monkeypatch.setattr(quotes, "tariffs", lambda: lists)
    build.equipment(code="TEA", name="Tiệc trà", tariff="tea")
    with pytest.raises(AttendeesMissing, match="TEA is priced per attendee"):
        asked("TEA")


def test_it_is_priced_anew_when_more_people_come(
    desk: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = (*tariff.tariffs(), Tariff.model_validate(PER_HEAD))
    monkeypatch.setattr(quotes, "tariffs", lambda: lists)
    build.equipment(code="TEA", name="Tiệc trà", tariff="tea")
    build.a_hall(code="H100", name="Hội trường lớn")
    period = Period(STARTS, STARTS + timedelta(hours=4))
    member = build.a_member()
    lines = [WantedLine("TEA", 1, period), WantedLine("H100", 1, period)]
    wanted = RequestedBooking(member.unit, "Tiệc", EventKind.OTHER, lines, attendees=40)
    booking = bookings.request(wanted, by=member)
    assert amounts(booking) == [2_000_000, H100]
    bookings.change(booking, Changes(attendees=60), by=desk)
    assert amounts(booking) == [3_000_000, H100]


def test_a_change_of_what_is_invoiced_is_refused_as_before(
    hall_and_camera: Booking, desk: Member
) -> None:
    bookings.confirm(hall_and_camera, by=desk)
    invoices.issue(invoices.draft_for(hall_and_camera), by=desk)
    later = Period(STARTS + timedelta(hours=6), STARTS + timedelta(hours=10, minutes=45))
    lines = [WantedLine("H100", 1, later)]
    with pytest.raises(InvoicedAlready):
        bookings.change(hall_and_camera, Changes(lines=lines), by=desk)


HOURS = st.integers(1, 60 * 24 * 3).map(lambda minutes: timedelta(minutes=minutes))


@given(st.integers(1, 50), st.sampled_from(["camera", "interpretation", "unheard-of"]), HOURS)
def test_a_promise_is_read_as_it_was_written(quantity: int, key: str, lasts: timedelta) -> None:
    resource = Resource(id=1, code="X", kind=ResourceKind.EQUIPMENT, tariff=key)
    resource.site = Site(zone="Asia/Ho_Chi_Minh")
    booking = Booking(id=1, attendees=None)
    line = Line(
        id=1, resource=resource, resource_id=1, quantity=quantity, booking=booking, add_ons=[],
        starts_at=STARTS, ends_at=STARTS + lasts,
    )  # fmt: skip
    priced = quotes.Renter(UnitClass.OTHER).price(quotes.rented_by(line))
    assert promises.price_of(promises.row(line, priced, "")) == priced


def test_what_was_charged_before_there_were_promises_is_taken_for_one(
    hall_and_camera: Booking, desk: Member, dearer: Any
) -> None:
    bookings.confirm(hall_and_camera, by=desk)
    db.session.execute(sa.delete(PromisedPrice))
    (path,) = (schema.MIGRATIONS / "versions").glob("*_prices_once_promised.py")
    db.session.execute(sa.text(runpy.run_path(str(path))["PROMISED_ALREADY"]))
    dearer()
    quote = quotes.for_booking(hall_and_camera)
    assert [line.priced.amount.minor for line in quote.lines] == [H100, CAM]
    assert quote.sample
