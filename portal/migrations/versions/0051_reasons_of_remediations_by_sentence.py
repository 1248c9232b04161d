"""Reasons of remediations by sentence, and what a device kept before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was kept in English stays a sentence of its own, without values."""
    of_json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("remediation", sa.Column("kept_before", of_json, nullable=True))
    op.add_column(
        "remediation",
        sa.Column("reasons", of_json, server_default=sa.text("'[]'"), nullable=False),
    )
    op.execute(
        "UPDATE remediation SET reasons = jsonb_build_array(jsonb_build_object("
        "'template', reason, 'values', '{}'::jsonb)) WHERE reason <> ''"
    )
    op.drop_column("remediation", "reason")


def downgrade() -> None:
    """Keep the sentences without their values."""
    op.add_column("remediation", sa.Column("reason", sa.Text(), nullable=True))
    op.execute(
        "UPDATE remediation SET reason = (SELECT string_agg(one ->> 'template', ' ')"
        " FROM jsonb_array_elements(reasons) AS one)"
    )
    op.drop_column("remediation", "reasons")
    op.drop_column("remediation", "kept_before")
