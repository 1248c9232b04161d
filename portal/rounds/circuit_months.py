"""Charges the months of periodic circuits as they begin."""

from billing import charges, circuit_months
from config import logs
from config.database import db, transaction
from config.errors import Refusal
from portal.jobs import queue
from rental.models import Booking

log = logs.get(__name__)


@queue.task(name="charge_months")
def charge_months() -> None:
    """Each booking by itself: one that is refused keeps none of the others back."""
    with transaction():
        waiting = circuit_months.to_charge()
    for booking_id in waiting:
        try:
            with transaction():
                added = charges.add_for(db.session.get_one(Booking, booking_id))
            log.info("months charged", booking=booking_id, count=len(added))
        except Refusal as refusal:
            log.warning("month not charged", booking=booking_id, problem=refusal.message)
