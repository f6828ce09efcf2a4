"""Computed alerts"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("condition", sa.String(length=120), server_default="", nullable=False))

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.alter_column("condition", server_default=None, existing_type=sa.String(length=120))


def downgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_column("condition")
