"""An older copy of the database, made and put back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.trading.desk import Desk
from tgbot.db.engine import Database


def back_up(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(database.url.database or "")) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)


async def restore(desk: Desk, file: Path) -> None:
    """In the place of the database; then the bot starts."""
    await desk.database.close()
    path = Path(desk.database.url.database or "")
    shutil.copy(file, path)
    desk.database = Database(f"sqlite+aiosqlite:///{path}")
    await start(desk)


async def start(desk: Desk) -> None:
    """Another life of the bot, as far as the older copy matters."""
    desk.restart()
    await desk.now.restoration.begin()
