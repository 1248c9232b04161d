"""Brings the database to the shape this version needs, once, however many processes ask."""

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from procrastinate.schema import SchemaManager, migrations_path
from sqlalchemy import Connection

import billing.models  # noqa: F401  # the tables of every floor
import monitoring.models  # noqa: F401
import portal.models  # noqa: F401
import rental.models  # noqa: F401
from config.database import Base, db

# As `monitoring.partitions` names them.
PARTITION = re.compile(r"_p(\d{8}_\d{8}|default)$")
MIGRATIONS = Path(__file__).parent / "migrations"
# One upgrade at a time: the others wait for it and find nothing left to do.
UPGRADE_LOCK = 0x4D43_0001

QUEUE_STEPS = """
CREATE TABLE IF NOT EXISTS procrastinate_step (
    name varchar(200) PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the migrations speak of it.

    Procrastinate keeps its own tables in its own way, and partitions come and go by themselves.
    """
    if kind != "table" or name is None:
        return True
    return not (name.startswith("procrastinate_") or PARTITION.search(name))


def _alembic(link: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = link
    return config


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


def upgrade_on(link: Connection) -> None:
    """Bring the database of this connection to this version, in its transaction."""
    link.execute(sa.text("SET LOCAL lock_timeout = 0"))
    link.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
    command.upgrade(_alembic(link), "head")
    upgrade_queue(link)


def upgrade(app: Flask) -> None:
    """Bring the whole database to this version; harmless to repeat, alone at its work."""
    with app.app_context(), db.engine.begin() as link:
        upgrade_on(link)


def downgrade_on(link: Connection, revision: str) -> None:
    """Take the database of this connection back to an earlier revision; data may be lost."""
    command.downgrade(_alembic(link), revision)


def write_migration(link: Connection, message: str) -> None:
    """Write the next numbered migration from what the models say and the database lacks."""
    script = ScriptDirectory.from_config(_alembic())
    # Not by their count: numbers may be left out.
    number = max((int(each.revision) for each in script.walk_revisions()), default=0) + 1
    command.revision(_alembic(link), message, autogenerate=True, rev_id=f"{number:04}")


def drift(link: Connection) -> list[object]:
    """What the models say and the migrated database does not, or the other way round."""
    context = MigrationContext.configure(link, opts={"include_name": is_ours})
    return list(compare_metadata(context, Base.metadata))


def is_empty() -> bool:
    """Whether the database of the current app holds no table at all."""
    with db.engine.connect() as link:
        return not sa.inspect(link).get_table_names()
