"""An older copy of the database is put back while a ticket in it still looks good."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from tests.flows.stage import Stage
from tests.flows.test_orders import connect, placed


async def test_a_copy_that_is_put_back_voids_its_tickets_and_finds_the_order_it_lacks(
    stage: Stage, tmp_path: Path
) -> None:
    ann = stage.seat("Ann")
    file, older = Path(make_url(stage.settings.database_url.get_secret_value()).database or ""), tmp_path / "older.db"
    async with stage.bot():
        await connect(ann, await stage.kucoin_account())
        ticket = await ann.say("/buy btc 0.01btc @ 66000", "^Buy BTC-USDT")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(older)) as copy:
            source.backup(copy)
        await ann.press("Confirm", "^Placed", ticket)
    put_back(older, file)
    async with stage.bot():
        fresh = await ann.say("/orders", "^1 open order")
        assert "made elsewhere" in fresh.text
        assert "void" in await ann.press_for_toast("Confirm", ticket, data=_confirm(ticket.text))
        await ann.say("/buy btc 100", "^Not yet: a backup was put back")
        await ann.hears("^1 order found at KuCoin", 40)
        await ann.hears("^Placed: buy 0.01 BTC at 66,000", 20)
        assert len(placed(stage)) == 1
        await ann.say("/buy btc 100", "^Buy BTC-USDT")


def put_back(older: Path, file: Path) -> None:
    for name in (f"{file}-wal", f"{file}-shm"):
        Path(name).unlink(missing_ok=True)
    older.replace(file)


def _confirm(text: str) -> str:
    """What the ticket's button asked for; the message has moved on."""
    return f"ticket_ok:{text.rsplit('#', 1)[1][:4]}"
