"""Asking to be told of listings and delistings."""

from tgbot.alerts.news import store
from tgbot.alerts.news.store import Wish
from tgbot.core.clock import Clock
from tgbot.core.errors import Refused
from tgbot.core.market import Topic
from tgbot.core.reply import T
from tgbot.db.engine import Database

MOST_WISHES = 50  # in one chat


class News:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow(self, chat_id: int, thread_id: int | None, person_id: int, topic: Topic, symbol: str) -> None:
        """From now on. Raises `Refused` when the chat has too many."""
        wish = Wish(0, chat_id, thread_id, person_id, topic, symbol, self._clock.now())
        async with self._database.write() as session:
            if await store.count_of(session, chat_id) >= MOST_WISHES:
                raise Refused(T.of("alerts.too_many", most=MOST_WISHES))
            await store.add(session, wish)

    async def drop(self, chat_id: int, topic: Topic, symbol: str) -> None:
        async with self._database.write() as session:
            await store.drop(session, chat_id, topic, symbol)

    async def of_chat(self, chat_id: int) -> list[Wish]:
        async with self._database.read() as session:
            return await store.of_chat(session, chat_id)
