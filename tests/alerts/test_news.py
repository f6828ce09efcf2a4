"""News of listings and delistings: who is told, of what, and once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.alerts.chat import Chat, labels
from tests.alerts.desk import ANN, BORIS, BTC, Desk, read
from tests.clock import START
from tgbot.alerts.news import store
from tgbot.alerts.news.monitor import REFUSED_FOR, SILENT_FOR, NewsMonitor
from tgbot.alerts.news.service import News
from tgbot.alerts.rules.news import concerned, named, read_topic
from tgbot.core.errors import ExchangeError, ExchangeRejected, ExchangeUnavailable, Reason, Refused
from tgbot.core.market import Announcement, Topic
from tgbot.delivery.outbox import Outbox

GONE = "KuCoin Will Delist Certain Projects"
ABC_GOES = "KuCoin Will Delist Alphabet (ABC)"
DEAD_KEY, AWAY = (
    ExchangeRejected("400003", "KC-API-KEY not exists", Reason.KEY),
    ExchangeUnavailable("", "out of reach"),
)


@dataclass
class Newsroom:
    """`coins` are what people hold, `unread` why they cannot be read, and `asked` who was looked at."""

    desk: Desk
    coins: dict[int, frozenset[str]] = field(default_factory=dict)
    unread: dict[int, ExchangeError] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    @property
    def news(self) -> News:
        return News(self.desk.database, self.desk.clock)

    def publish(self, topic: Topic, title: str, text: str = "") -> None:
        self.desk.pass_time(seconds=1)
        number = len(self.desk.exchange.news) + 1
        self.desk.exchange.news.append(Announcement(number, topic, title, text, "", self.desk.clock.now()))

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        monitor = NewsMonitor(
            database=self.desk.database,
            clock=self.desk.clock,
            outbox=Outbox(self.desk.clock),
            source=self.desk.exchange,
            coins_of=self._coins_of,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(monitor.run())
            await self.desk.clock.until_sleeping()
            yield
            running.cancel()

    async def a_minute_later(self) -> list[tuple[int, str]]:
        """All that was told by then, and to whom."""
        asked = len(self.desk.exchange.calls)
        self.desk.pass_time(minutes=1)
        await self.desk.until(lambda: len(self.desk.exchange.calls) > asked)
        await self.desk.clock.until_sleeping()
        return [(said.chat_id, said.text.splitlines()[0]) for said in await self.desk.said()]

    async def _coins_of(self, person_id: int) -> frozenset[str]:
        self.asked.append(person_id)
        if person_id in self.unread:
            raise self.unread[person_id]
        return self.coins.get(person_id, frozenset())


@pytest.fixture
def room(desk: Desk) -> Newsroom:
    return Newsroom(desk)


async def test_a_listing_is_told_to_whoever_asked_and_once_through_all_lives(room: Newsroom) -> None:
    await room.news.follow(ANN, None, ANN, Topic.LISTING, "")
    await room.news.follow(BORIS, None, BORIS, Topic.DELISTING, "")
    room.publish(Topic.LISTING, "Scroll (SCR) Gets Listed on KuCoin!")
    told = [(ANN, "🆕 Scroll (SCR) Gets Listed on KuCoin!")]
    for _ in range(2):
        async with room.life():
            assert await room.a_minute_later() == told
            assert await room.a_minute_later() == told


async def test_what_was_published_before_is_no_news(room: Newsroom) -> None:
    room.publish(Topic.LISTING, "Old (OLD) Gets Listed")
    room.desk.pass_time(seconds=1)
    await room.news.follow(ANN, None, ANN, Topic.LISTING, "")
    async with room.life():
        assert await room.a_minute_later() == []


async def test_a_delisting_is_told_to_those_who_hold_trade_or_follow_the_coin(room: Newsroom) -> None:
    room.coins = {ANN: frozenset({"ABC", "KCS"})}
    for chat_id in (ANN, BORIS, 9):
        await room.news.follow(chat_id, None, chat_id, Topic.DELISTING, "")
    async with room.desk.life():
        await room.desk.set(f"{BTC} > 70000", chat_id=BORIS)
    room.publish(Topic.DELISTING, GONE, "Alphabet (ABC) and BTC/USDT will be gone")
    async with room.life():
        assert await room.a_minute_later() == [(ANN, f"⚠ {GONE}"), (BORIS, f"⚠ {GONE}")]
        said = await room.desk.said()
    assert "It speaks of ABC, which you have or follow." in said[0].text
    assert "It speaks of BTC, which you have or follow." in said[1].text


async def test_one_pair_may_be_followed_alone(room: Newsroom) -> None:
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, BTC)
    room.publish(Topic.DELISTING, "KuCoin Will Delist Ether (ETH)")
    room.publish(Topic.DELISTING, "KuCoin Will Delist Bitcoin (BTC)")
    async with room.life():
        assert await room.a_minute_later() == [(ANN, "⚠ KuCoin Will Delist Bitcoin (BTC)")]


async def test_what_names_no_coin_is_told_to_all(room: Newsroom) -> None:
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    room.publish(Topic.DELISTING, GONE)
    async with room.life():
        assert await room.a_minute_later() == [(ANN, f"⚠ {GONE}")]
        assert "It names no coin" in (await room.desk.said())[0].text


async def test_while_something_is_out_of_reach_nothing_is_lost(room: Newsroom) -> None:
    room.coins = {ANN: frozenset({"ABC"})}
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    room.publish(Topic.DELISTING, "KuCoin Will Delist Alphabet (ABC)")
    room.unread = {ANN: AWAY}
    async with room.life():
        assert await room.a_minute_later() == []
        room.unread, room.desk.exchange.is_down = {}, True
        assert await room.a_minute_later() == []
        room.desk.exchange.is_down = False
        assert len(await room.a_minute_later()) == 1


@pytest.mark.parametrize("error", [DEAD_KEY, AWAY])
async def test_an_account_that_cannot_be_read_silences_nobody_else(room: Newsroom, error: ExchangeError) -> None:
    room.unread = {ANN: error}
    room.coins = {BORIS: frozenset({"ABC"})}
    for chat_id in (ANN, BORIS):
        await room.news.follow(chat_id, None, chat_id, Topic.DELISTING, "")
    room.publish(Topic.DELISTING, ABC_GOES)
    async with room.life():
        assert await room.a_minute_later() == [(BORIS, f"⚠ {ABC_GOES}")]


@pytest.mark.parametrize(("error", "patience"), [(DEAD_KEY, REFUSED_FOR), (AWAY, SILENT_FOR)])
async def test_whose_account_stays_unread_is_told_in_the_end_and_that_nobody_could_look(
    room: Newsroom, error: ExchangeError, patience: timedelta
) -> None:
    room.unread = {ANN: error}
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    room.publish(Topic.DELISTING, ABC_GOES)
    async with room.life():
        room.desk.pass_time(seconds=patience.total_seconds() - 90)
        assert await room.a_minute_later() == []
        assert await room.a_minute_later() == [(ANN, f"⚠ {ABC_GOES}")]
        [said] = await room.desk.said()
        assert "I could not look up what you hold" in said.text
        room.unread = {}
        assert len(await room.a_minute_later()) == 1, "once"


async def test_what_an_unread_account_has_alerts_on_is_named_all_the_same(room: Newsroom) -> None:
    room.unread = {ANN: DEAD_KEY}
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    async with room.desk.life():
        await room.desk.set(f"{BTC} > 70000")
    room.publish(Topic.DELISTING, "KuCoin Will Delist Bitcoin (BTC)")
    async with room.life():
        room.desk.pass_time(seconds=REFUSED_FOR.total_seconds())
        await room.a_minute_later()
    [said] = await room.desk.said()
    assert "It speaks of BTC, which you have or follow.\nI could not look up what you hold" in said.text


async def test_at_each_look_a_person_is_asked_for_once_and_without_news_not_at_all(room: Newsroom) -> None:
    room.unread = {ANN: DEAD_KEY}
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    await room.news.follow(-5, None, ANN, Topic.DELISTING, "")
    await room.news.follow(BORIS, None, BORIS, Topic.DELISTING, "")
    async with room.life():
        await room.a_minute_later()
        assert room.asked == []
        for _ in range(3):
            room.publish(Topic.DELISTING, ABC_GOES)
        await room.a_minute_later()
        assert room.asked == [ANN, BORIS]
        await room.a_minute_later()
        assert room.asked == [ANN, BORIS, ANN], "what is settled asks for nobody"


async def test_listings_out_of_reach_keep_no_delisting_back(room: Newsroom) -> None:
    await room.news.follow(ANN, None, ANN, Topic.LISTING, "")
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    room.publish(Topic.DELISTING, GONE)
    room.desk.exchange.silent_topics.add(Topic.LISTING)
    async with room.life():
        assert await room.a_minute_later() == [(ANN, f"⚠ {GONE}")]


async def test_whoever_holds_what_a_pair_is_paid_in_hears_nothing_of_it(room: Newsroom) -> None:
    room.coins = {ANN: frozenset({"USDT"})}
    await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")
    await room.news.follow(BORIS, None, BORIS, Topic.DELISTING, BTC)
    room.publish(Topic.DELISTING, ABC_GOES, "The pairs ABC/USDT and ABC/BTC will be removed")
    async with room.life():
        assert await room.a_minute_later() == []


async def test_news_follow_a_group_that_becomes_a_supergroup(room: Newsroom) -> None:
    await room.news.follow(-5, 9, ANN, Topic.LISTING, "")
    async with room.desk.database.write() as session:
        await store.move_chat(session, -5, -100_5)
    room.publish(Topic.LISTING, "Scroll (SCR) Gets Listed on KuCoin!")
    async with room.life():
        assert [chat_id for chat_id, _ in await room.a_minute_later()] == [-100_5]
        assert [said.thread_id for said in await room.desk.said()] == [9], "the topic where it was wished for"


async def test_there_is_a_measure(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgbot.alerts.news.service.MOST_WISHES", 1)
    await room.news.follow(ANN, None, ANN, Topic.LISTING, "")
    with pytest.raises(Refused):
        await room.news.follow(ANN, None, ANN, Topic.DELISTING, "")


async def test_in_the_chat_it_is_set_listed_and_dropped(chat: Chat) -> None:
    for text, what in (
        ("listing", "new listings"),
        ("listing", "new listings"),
        ("btc delisting", "BTC-USDT delisting"),
        ("delisting", "delistings of my coins"),
    ):
        assert read(await chat.say(f"/alert {text}")).splitlines()[0] == f"🔔 Alert set: {what}"
    shown = await chat.say("/alerts")
    assert read(shown).splitlines()[-3:] == ["new listings", "BTC-USDT delisting", "delistings of my coins"]
    shown = await chat.press(shown, "✕ BTC-USDT delisting")
    assert labels(shown)[-2:] == [["✕ new listings"], ["✕ delistings of my coins"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("listing", (Topic.LISTING, "")),
        ("btc Delisting", (Topic.DELISTING, "btc")),
        ("delisting BTC-USDT", (Topic.DELISTING, "BTC-USDT")),
        ("btc > 5", None),
        ("listing delisting", None),
    ],
)
def test_reads_the_topic(text: str, found: tuple[Topic, str] | None) -> None:
    assert read_topic(text) == found


def test_coins_are_found_as_words_in_capitals() -> None:
    news = Announcement(1, Topic.DELISTING, "Delisting of Alphabet (ABC)", "XYZ-USDT too", "", START)
    assert named(news) == {"ABC", "XYZ"}
    assert concerned(news, frozenset({"ABC", "XYZ", "AB", "YZ", "BTC"})) == {"ABC", "XYZ"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ABC/USDT and ABC-BTC will be removed", set()),
        ("Delisting of ABC/USDT, USDT/EUR", {"USDT"}),
        ("Tether (USDT) goes, and with it ABC/USDT and ABC/BTC", {"USDT"}),
        ("BTC/USDT", {"BTC"}),
    ],
)
def test_of_a_pair_only_the_base_is_meant(text: str, found: set[str]) -> None:
    news = Announcement(1, Topic.DELISTING, GONE, text, "", START)
    assert concerned(news, frozenset({"USDT", "BTC"})) == found
