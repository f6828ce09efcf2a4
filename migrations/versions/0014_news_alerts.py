"""News alerts"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "news_alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=10), nullable=False),
        sa.Column("symbol", sa.String(length=40), nullable=False),
        sa.Column("created_at", tgbot.db.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_alerts")),
        sa.UniqueConstraint("chat_id", "topic", "symbol", name=op.f("uq_news_alerts_chat_id_topic_symbol")),
    )


def downgrade() -> None:
    op.drop_table("news_alerts")
