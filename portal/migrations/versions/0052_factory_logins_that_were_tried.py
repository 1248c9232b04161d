"""Factory logins that were tried: one row an attempt, at most one waiting for each endpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of attempts."""
    op.create_table(
        "factory_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("vendor", sa.String(length=80), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=24), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["member.id"]),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_factory_try_endpoint_id", "factory_try", ["endpoint_id", "id"])
    op.create_index(
        "uq_factory_try_waiting",
        "factory_try",
        ["endpoint_id"],
        unique=True,
        postgresql_where=sa.text("tried_at IS NULL"),
    )


def downgrade() -> None:
    """Take the table away, and what was tried with it."""
    op.drop_table("factory_try")
