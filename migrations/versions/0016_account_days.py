"""What each account was worth, day by day"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_days",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worth", tgbot.db.types.Money(length=80), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "day", name=op.f("pk_account_days")),
    )


def downgrade() -> None:
    op.drop_table("account_days")
