"""Orders made elsewhere whose fills are told, and the last known balances"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watched_orders",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("client_oid", sa.String(length=40), nullable=False),
        sa.Column("filled_size", tgbot.db.types.Money(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("since", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "order_id", name=op.f("pk_watched_orders")),
    )
    op.create_table(
        "last_balances",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=20), nullable=False),
        sa.Column("available", tgbot.db.types.Money(), nullable=False),
        sa.Column("hold", tgbot.db.types.Money(), nullable=False),
        sa.Column("at", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "currency", name=op.f("pk_last_balances")),
    )
    op.create_table(
        "balance_lists",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("at", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_balance_lists")),
    )


def downgrade() -> None:
    op.drop_table("balance_lists")
    op.drop_table("last_balances")
    op.drop_table("watched_orders")
