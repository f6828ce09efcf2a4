"""Which accounts are listened to, and in what order."""

import ssl
from collections.abc import Collection

from tests.kucoin.patience import eventually, passing, running
from tests.trading.desk import Desk
from tgbot.core.people import Mode
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.readers import by_asyncio
from tgbot.portfolio.balances import LastBalances
from tgbot.trading.foreign import ForeignOrders
from tgbot.trading.streams import STANDING_A_MINUTE, AccountStreams

ORDERS = "/spotMarket/tradeOrdersV2"


async def test_whoever_has_sent_an_order_does_not_wait_behind_all_who_are_listened_to_for_ever(
    desk: Desk, ssl_context: ssl.SSLContext
) -> None:
    (sender,) = await desk.now.keys.linked(desk.person())
    standing = {(await desk.link(100 + number)).id for number in range(STANDING_A_MINUTE + 3)}

    async def all_standing() -> Collection[str]:
        return standing

    desk.clock.hurries = False
    streams = AccountStreams(
        keys=desk.now.keys,
        reconciler=desk.now.reconciler,
        adoption=desk.now.adoption,
        foreign=ForeignOrders(desk.database, desk.clock, desk.now.keys, desk.outbox, desk.now.fills_elsewhere),
        fills_elsewhere=desk.now.fills_elsewhere,
        balances=LastBalances(desk.database, desk.clock, desk.now.keys),
        needs=(all_standing,),
        dialers={Mode.LIVE: Dialer(desk.rest, ssl_context, desk.clock, desk.ids, by_asyncio())},
        clock=desk.clock,
        ids=desk.ids,
    )

    def heard() -> int:
        return len(desk.exchange.streams._readers.get(ORDERS, ()))

    def all_are_heard() -> bool:
        streams.follow({sender.id})
        return heard() == len(standing) + 1

    async with running(streams.run()):
        await eventually(lambda: heard() == STANDING_A_MINUTE)
        streams.follow({sender.id})
        await eventually(lambda: heard() == STANDING_A_MINUTE + 1)
        await passing(desk.clock, 70, all_are_heard)
