"""Which order an intent is the rest of"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rest_of", sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f("ix_intents_rest_of"), ["rest_of"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_intents_rest_of"), table_name="intents")
    op.drop_column("intents", "rest_of")
