"""Alerts sleep and end"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STEP_BACK = "0.0005"


def upgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wakes_at", tgbot.db.types.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("ends_at", tgbot.db.types.UtcTime(), nullable=True))
        step_back = sa.Column("step_back", tgbot.db.types.Money(length=80), server_default=STEP_BACK, nullable=False)
        batch_op.add_column(step_back)
        batch_op.create_index("ix_alerts_wakes_at", ["wakes_at"], unique=False)
        batch_op.create_index("ix_alerts_ends_at", ["ends_at"], unique=False)

    with op.batch_alter_table("people", schema=None) as batch_op:
        step_back = sa.Column("step_back", tgbot.db.types.Money(length=80), server_default=STEP_BACK, nullable=False)
        batch_op.add_column(step_back)


def downgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("step_back")

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index("ix_alerts_ends_at")
        batch_op.drop_index("ix_alerts_wakes_at")
        batch_op.drop_column("step_back")
        batch_op.drop_column("ends_at")
        batch_op.drop_column("wakes_at")
