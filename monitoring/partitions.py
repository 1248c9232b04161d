"""Tables kept by time: partitions are made ahead, and dropped when all they hold is old.

A row of a time for which there is no partition (a clock that stepped, a worker that was away for
weeks) goes into the default partition and moves to its own when that is made. A partition's name
says from which day to which it reaches, in UTC.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from config import logs
from config.database import db, transaction

log = logs.get(__name__)

# Making or dropping a partition waits so long for those at work, then leaves it to the next round.
PATIENCE = "3s"
# How many partitions stand ready, and how many are made in one round at most.
READY = 3
MOST = 12
# A Monday: partitions of whole weeks begin on Mondays.
EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
_NAME = re.compile(r"_p(\d{8})_(\d{8})$")


@dataclass(frozen=True, slots=True)
class Parted:
    """A partitioned table, the days that each of its partitions takes, and by which column."""

    table: str
    days: int
    column: str = "at"

    @property
    def strays(self) -> str:
        """The name of its default partition."""
        return f"{self.table}_pdefault"


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its name and the half-open time it takes."""

    name: str
    since: datetime
    until: datetime


READINGS = Parted("reading", 7)
FIVE_MINUTES = Parted("rollup_five_minutes", 28, "starts_at")
HOURS = Parted("rollup_hour", 364, "starts_at")
ALL = (READINGS, FIVE_MINUTES, HOURS)


def of(parted: Parted) -> list[Partition]:
    """Its partitions but for the default one, oldest first."""
    names = db.session.scalars(
        sa.text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = CAST(:table AS regclass)"
        ),
        {"table": parted.table},
    )
    found = [
        Partition(name, _day(match[1]), _day(match[2]))
        for name, match in ((name, _NAME.search(name)) for name in names)
        if match is not None
    ]
    return sorted(found, key=lambda one: one.since)


def _day(digits: str) -> datetime:
    return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)


def wanted(parted: Parted, last: datetime | None, at: datetime) -> Iterator[Partition]:
    """The partitions still to be made so that `READY` stand ready after `at`. A pure function.

    They go on where the `last` ends. Without any, the first takes `at`.
    """
    span = timedelta(days=parted.days)
    began = EPOCH + (at - EPOCH) // span * span
    since = began if last is None else last
    for _ in range(MOST):
        if since > began + READY * span:
            return
        # Back into step with the weeks, where an older table ended in between.
        until = EPOCH + ((since - EPOCH) // span + 1) * span
        yield Partition(f"{parted.table}_p{since:%Y%m%d}_{until:%Y%m%d}", since, until)
        since = until


def make_ahead(parted: Parted, at: datetime) -> list[str]:
    """Make the partitions that are wanted; the names of those made. An edge: it commits each."""
    with transaction():
        there = of(parted)
    made = []
    for one in wanted(parted, there[-1].until if there else None, at):
        if not _settled(_making(parted, one)):
            break
        made.append(one.name)
    return made


def drop_before(parted: Parted, before: datetime) -> list[str]:
    """Drop the partitions of which nothing is younger; their names. An edge: it commits each."""
    with transaction():
        old = [one.name for one in of(parted) if one.until <= before]
        strays = sa.table(parted.strays, sa.column(parted.column))
        db.session.execute(sa.delete(strays).where(strays.c[parted.column] < before))
    return [name for name in old if _settled([f'DROP TABLE "{name}"'])]


def count_strays(parted: Parted) -> int:
    """Rows of a time for which there is no partition."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(parted.strays))) or 0


def _making(parted: Parted, one: Partition) -> list[str]:
    """Statements: apart from its table first, so that rows which strayed can move in."""
    since, until = one.since.isoformat(), one.until.isoformat()
    reach = f"FROM ('{since}') TO ('{until}')"
    taken = f"{parted.column} >= '{since}' AND {parted.column} < '{until}'"
    return [
        f'CREATE TABLE "{one.name}" (LIKE {parted.table} INCLUDING ALL)',
        # Every name and time of these stands in this file or was made from a date.
        f'INSERT INTO "{one.name}" SELECT * FROM {parted.strays} WHERE {taken}',  # noqa: S608
        f"DELETE FROM {parted.strays} WHERE {taken}",  # noqa: S608
        f'ALTER TABLE {parted.table} ATTACH PARTITION "{one.name}" FOR VALUES {reach}',
    ]


def _settled(statements: list[str]) -> bool:
    """Do it, unless others are at work for longer than we wait: then the next round does."""
    try:
        with transaction():
            db.session.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            # First what a poll locks first: both in one order never wait for each other.
            db.session.execute(sa.text("LOCK TABLE device IN ACCESS EXCLUSIVE MODE"))
            for statement in statements:
                db.session.execute(sa.text(statement))
    except OperationalError as busy:
        log.warning("partitions wait for the next round", problem=str(busy.orig).strip())
        return False
    return True
