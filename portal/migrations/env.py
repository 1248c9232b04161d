"""How Alembic sees this service: the tables of every floor, on the connection it is handed."""

import sqlalchemy as sa
from alembic import context

from config.database import Base, UtcDateTime
from portal.schema import is_ours


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
