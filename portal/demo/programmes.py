"""Programmes and people of the demo's events: invented names, numbers that nobody has."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config.database import db
from rental import programme
from rental.models import Booking, BookingStatus, Line, ResourceKind
from rental.programme import NewContact, NewEntry

PLANNED = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)
QUARTER = timedelta(minutes=15)
LEADS = ("Ban tổ chức", "Bà Đỗ Thu Hằng", "Ông Phan Quốc Việt", "Bà Lý Ngọc Ánh")
HOSTS = ("Trịnh Bảo Ngọc", "Hoàng Gia Huy", "Vũ Thảo My", "Đặng Nhật Minh")
CREW = ("Ngô Thanh Tùng", "Châu Minh Khang", "Tạ Quang Vinh")


def add(now: datetime) -> None:
    """Give every second event that is promised and not over a programme and its people."""
    found = db.session.scalars(
        sa.select(Booking)
        .where(Booking.status.in_(PLANNED), Booking.ends_at > now)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
    )
    for number, booking in enumerate(found.unique()):
        if number % 2 == 0:
            people = list(_people(number))
            programme.replace(booking, list(_points(booking, number)), people, by=booking.member)


def _points(booking: Booking, number: int) -> Iterator[NewEntry]:
    halls = [line for line in booking.lines if line.resource.kind is ResourceKind.HALL]
    stage = (halls or booking.lines)[0]
    starts_at, ends_at, where = stage.starts_at, stage.ends_at, stage.resource.code
    opens, asks = starts_at + 2 * QUARTER, ends_at - 3 * QUARTER
    host, speaker = HOSTS[number % len(HOSTS)], LEADS[1 + number % 3]
    yield NewEntry(starts_at, "Đón khách, đăng ký báo chí", opens, LEADS[0], where)
    yield NewEntry(opens, "Khai mạc, giới thiệu đại biểu", opens + QUARTER, host, where)
    if opens + QUARTER < asks:
        yield NewEntry(opens + QUARTER, "Phần trình bày chính", asks, speaker, where)
        yield NewEntry(asks, "Hỏi đáp với phóng viên", ends_at - QUARTER, host, where)
    yield NewEntry(ends_at - QUARTER, "Bế mạc", None, LEADS[0])


def _people(number: int) -> Iterator[NewContact]:
    host, crew = HOSTS[number % len(HOSTS)], CREW[number % len(CREW)]
    yield NewContact("Dẫn chương trình", host, f"0900 000 {number:03}", None)
    yield NewContact("Phụ trách kỹ thuật", crew, f"0900 001 {number:03}", "kythuat@unit.example")
    yield NewContact("Liên hệ báo chí", LEADS[2], f"0900 002 {number:03}", "baochi@unit.example")
