"""Prices of the demo: things that lists price in other ways, and discounts of two people."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from billing import discounts
from billing.discounts import NewDiscount
from billing.money import Money
from config import clock
from rental import bookings, catalogue, units
from rental.asking import RequestedBooking, WantedLine
from rental.catalogue import NewResource
from rental.models import Booking, EventKind, Member, ResourceKind
from rental.period import Period

# Only things of its own are rented, so nothing is in the way.
DAYS = 11
HALL, EQUIPMENT = ResourceKind.HALL, ResourceKind.EQUIPMENT
THINGS = (
    NewResource(
        HALL,
        "STUDIO",
        "Phòng thu trực tiếp",
        name_en="Live studio",
        description="Giá theo buổi; buổi tối, cuối tuần và ngày lễ có giá riêng (mẫu).",
        seats=20,
        turnaround_after_minutes=30,
        tariff="broadcast_studio",
    ),
    NewResource(
        EQUIPMENT,
        "TEA",
        "Tiệc trà giữa giờ",
        stock=4,
        name_en="Refreshments",
        description="Tính theo số người dự (mẫu).",
        tariff="refreshments",
    ),
    NewResource(
        EQUIPMENT,
        "KITPV",
        "Bộ phỏng vấn (1 máy quay, 2 micro)",
        stock=2,
        name_en="Interview kit (a camera, two microphones)",
        category="video",
        tariff="interview_kit",
        parts={"CAM": 1, "MIC": 2},
    ),
)


def add(now: datetime) -> None:
    """Enter them as if they had come up over the last days."""
    site = catalogue.get("H100").site
    for thing in THINGS:
        catalogue.add(thing, site)
    desk, director = (
        units.member_by_email(f"{who}@centre.example") for who in ("desk", "director")
    )
    with clock.standing_at(now - timedelta(hours=30)):
        talk = _ask("member@unit-a.example", "Tọa đàm trực tuyến: Chuyển đổi số báo chí", now)
        regular = NewDiscount("Đơn vị tổ chức định kỳ hằng quý", percent=Decimal(10))
        approved = discounts.propose(talk, regular, by=desk)
    with clock.standing_at(now - timedelta(hours=26)):
        discounts.approve(approved, by=director)
    with clock.standing_at(now - timedelta(hours=4)):
        meeting = _ask("head@so-do-thi.example", "Gặp gỡ báo chí về nhà ở xã hội", now, later=1)
        support = NewDiscount("Hỗ trợ sự kiện cộng đồng", amount=Money(500_000))
        discounts.propose(meeting, support, by=desk)


def _ask(email: str, title: str, now: datetime, later: int = 0) -> Booking:
    member: Member = units.member_by_email(email)
    day = now.astimezone(clock.LOCAL).date() + timedelta(days=DAYS + later)
    if day.weekday() == 6:
        day += timedelta(days=2)
    ends = (datetime.combine(day, at, clock.LOCAL) for at in (time(13, 30), time(19)))
    period = Period(*ends)
    lines = [
        WantedLine("STUDIO", 1, period, ("early_cooling",) if not later else ()),
        WantedLine("TEA", 1, period),
    ]
    wanted = RequestedBooking(member.unit, title, EventKind.SEMINAR, lines, attendees=18)
    return bookings.request(wanted, by=member)
