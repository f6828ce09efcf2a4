"""Orders and trades as marks on a chart."""

from tgbot.core.orders import Side
from tgbot.core.people import Person
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.markets.charts.chart import Line, LineKind, Marks, Trade
from tgbot.trading import store
from tgbot.trading.fills import latest_fills

MOST_TRADES = 100

_KINDS = {Side.BUY: LineKind.BUY, Side.SELL: LineKind.SELL}


async def trading_marks(database: Database, keys: Keys, person: Person, symbol: str) -> Marks:
    """Prices and triggers of orders that wait, and the latest fills, on the account of the person's mode; nothing
    without an account.

    From our own tables: a chart need not wait for KuCoin to list them.
    """
    used = (key.id for key in await keys.linked(person) if key.is_active and key.mode is person.mode)
    key_id = next(used, None)
    if key_id is None:
        return Marks()
    async with database.read() as session:
        waiting = await store.pending_of(session, person.id, key_id)
        fills = await latest_fills(session, key_id, symbol, MOST_TRADES)
    here = [intent for intent in waiting if intent.spec.symbol == symbol]
    lines = [Line(_KINDS[one.spec.side], one.spec.price) for one in here if one.spec.price is not None]
    lines += [Line(_KINDS[one.spec.side], one.wait.price) for one in here if one.wait is not None]
    return Marks(tuple(lines), tuple(Trade(fill.side, fill.price, fill.at) for fill in fills))
