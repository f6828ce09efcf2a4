"""Kinds of notices"""

import sqlalchemy as sa
from alembic import op

import tgbot.db.types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_choices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_choices")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_notice_choices_person_id_name")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("is_kept", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("not_before", tgbot.db.types.UtcTime(), server_default="0", nullable=False))
        batch_op.create_index(op.f("ix_outbox_state_outbox_not_before"), ["state", "not_before"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_outbox_state_outbox_not_before"))
        batch_op.drop_column("not_before")
        batch_op.drop_column("is_kept")
        batch_op.drop_column("kind")

    op.drop_table("notice_choices")
