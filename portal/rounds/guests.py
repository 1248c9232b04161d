"""Makes, moves and forgets the credentials with which guests join the Wi-Fi."""

from config import clock, logs
from config.database import transaction
from monitoring import guests
from portal import keys
from portal.jobs import queue, settings_here

log = logs.get(__name__)


@queue.task(name="settle_guests")
def settle_guests() -> None:
    """Each booking in a transaction of its own. No passphrase is ever in an argument or a log."""
    with transaction():
        due = guests.due(clock.now())
    if not due:
        return
    keyring = keys.keyring(settings_here())
    for booking_id in due:
        with transaction():
            guests.settle(booking_id, keyring, clock.now())
    log.info("guests settled", bookings=len(due))
