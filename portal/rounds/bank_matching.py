"""Matches the bookings of long statements: some a transaction, until none is left."""

from billing.bank import matches
from billing.bank.matches import Counts
from config import logs
from config.database import transaction
from portal.jobs import queue

log = logs.get(__name__)


@queue.task(name="match_bank_entries")
def match_bank_entries() -> None:
    """Look at what no one has looked at yet."""
    work()


def work() -> Counts:
    """Match step by step; what became of all of it. Killed, the next round goes on."""
    all_of_it = Counts()
    while True:
        with transaction():
            found = matches.step()
        if not (found.matched or found.queued):
            break
        all_of_it.matched += found.matched
        all_of_it.queued += found.queued
    if all_of_it.matched or all_of_it.queued:
        log.info("bank entries matched", matched=all_of_it.matched, queued=all_of_it.queued)
    return all_of_it
