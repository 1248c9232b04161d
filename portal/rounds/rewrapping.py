"""Wraps credentials and configurations anew after their key-encryption key has changed."""

from collections.abc import Callable
from dataclasses import dataclass

from config import logs
from config.database import transaction
from monitoring.credentials import Keyring
from portal import jobs, keys, sealed_rows
from portal.jobs import queue

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows were wrapped anew, and which no key opens."""

    count: int
    locked: list[str]


def work(keyring: Keyring, told: Callable[[int], None] = lambda _: None) -> Done:
    """Wrap what another key wraps, one row a transaction; `told` hears how many are done."""
    count = 0
    for rewrap_next in sealed_rows.REWRAP_NEXT:
        beyond = 0
        while True:
            with transaction():
                step = rewrap_next(keyring, beyond=beyond)
            if step is None:
                break
            beyond = step.row_id
            if step.is_done:
                count += 1
                told(count)
    with transaction():
        return Done(count, sealed_rows.locked(keyring))


@queue.task(name="rewrap_credentials")
def rewrap_credentials() -> None:
    """Go on until everything is sealed with the key in use."""
    done = work(keys.keyring(jobs.settings_here()))
    log.info("credentials wrapped anew", count=done.count, locked=len(done.locked))
