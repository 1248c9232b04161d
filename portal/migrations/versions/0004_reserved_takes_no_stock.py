"""The guard passes by what is reserved for some units."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
NEW = SQL / "0004_reserved_takes_no_stock.sql"
OLD = SQL / "0002_occupancy_guard.sql"


def upgrade() -> None:
    """Let `peak_taken` leave reserved closures out."""
    op.execute(NEW.read_text())


def downgrade() -> None:
    """Count them again."""
    op.execute(OLD.read_text())
