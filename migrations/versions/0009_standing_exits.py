"""Standing exits"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("exits", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("entry_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("entry_short", sa.String(length=10), nullable=True))
        batch_op.create_index(batch_op.f("ix_intents_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "standing_exits",
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["intents.id"], name=op.f("fk_standing_exits_entry_id_intents")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_standing_exits")),
    )
    with op.batch_alter_table("standing_exits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standing_exits_state"), ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("standing_exits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standing_exits_state"))

    op.drop_table("standing_exits")
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intents_entry_id"))
        batch_op.drop_column("entry_short")
        batch_op.drop_column("entry_id")
        batch_op.drop_column("exits")
