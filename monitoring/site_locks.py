"""One worker at a time does a kind of work at a site; the lock of one that died is freed."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from config.database import db


@contextmanager
def held(lock: int, site_id: int) -> Iterator[bool]:
    """Whether the lock is ours; it is given back at the end, or with the connection."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        take, give = sa.func.pg_try_advisory_lock, sa.func.pg_advisory_unlock
        is_mine = bool(link.scalar(sa.select(take(lock, site_id))))
        try:
            yield is_mine
        finally:
            if is_mine:
                link.execute(sa.select(give(lock, site_id)))
