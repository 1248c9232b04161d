"""Every minute: gear that should be back and is not counts as out, and its renter is told."""

from config import logs
from config.database import transaction
from portal.jobs import queue
from rental import overdue

log = logs.get(__name__)


@queue.task(name="mind_overdue")
def mind_overdue() -> None:
    """Close what became overdue, push on what still is; the signal writes the mail."""
    with transaction():
        told = overdue.sweep()
    if told:
        log.info("overdue gear told", count=len(told))
