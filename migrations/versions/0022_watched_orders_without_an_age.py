"""Watched orders without an age: how long one was missed counts from its first miss"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("watched_orders", schema=None) as batch_op:
        batch_op.drop_column("since")


def downgrade() -> None:
    with op.batch_alter_table("watched_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", tgbot.db.types.UtcTime(), nullable=False, server_default="0"))
