"""Keys that were disconnected, and their accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=5), nullable=False),
        sa.Column("uid", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_keys")),
    )
    with op.batch_alter_table("former_keys", schema=None) as batch_op:
        batch_op.create_index("ix_former_keys_person_id", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("former_keys")
