"""Confirmations as each person wants them"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        for name, default in (("most_drift", "0.5"), ("typed_above", "1000")):
            money = tgbot.db.types.Money(length=80)
            batch_op.add_column(sa.Column(name, money, server_default=default, nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("typed_above")
        batch_op.drop_column("most_drift")
