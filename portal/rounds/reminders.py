"""Reminds of invoices, each step once; what a missed day left out is caught up with one mail."""

from config import logs
from config.database import transaction
from portal import reminder_notices
from portal.jobs import queue

log = logs.get(__name__)

# Rows locked in one transaction.
AT_ONCE = 50


@queue.task(name="remind_invoices")
def remind_invoices() -> None:
    """Write until nothing is due any more; what was written in a killed round stays written."""
    written = 0
    while True:
        with transaction():
            batch = reminder_notices.remind_due(AT_ONCE)
        written += batch
        if not batch:
            break
    if written:
        log.info("invoices reminded", count=written)
