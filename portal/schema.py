"""Brings the database to the shape this version needs, once, however many processes ask."""

from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from procrastinate.schema import SchemaManager, migrations_path
from sqlalchemy import Connection

import billing.models  # noqa: F401  # create_all needs the tables of every floor
import monitoring.models  # noqa: F401
import portal.models  # noqa: F401
import rental.models  # noqa: F401
from config.database import Base, db
from config.errors import Unreachable

SQL = Path(__file__).parent / "migrations" / "sql"
# One upgrade at a time: the others wait for it and find nothing left to do.
UPGRADE_LOCK = 0x4D43_0001

QUEUE_STEPS = """
CREATE TABLE IF NOT EXISTS procrastinate_step (
    name varchar(200) PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class OutdatedSchema(Unreachable):
    """The database has another shape than this version needs; run `media-center upgrade`."""


def _queue_steps() -> list[str]:
    return sorted(path.name for path in migrations_path.glob("*.sql"))


def upgrade_queue(link: Connection) -> list[str]:
    """Make or update the tables of the job queue; the steps taken.

    Procrastinate ships one file with the whole and one for each step: an empty database takes the
    whole, an older one the steps it lacks.
    """
    link.exec_driver_sql(QUEUE_STEPS)
    known = set(link.scalars(sa.text("SELECT name FROM procrastinate_step")))
    missing = [name for name in _queue_steps() if name not in known]
    if not missing:
        return []
    if sa.inspect(link).has_table("procrastinate_jobs"):
        scripts = [(migrations_path / name).read_text() for name in missing]
    else:
        scripts = [SchemaManager.get_schema()]
    for script in scripts:
        link.exec_driver_sql(script.replace("%", "%%"))
    link.execute(
        sa.text("INSERT INTO procrastinate_step (name) VALUES (:name)"),
        [{"name": name} for name in missing],
    )
    return missing


def upgrade(app: Flask) -> None:
    """Bring the whole database to this version; harmless to repeat, alone at its work."""
    with app.app_context(), db.engine.begin() as link:
        link.execute(sa.text("SET LOCAL lock_timeout = 0"))
        link.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        Base.metadata.create_all(link)
        for script in sorted(SQL.glob("*.sql")):
            link.exec_driver_sql(script.read_text().replace("%", "%%"))
        upgrade_queue(link)


def is_current() -> bool:
    """Whether the database of the current app has this version's shape."""
    with db.engine.connect() as link:
        found = set(sa.inspect(link).get_table_names())
    return {*Base.metadata.tables, "procrastinate_jobs"} <= found
