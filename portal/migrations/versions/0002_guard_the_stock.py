"""The triggers that refuse to take more of a resource than there is."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARD = Path(__file__).parent.parent / "sql" / "0002_occupancy_guard.sql"


def upgrade() -> None:
    """Make the functions and their triggers."""
    op.execute(GUARD.read_text())


def downgrade() -> None:
    """Drop them; nothing guards the stock after that."""
    op.execute("DROP TRIGGER occupancy_guard ON occupancy")
    op.execute("DROP TRIGGER stock_guard ON resource")
    op.execute("DROP FUNCTION guard_occupancy, guard_stock, peak_taken")
