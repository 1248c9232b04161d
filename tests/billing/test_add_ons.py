"""What is asked for beside a line: kept with it, priced with it, and refused where unknown."""

from datetime import timedelta

import pytest

from billing import charges, quotes
from billing.errors import UnknownAddOn
from rental import bookings, differences, series, shifts
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.differences import LineChange
from rental.errors import BadBooking
from rental.models import Booking, EventKind, Member
from rental.period import Period
from rental.series import RequestedSeries
from tests import build
from tests.billing.steps import STARTS

MORNING = Period(STARTS, STARTS + timedelta(hours=4))
H100, SOUND, COOLING = 9_000_000, 1_000_000, 200_000


@pytest.fixture
def member(desk: Member) -> Member:
    build.a_hall(code="H100", name="Hội trường lớn")
    return build.a_member()


def wanted(member: Member, *add_ons: str) -> RequestedBooking:
    lines = [WantedLine("H100", 1, MORNING, add_ons)]
    return RequestedBooking(member.unit, "Họp báo", EventKind.CONFERENCE, lines)


def amount(booking: Booking) -> int:
    return quotes.for_booking(booking).lines[0].priced.amount.minor


def test_it_is_priced_and_charged_with_its_line_and_named(member: Member, desk: Member) -> None:
    booking = bookings.request(wanted(member, "sound_light", "early_cooling"), by=member)
    assert amount(booking) == H100 + SOUND + COOLING
    bookings.confirm(booking, by=desk)
    (charge,) = charges.live(booking)
    assert charge.amount_minor == H100 + SOUND + COOLING
    assert "1 buổi × 1.000.000\u00a0đ (Âm thanh và ánh sáng màu)" in charge.explanation
    assert "(Sound and coloured light)" in charge.explanation_en


def test_one_that_the_list_does_not_know_is_refused_before_anything_is_kept(
    member: Member,
) -> None:
    with pytest.raises(UnknownAddOn, match="choose among: early_cooling, sound_light"):
        bookings.request(wanted(member, "laser"), by=member)


@pytest.mark.parametrize("codes", [("Not a code",), ("",), tuple(f"a{n}" for n in range(21))])
def test_what_is_no_code_is_refused(member: Member, codes: tuple[str, ...]) -> None:
    with pytest.raises(BadBooking, match="add-ons"):
        bookings.request(wanted(member, *codes), by=member)


def test_taking_one_off_is_a_change_that_prices_the_line_anew(member: Member, desk: Member) -> None:
    booking = bookings.request(wanted(member, "sound_light"), by=member)
    before = differences.of(booking)
    bookings.change(booking, Changes(lines=[WantedLine("H100", 1, MORNING)]), by=desk)
    assert amount(booking) == H100
    (line,) = differences.between(before, differences.of(booking)).lines
    assert line.changes == (LineChange.ADD_ONS,)
    assert differences.read_line(line.as_json()["before"]) == line.before


def test_moving_a_line_keeps_what_goes_with_it(member: Member, desk: Member) -> None:
    booking = bookings.request(wanted(member, "sound_light"), by=member)
    later = shifts.extended(shifts.of(booking), timedelta(hours=1))
    bookings.change(booking, Changes(lines=later), by=desk)
    assert booking.lines[0].add_ons == ["sound_light"]
    assert amount(booking) == 2 * (H100 + SOUND)


def test_every_date_of_a_series_has_it(member: Member) -> None:
    asked = RequestedSeries(wanted(member, "sound_light"), "FREQ=WEEKLY;COUNT=3")
    made = series.request(asked, by=member)
    assert [amount(one) for one in made.bookings] == [H100 + SOUND] * 3
    assert quotes.total_of(made.bookings).minor == 3 * (H100 + SOUND)
