"""How Alembic sees this service: the tables of every floor, on the connection it is handed."""

import sqlalchemy as sa
from alembic import context

import billing.models
import monitoring.models
import portal.models
import rental.models  # noqa: F401
from config.database import Base, UtcDateTime


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Procrastinate keeps its own tables in its own way."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def plainly(kind: str, item: object, _: object) -> str | bool:
    """Write our own column types as what PostgreSQL has, so that no migration imports the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=is_ours,
    render_item=plainly,
)
with context.begin_transaction():
    context.run_migrations()
