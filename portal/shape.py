"""Whether the database has the shape this version needs: asked often, so without Alembic."""

from pathlib import Path

import sqlalchemy as sa

from config.database import db

VERSIONS = Path(__file__).parent / "migrations" / "versions"


def head() -> str:
    """The newest numbered migration of this version."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def is_current() -> bool:
    """Whether the database of the current app was brought to this version, or a newer one."""
    with db.engine.connect() as link:
        if not sa.inspect(link).has_table("alembic_version"):
            return False
        found = link.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found is not None and str(found) >= head()
