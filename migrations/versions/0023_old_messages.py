"""Old messages are found by when they were sent or received"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_outbox_state_outbox_sent_at"), "outbox", ["state", "sent_at"], unique=False)
    # What was left out had no time by which it could be found.
    op.execute(sa.text("UPDATE outbox SET expires_at = created_at WHERE state = 'stale' AND expires_at IS NULL"))
    op.create_index(op.f("ix_inbox_state_inbox_received_at"), "inbox", ["state", "received_at"], unique=False)
    op.drop_index(op.f("ix_inbox_state"), table_name="inbox")


def downgrade() -> None:
    op.create_index(op.f("ix_inbox_state"), "inbox", ["state"], unique=False)
    op.drop_index(op.f("ix_inbox_state_inbox_received_at"), table_name="inbox")
    op.drop_index(op.f("ix_outbox_state_outbox_sent_at"), table_name="outbox")
