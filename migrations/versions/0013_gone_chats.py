"""Gone chats"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gone_chats",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_gone_chats")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_lost", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.drop_column("is_lost")

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("part")

    op.drop_table("gone_chats")
