"""Devices that need legacy SSH."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column(
        "device",
        sa.Column("needs_legacy_ssh", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("device", "needs_legacy_ssh")
