"""The role that reads KuCoin's announcements and tells those whom they concern, each of them once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tgbot.alerts.news import store, views
from tgbot.alerts.news.store import Wish
from tgbot.alerts.rules.news import concerned, named
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeError
from tgbot.core.market import Announcement, Topic
from tgbot.core.notices import Kind
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority

log = structlog.get_logger()

LOOK_EVERY = timedelta(minutes=1)
LOOK_BACK = timedelta(days=7)
WORTH_TELLING = timedelta(days=2)


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
        coins_of: Callable[[int], Awaitable[frozenset[str]]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._source = source
        self._coins_of = coins_of
        self._settled: set[tuple[int, int]] = set()

    async def run(self) -> None:
        """Until cancelled. An exchange out of reach is asked again a minute later."""
        while True:
            try:
                await self._look()
            except ExchangeError as error:
                log.warning("announcements_unavailable", code=error.code)
            await self._clock.sleep(LOOK_EVERY.total_seconds())

    async def _look(self) -> None:
        async with self._database.read() as session:
            wishes = await store.every(session)
        for topic in Topic:
            wanted = [wish for wish in wishes if wish.topic is topic]
            if not wanted:
                continue
            for announcement in await self._source.announcements(topic, self._clock.now() - LOOK_BACK):
                for wish in wanted:
                    await self._tell(wish, announcement)

    async def _tell(self, wish: Wish, announcement: Announcement) -> None:
        key = (wish.id, announcement.id)
        if key in self._settled or announcement.at < wish.created_at:
            return
        coins = await self._coins(wish)
        found = concerned(announcement, coins)
        # A delisting that names no coin may be of any.
        if found or not coins or not named(announcement):
            async with self._database.write() as session:
                reply = views.told(announcement, wish, found)
                dedup_key = f"news:{wish.id}:{announcement.id}"
                notice = Notice(
                    wish.chat_id,
                    reply,
                    Priority.ALERT,
                    thread_id=wish.thread_id,
                    dedup_key=dedup_key,
                    expires_at=self._clock.now() + WORTH_TELLING,
                    kind=Kind.ALERT,
                )
                await self._outbox.put(session, notice)
            self._outbox.wake()
        self._settled.add(key)

    async def _coins(self, wish: Wish) -> frozenset[str]:
        """Those whose news are wanted; none where all are."""
        if wish.topic is Topic.LISTING:
            return frozenset()
        if wish.symbol:
            return frozenset({wish.symbol.partition("-")[0]})
        async with self._database.read() as session:
            watched = await store.coins_with_alerts(session, wish.chat_id)
        return watched | await self._coins_of(wish.person_id) | NO_COIN


# So that somebody who has nothing is not told everything.
NO_COIN = frozenset({""})
