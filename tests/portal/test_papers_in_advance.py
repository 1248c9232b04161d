"""Quotation and contract of one booking ask for the same in advance."""

from datetime import timedelta

from flask import Flask

from config import clock
from config.database import transaction
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind
from rental.period import Period
from tests.portal.papers_world import set_up, text_of


def test_a_quotation_says_what_is_paid_in_advance_and_until_when(service: Flask) -> None:
    world = set_up()
    starts_at = world.booking.starts_at + timedelta(days=20)
    lines = [WantedLine("H100", 1, Period(starts_at, starts_at + timedelta(hours=13)))]
    wanted = RequestedBooking(world.booking.unit, "Diễn đàn", EventKind.FORUM, lines)
    with transaction():
        booking = bookings.request(wanted, by=world.desk)
    due_on = (starts_at.astimezone(clock.LOCAL) - timedelta(days=5)).strftime("%d/%m/%Y")
    text = text_of(service, booking, "quotation")
    assert f"Thanh toán trước 8.100.000 đ, chậm nhất ngày {due_on} (30 % của 27.000.000 đ)." in text
    contracted = text_of(service, booking, "contract")
    assert f"Bên B thanh toán trước 8.100.000 đ, chậm nhất ngày {due_on}" in contracted
