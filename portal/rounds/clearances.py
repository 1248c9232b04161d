"""Reminds units of notices that are due soon."""

from config import logs
from config.database import transaction
from portal import clearance_notices
from portal.jobs import queue

log = logs.get(__name__)


@queue.task(name="remind_clearances")
def remind_clearances() -> None:
    """Write to the units whose notice is needed within two days, once for each deadline."""
    with transaction():
        written = clearance_notices.remind_due()
    if written:
        log.info("clearances reminded", count=written)
