"""Reasons of ports by sentence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

COLUMNS = (("port_change", "reason"), ("port_state", "failure"))


def upgrade() -> None:
    """What was kept in English stays a sentence of its own, without values."""
    for table, before in COLUMNS:
        op.add_column(
            table,
            sa.Column(
                "reasons",
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'[]'"),
                nullable=False,
            ),
        )
        op.execute(
            f"UPDATE {table} SET reasons = jsonb_build_array(jsonb_build_object("
            f"'template', {before}, 'values', '{{}}'::jsonb)) WHERE {before} IS NOT NULL"
        )
        op.drop_column(table, before)


def downgrade() -> None:
    """Keep the first sentence without its values."""
    for table, before in COLUMNS:
        op.add_column(table, sa.Column(before, sa.Text(), nullable=True))
        op.execute(f"UPDATE {table} SET {before} = reasons -> 0 ->> 'template'")
        op.drop_column(table, "reasons")
