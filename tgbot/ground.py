"""What every feature stands on, built once."""

from dataclasses import dataclass

from tgbot.accounts.guards.service import Guards
from tgbot.approvals.handlers.policies import NamesOf
from tgbot.chat.groups import Groups
from tgbot.core.clock import Clock
from tgbot.core.ids import Ids, mark_of
from tgbot.core.people import Mode
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Outbox
from tgbot.exchanges import Exchanges
from tgbot.intake.store import Dialogues
from tgbot.kucoin.hub import TickerHub
from tgbot.markets.prices import PriceBoard, Prices
from tgbot.markets.symbols import Symbols
from tgbot.system import MarkedIds
from tgbot.trading.witness import Witness


@dataclass(frozen=True, slots=True)
class Ground:
    """What every feature stands on."""

    clock: Clock
    ids: Ids
    database: Database
    outbox: Outbox
    dialogues: Dialogues
    keys: Keys
    guards: Guards
    exchanges: Exchanges
    symbols: Symbols
    board: PriceBoard
    prices: Prices
    hub: TickerHub
    groups: Groups
    names_of: NamesOf
    witness: Witness
    mark: str


def lay_ground(
    clock: Clock,
    ids: Ids,
    database: Database,
    outbox: Outbox,
    keys: Keys,
    exchanges: Exchanges,
    groups: Groups,
    names_of: NamesOf,
    witness: Witness,
    installation: str,
) -> Ground:
    mark = mark_of(installation)
    board = PriceBoard(clock)
    board.listen(exchanges.handed.hand)
    hub = TickerHub(
        exchanges.dialers[Mode.LIVE].public,
        exchanges.market.all_tickers,
        clock,
        ids,
        on_tick=board.on_tick,
        on_gap=board.on_gap,
        on_stats=board.on_stats,
        on_refused=board.on_refused,
    )
    exchanges.handed.feed_from(hub)
    return Ground(
        clock=clock,
        ids=MarkedIds(ids, mark),
        database=database,
        outbox=outbox,
        dialogues=Dialogues(),
        keys=keys,
        guards=Guards(database, clock),
        exchanges=exchanges,
        symbols=Symbols(exchanges, clock, hub.compare),
        board=board,
        prices=Prices(exchanges.market, board),
        hub=hub,
        groups=groups,
        names_of=names_of,
        witness=witness,
        mark=mark,
    )
