"""Holds and the waitlist come round: what has lapsed, who is warned, and who is offered a date."""

from config import logs
from config.database import transaction
from portal.jobs import queue
from rental import hold_ends, waitlist

log = logs.get(__name__)


@queue.task(name="lapse_holds")
def lapse_holds() -> None:
    """End the holds whose time is over, and warn those whose last day has begun."""
    with transaction():
        ended = hold_ends.lapse_overdue()
    with transaction():
        warned = hold_ends.warn_expiring()
    if ended or warned:
        log.info("holds looked at", lapsed=len(ended), warned=len(warned))


@queue.task(name="sweep_waitlist")
def sweep_waitlist() -> None:
    """Offer what has become free to those who waited longest."""
    with transaction():
        offered = waitlist.sweep()
    if offered:
        log.info("waitlist offered", count=len(offered))
