"""Lodges the notices that an event needs, for tests that are about something else."""

from config import clock
from rental import attachments, clearances
from rental.attachments import Upload
from rental.models import Booking
from tests import files


def lodge(booking: Booking) -> None:
    """Upload and lodge in time every notice the booking needs; the caller commits."""
    for clearance in clearances.of(booking):
        notice = attachments.add(booking, Upload("thông báo.pdf", files.pdf()), by=booking.member)
        # An event of a test may have begun already; its notice was lodged in time.
        lodged_at = min(clock.now(), clearance.deadline)
        clearances.lodge(clearance, notice, lodged_at=lodged_at, by=booking.member)
