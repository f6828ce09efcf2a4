"""Older copies that were put back, and the accounts that have been searched since"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restorations",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", tgbot.db.types.UtcTime(), nullable=False),
        sa.Column("lacked", sa.String(length=64), nullable=False),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_restorations_one_row")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_restorations")),
    )
    op.create_table(
        "searched_accounts",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("restored_at", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_searched_accounts")),
    )


def downgrade() -> None:
    op.drop_table("searched_accounts")
    op.drop_table("restorations")
