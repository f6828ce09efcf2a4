"""Alembic's entry. The connection and the metadata come from `tgbot.schema`, which holds the lock meanwhile."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
