"""All tables of all features, and bringing a database up to date."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData

import tgbot.accounts.guards.store
import tgbot.accounts.notices.store
import tgbot.accounts.store
import tgbot.alerts.news.store
import tgbot.alerts.store
import tgbot.alerts.watches.store
import tgbot.approvals.store.desks
import tgbot.approvals.store.policies
import tgbot.approvals.store.proposals
import tgbot.audit.store
import tgbot.credentials.store
import tgbot.db.leases
import tgbot.delivery.store
import tgbot.intake.store
import tgbot.portfolio.last_balances
import tgbot.portfolio.store
import tgbot.trading.fills
import tgbot.trading.older_copy
import tgbot.trading.standing
import tgbot.trading.store
import tgbot.trading.watched  # noqa: F401 - importing a store adds its tables to the metadata
from tgbot.core.errors import ConfigError
from tgbot.db.engine import Database
from tgbot.db.types import Base
from tgbot.packaged import folder

METADATA: MetaData = Base.metadata


async def migrate(database: Database) -> None:
    """To the newest revision, in one transaction that a second process waits for. Raises `ConfigError`, changing
    nothing, for a database that cannot be opened, is damaged, or was written by a newer release."""
    await database.check()
    async with database.exclusive() as session:
        connection = await session.connection()
        await connection.run_sync(_upgrade)


def alembic_config(connection: Connection) -> Config:
    """For alembic's commands on the database of this connection."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = METADATA
    return config


def _upgrade(connection: Connection) -> None:
    # Most starts find nothing to do, and reading every migration to see that is a good part of a start.
    newest = max(file.name.partition("_")[0] for file in folder("migrations").glob("versions/*.py"))
    if MigrationContext.configure(connection).get_current_revision() == newest:
        return
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise ConfigError(
            f"The database does not fit this release of tgbot ({error}). It was probably written by a newer one: "
            "install that again, or restore a backup made before it."
        ) from error
