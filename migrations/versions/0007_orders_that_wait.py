"""Orders that wait for a price"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wait", sa.Text(), nullable=True))

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_at", tgbot.db.types.UtcTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("seen_at")

    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_column("wait")
