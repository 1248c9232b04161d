"""Say what a piece stands in for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name what was booked, where an equal model went in its place."""
    op.add_column("movement", sa.Column("instead_of_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_movement_instead_of_id_resource"),
        "movement",
        "resource",
        ["instead_of_id"],
        ["id"],
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_constraint(
        op.f("fk_movement_instead_of_id_resource"), "movement", type_="foreignkey"
    )
    op.drop_column("movement", "instead_of_id")
