"""Discounts: who may, what they take off, and that nothing goes below zero."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from billing import charges, discounts, invoices, quotes, reductions
from billing.discounts import NewDiscount
from billing.errors import (
    BadDiscount,
    DiscountDecided,
    InvoicedAlready,
    OverDiscount,
    SecondPersonNeeded,
    UnknownDiscount,
)
from billing.models import Charge, Discount, DiscountStatus
from billing.money import Money, total
from billing.pricing import Priced
from billing.rates import Measure
from billing.reductions import Reduction
from config.database import db, transaction
from rental import bookings, journal
from rental.asking import Changes, WantedLine
from rental.models import Booking, Member, Role
from rental.period import Period
from tests import build
from tests.billing.steps import STARTS, asked

H100, CAM = 9_000_000, 1_200_000
TEN = Decimal(10)


@pytest.fixture
def request_(desk: Member) -> Booking:
    """A hall (9 000 000 with the tax in it) and a camera (1 200 000 without), asked for."""
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    return asked("H100", "CAM")


@pytest.fixture
def director(desk: Member) -> Member:
    return build.a_member(unit=desk.unit, role=Role.DIRECTOR)


def amounts(booking: Booking) -> list[int]:
    return [line.priced.amount.minor for line in quotes.for_booking(booking).lines]


def approved(booking: Booking, new: NewDiscount, *people: Member) -> Discount:
    discount = discounts.propose(booking, new, by=people[0])
    discounts.approve(discount, by=people[1])
    return discount


def test_only_what_a_second_person_approved_changes_the_price(
    request_: Booking, desk: Member, director: Member
) -> None:
    discount = discounts.propose(request_, NewDiscount("Sự kiện thường niên", TEN), by=desk)
    assert amounts(request_) == [H100, CAM]
    with pytest.raises(SecondPersonNeeded, match="ask a colleague"):
        discounts.approve(discount, by=desk)
    discounts.approve(discount, by=director)
    assert amounts(request_) == [H100 * 9 // 10, CAM * 9 // 10]


def test_the_database_refuses_an_approval_by_whoever_proposed_it(
    request_: Booking, desk: Member
) -> None:
    discount = discounts.propose(request_, NewDiscount("Lý do", TEN), by=desk)
    discount.status, discount.decided_by_id = DiscountStatus.APPROVED, desk.id
    discount.decided_at = STARTS
    with pytest.raises(IntegrityError, match="second_person"):
        db.session.flush()


def test_the_line_says_what_was_taken_off_and_why_in_both_languages(
    request_: Booking, desk: Member, director: Member
) -> None:
    line = request_.lines[0]
    approved(request_, NewDiscount("Khách  quen", Decimal("12.5"), line=line), desk, director)
    quoted = quotes.for_booking(request_).lines
    assert quoted[0].priced.explanation.endswith(
        "giá phổ thông, giảm 12,5\u00a0% (Khách quen): −1.125.000\u00a0đ"
    )
    assert quoted[0].priced.explanation_en.endswith(
        "discount 12.5\u00a0% (Khách quen): −1\u00a0125\u00a0000\u00a0đ"
    )
    told = quoted[0].as_json()
    assert told["discount"] == {"minor": 1_125_000, "currency": "VND"}
    assert (told["measure"], told["measured"]) == ("lump_sum", "1")
    assert quoted[1].as_json()["discount"] is None


def test_an_amount_off_the_booking_is_shared_to_the_dong(
    request_: Booking, desk: Member, director: Member
) -> None:
    approved(request_, NewDiscount("Hỗ trợ", amount=Money(1_000_001)), desk, director)
    assert sum(amounts(request_)) == H100 + CAM - 1_000_001


def test_what_is_charged_follows_and_a_draft_is_drawn_anew(
    request_: Booking, desk: Member, director: Member
) -> None:
    bookings.confirm(request_, by=desk)
    draft = invoices.draft_for(request_)
    before = draft.total_minor
    approved(request_, NewDiscount("Hỗ trợ", TEN), desk, director)
    assert [one.amount_minor for one in charges.live(request_)] == [8_100_000, 1_080_000]
    (redrawn,) = invoices.for_booking(request_)
    assert redrawn.total_minor < before
    # The charges that were taken back stay, for whoever reads the books.
    assert db.session.scalar(sa.select(sa.func.count(Charge.id))) == 4


def test_a_request_is_confirmed_at_the_price_less_the_discount(
    request_: Booking, desk: Member, director: Member
) -> None:
    approved(request_, NewDiscount("Hỗ trợ", TEN), desk, director)
    bookings.confirm(request_, by=desk)
    assert [one.amount_minor for one in charges.live(request_)] == [8_100_000, 1_080_000]


def test_what_is_on_an_issued_invoice_cannot_be_discounted_any_more(
    request_: Booking, desk: Member, director: Member
) -> None:
    bookings.confirm(request_, by=desk)
    discount = discounts.propose(request_, NewDiscount("Hỗ trợ", TEN), by=desk)
    invoices.issue(invoices.draft_for(request_), by=desk)
    with pytest.raises(InvoicedAlready, match="credit that invoice first"):
        discounts.approve(discount, by=director)


@pytest.mark.parametrize(
    ("new", "refused", "reason"),
    [
        (NewDiscount("  ", TEN), BadDiscount, "no reason"),
        (NewDiscount("x"), BadDiscount, "neither percentage nor amount"),
        (NewDiscount("x", TEN, Money(1)), BadDiscount, "both"),
        (NewDiscount("x", Decimal(0)), BadDiscount, "nothing"),
        (NewDiscount("x", Decimal(-5)), BadDiscount, "dearer"),
        (NewDiscount("x", Decimal("100.01")), BadDiscount, "more than all"),
        (NewDiscount("x", Decimal("0.001")), BadDiscount, "three digits"),
        (NewDiscount("x", amount=Money(0)), BadDiscount, "nothing"),
        (NewDiscount("x", amount=Money(-1)), BadDiscount, "below zero"),
        (NewDiscount("x", amount=Money(H100 + CAM + 1)), OverDiscount, "a đồng too much"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    request_: Booking, desk: Member, new: NewDiscount, refused: Any, reason: str
) -> None:
    with pytest.raises(refused):
        discounts.propose(request_, new, by=desk)
    assert discounts.of(request_) == [], reason


def test_two_discounts_that_together_come_to_more_than_the_price_are_refused(
    request_: Booking, desk: Member, director: Member
) -> None:
    sixty = NewDiscount("Một", Decimal(60))
    one = discounts.propose(request_, sixty, by=desk)
    two = discounts.propose(request_, sixty, by=desk)
    discounts.approve(one, by=director)
    with pytest.raises(OverDiscount, match="take less off"):
        discounts.approve(two, by=director)
    db.session.rollback()


def test_a_line_of_another_booking_is_refused(request_: Booking, desk: Member) -> None:
    other = asked("CAM")
    with pytest.raises(BadDiscount, match="not one of this booking"):
        discounts.propose(request_, NewDiscount("x", TEN, line=other.lines[0]), by=desk)


def test_a_booking_that_was_given_up_has_no_price_to_take_from(
    request_: Booking, desk: Member
) -> None:
    bookings.cancel(request_, by=desk)
    with pytest.raises(BadDiscount, match="no price"):
        discounts.propose(request_, NewDiscount("x", TEN), by=desk)


def test_it_is_decided_once_and_withdrawn_by_whoever_proposed_it(
    request_: Booking, desk: Member, director: Member
) -> None:
    discount = discounts.propose(request_, NewDiscount("x", TEN), by=desk)
    discounts.decline(discount, by=desk, reason="Nhầm")
    assert discount.status is DiscountStatus.WITHDRAWN
    with pytest.raises(DiscountDecided):
        discounts.approve(discount, by=director)
    again = discounts.propose(request_, NewDiscount("x", TEN), by=desk)
    assert [one.id for one in discounts.waiting()] == [again.id]
    discounts.decline(again, by=director, reason="Không")
    assert again.status is DiscountStatus.DECLINED
    assert amounts(request_) == [H100, CAM]
    assert [entry.verb for entry in journal.of(again)] == [
        "discount_proposed",
        "discount_declined",
    ]


def test_the_journal_of_the_booking_tells_who_approved_what(
    request_: Booking, desk: Member, director: Member
) -> None:
    approved(request_, NewDiscount("Khách quen", TEN), desk, director)
    entry = next(one for one in journal.of(request_) if one.verb == "discount_approved")
    assert entry.member_id == director.id
    assert entry.details["reason"] == "−10 % (Khách quen)"


def test_a_discount_of_a_line_goes_with_the_line(
    request_: Booking, desk: Member, director: Member
) -> None:
    approved(request_, NewDiscount("x", TEN, line=request_.lines[0]), desk, director)
    same = Period(request_.starts_at, request_.ends_at)
    bookings.change(request_, Changes(lines=[WantedLine("CAM", 1, same)]), by=desk)
    db.session.expire_all()
    assert amounts(request_) == [CAM]
    assert discounts.of(request_) == []


def test_an_unknown_discount_is_not_found(desk: Member) -> None:
    with pytest.raises(UnknownDiscount):
        discounts.get(1)


@pytest.mark.usefixtures("house")
def test_of_two_directors_who_approve_at_once_one_is_told(house: Any) -> None:
    with transaction():
        desk = build.desk()
        build.a_hall(code="H100", name="Hội trường lớn")
        booking = asked("H100")
        number = discounts.propose(booking, NewDiscount("x", TEN), by=desk).id
        directors = [build.a_member(unit=desk.unit, role=Role.DIRECTOR).id for _ in range(2)]

    def approve(director: int) -> bool:
        with house.app_context():
            try:
                with transaction():
                    by = db.session.get_one(Member, director)
                    discounts.approve(discounts.get(number), by=by)
            except DiscountDecided:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, directors)) == [False, True]


def a_price(minor: int) -> Priced:
    return Priced(
        Measure.EVENT, Fraction(1), 1, Money(minor), Money(minor), True, "s", "", "", "T", False
    )


REDUCTIONS = st.lists(
    st.one_of(
        st.builds(
            Reduction,
            st.just("x"),
            percent=st.decimals(Decimal("0.01"), 100, places=2),
            line_id=st.sampled_from([None, 0, 1, 2]),
        ),
        st.builds(
            Reduction,
            st.just("x"),
            amount=st.integers(1, 10**9).map(Money),
            line_id=st.sampled_from([None, 0, 1, 2]),
        ),
    ),
    max_size=5,
)


@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), REDUCTIONS)
def test_no_discount_makes_a_price_negative_or_dearer(
    prices: list[int], found: list[Reduction]
) -> None:
    lines = [(place, a_price(minor)) for place, minor in enumerate(prices)]
    for (_place, full), reduced in zip(lines, reductions.applied(lines, found), strict=True):
        assert Money(0) <= reduced.priced.amount <= full.amount
        assert (reduced.off or Money(0)) + reduced.priced.amount == full.amount


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8), st.integers(1, 10**9))
def test_an_amount_off_a_booking_is_shared_without_losing_a_dong(
    prices: list[int], off: int
) -> None:
    lines = [(place, a_price(minor)) for place, minor in enumerate(prices)]
    takes = reductions.would_take(lines, [Reduction("x", amount=Money(off))])
    assert total(taken for _price, taken in takes) == Money(off if any(prices) else 0)
