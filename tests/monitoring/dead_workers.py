"""What a killed worker held: PostgreSQL frees it once it has noticed, and not with the signal."""

import time

import sqlalchemy as sa

from config.database import db

HELD = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock AND granted"
)


def wait_until_free(lock: int) -> None:
    """Wait until nobody holds the lock of any site."""
    until = time.monotonic() + 30
    while db.session.scalar(HELD, {"lock": lock}):
        db.session.rollback()
        assert time.monotonic() < until, "the lock of the dead was not freed"
        time.sleep(0.05)
    db.session.rollback()
