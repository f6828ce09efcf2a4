"""How long an order stays in doubt: from the moment it is sent until its state is one that the exchange has told.

The scenario's own database notes both moments, by the bot's clock, so that a bot that was killed or replaced in between
counts as well. What was left to a person is no truth yet."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from tgbot.db.engine import Database
from tgbot.trading.rules.settlement import UNSETTLED, State

_IN_DOUBT = ", ".join(f"'{state}'" for state in sorted(UNSETTLED | {State.INDETERMINATE, State.CHECKED}))
_NOTES = f"""
    CREATE TABLE truths (intent_id TEXT PRIMARY KEY, sent_at INTEGER NOT NULL, known_at INTEGER);
    CREATE TRIGGER is_sent AFTER UPDATE OF state ON intents WHEN NEW.state = '{State.SENT}' BEGIN
        INSERT INTO truths (intent_id, sent_at) VALUES (NEW.id, NEW.changed_at);
    END;
    CREATE TRIGGER is_known AFTER UPDATE OF state ON intents WHEN NEW.state NOT IN ({_IN_DOUBT}) BEGIN
        UPDATE truths SET known_at = NEW.changed_at WHERE intent_id = NEW.id AND known_at IS NULL;
    END;
"""  # noqa: S608 - names of states


def noting(blank: Path, folder: Path) -> Path:
    """A copy of this empty SQLite database that notes the moments."""
    copy = Path(shutil.copy(blank, folder / "noting.db"))
    with closing(sqlite3.connect(copy)) as database:
        database.executescript(_NOTES)
    return copy


async def doubts(database: Database) -> dict[str, timedelta]:
    """Of each order whose truth is known, by its intent, how long it was in doubt. Nothing of a database that notes
    no moments."""
    is_noting = text("SELECT count(*) FROM sqlite_schema WHERE name = 'truths'")
    query = text("SELECT intent_id, known_at - sent_at FROM truths WHERE known_at IS NOT NULL")
    async with database.read() as session:
        if not database.is_sqlite or not await session.scalar(is_noting):
            return {}
        return {intent: timedelta(microseconds=took) for intent, took in await session.execute(query)}
