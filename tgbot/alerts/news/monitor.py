"""The role that reads KuCoin's announcements and tells those whom they concern, each of them once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tgbot.alerts.news import store, views
from tgbot.alerts.news.holdings import CoinsOf, Holdings
from tgbot.alerts.news.store import Wish
from tgbot.alerts.rules.news import concerned, named
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError, ExchangeRejected
from tgbot.core.market import Announcement, Topic
from tgbot.core.notices import Kind
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority

log = structlog.get_logger()

LOOK_EVERY = timedelta(minutes=1)
LOOK_BACK = timedelta(days=7)
WORTH_TELLING = timedelta(days=2)
# For so long an announcement waits for an account that cannot be read; then it is told without knowing what is there.
# A refused key seldom gets better by itself, an exchange out of reach does.
REFUSED_FOR = timedelta(hours=1)
SILENT_FOR = timedelta(days=1)


class NewsSource(Protocol):
    async def announcements(self, topic: Topic, since: datetime) -> list[Announcement]: ...


class NewsMonitor:
    """`coins_of` tells which coins a person holds or has orders for; it raises `ExchangeError`. What an earlier process
    has told the outbox knows."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        source: NewsSource,
        coins_of: CoinsOf,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._source = source
        self._coins_of = coins_of
        self._settled: dict[tuple[int, int], datetime] = {}
        self._waiting_since: dict[tuple[int, int], datetime] = {}

    async def run(self) -> None:
        """Until cancelled. An exchange out of reach is asked again a minute later."""
        while True:
            await self._look()
            await self._clock.sleep(LOOK_EVERY.total_seconds())

    async def _look(self) -> None:
        async with self._database.read() as session:
            wishes = await store.every(session)
        self._forget(self._clock.now() - LOOK_BACK)
        holdings = Holdings(self._coins_of)
        for topic in Topic:
            wanted = [wish for wish in wishes if wish.topic is topic]
            for announcement in await self._published(topic) if wanted else ():
                for wish in wanted:
                    await self._tell(wish, announcement, holdings)

    def _forget(self, before: datetime) -> None:
        """What is not asked for any more."""
        self._settled = {key: at for key, at in self._settled.items() if at >= before}
        self._waiting_since = {key: at for key, at in self._waiting_since.items() if at >= before}

    async def _published(self, topic: Topic) -> Sequence[Announcement]:
        try:
            return await self._source.announcements(topic, self._clock.now() - LOOK_BACK)
        except ExchangeError as error:
            log.warning("announcements_unavailable", topic=topic, code=error.code)
            return ()

    async def _tell(self, wish: Wish, announcement: Announcement, holdings: Holdings) -> None:
        """What cannot be matched stays unsettled, and is tried again at the next look."""
        key = (wish.id, announcement.id)
        if key in self._settled or announcement.at < wish.created_at:
            return
        held = await holdings.of(wish.person_id) if _is_of_all_they_have(wish) else frozenset[str]()
        if isinstance(held, ExchangeError) and self._may_still_get_better(key, held):
            return
        self._waiting_since.pop(key, None)
        coins = await self._coins(wish, held)
        found = concerned(announcement, coins)
        # What names no coin may be of any, and so may be any for somebody of whom nobody knows what they have.
        if found or not coins or not named(announcement) or isinstance(held, ExchangeError):
            await self._owe(wish, announcement, views.Match(found, is_blind=isinstance(held, ExchangeError)))
        self._settled[key] = announcement.at

    def _may_still_get_better(self, key: tuple[int, int], error: ExchangeError) -> bool:
        now = self._clock.now()
        patience = REFUSED_FOR if isinstance(error, ExchangeRejected) else SILENT_FOR
        return now - self._waiting_since.setdefault(key, now) < patience

    async def _owe(self, wish: Wish, announcement: Announcement, match: views.Match) -> None:
        notice = Notice(
            wish.chat_id,
            views.told(announcement, wish, match),
            Priority.ALERT,
            thread_id=wish.thread_id,
            dedup_key=f"news:{wish.id}:{announcement.id}",
            expires_at=self._clock.now() + WORTH_TELLING,
            kind=Kind.ALERT,
        )
        async with self._database.write() as session:
            await self._outbox.put(session, notice)
        self._outbox.wake()

    async def _coins(self, wish: Wish, held: frozenset[str] | ExchangeError) -> frozenset[str]:
        """Those whose news are wanted, as far as they are known; none where all are."""
        if wish.topic is Topic.LISTING:
            return frozenset()
        if wish.symbol:
            return frozenset({wish.symbol.partition("-")[0]})
        async with self._database.read() as session:
            watched = await store.coins_with_alerts(session, wish.chat_id)
        return watched | NO_COIN | (frozenset() if isinstance(held, ExchangeError) else held)


# So that somebody who has nothing is not told everything.
NO_COIN = frozenset({""})


def _is_of_all_they_have(wish: Wish) -> bool:
    return wish.topic is Topic.DELISTING and not wish.symbol
