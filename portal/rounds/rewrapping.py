"""Wraps device credentials anew after their key-encryption key has changed."""

from collections.abc import Callable
from dataclasses import dataclass

from config import logs
from config.database import transaction
from monitoring import credentials
from monitoring.credentials import Keyring
from portal import jobs, keys
from portal.jobs import queue

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows were wrapped anew, and which no key opens."""

    count: int
    locked: list[str]


def work(keyring: Keyring, told: Callable[[int], None] = lambda _: None) -> Done:
    """Wrap what another key wraps, one row a transaction; `told` hears how many are done."""
    beyond = count = 0
    while True:
        with transaction():
            step = credentials.rewrap_next(keyring, beyond=beyond)
        if step is None:
            return Done(count, credentials.locked(keyring))
        beyond = step.credential_id
        if step.is_done:
            count += 1
            told(count)


@queue.task(name="rewrap_credentials")
def rewrap_credentials() -> None:
    """Go on until every credential is sealed with the key in use."""
    done = work(keys.keyring(jobs.settings_here()))
    log.info("credentials wrapped anew", count=done.count, locked=len(done.locked))
