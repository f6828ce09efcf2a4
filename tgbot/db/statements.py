"""Statements that the two databases spell alike but SQLAlchemy keeps apart."""

from sqlalchemy.dialects import postgresql, sqlite

from tgbot.db.engine import WriteSession
from tgbot.db.types import Base


def insert_into(session: WriteSession, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An `INSERT` that can be told `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)
