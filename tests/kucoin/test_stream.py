"""One WebSocket against an exchange that misbehaves. Times are those of a clock that only the test moves."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clock import a_moment
from tests.ids import CountingIds
from tests.kucoin.conftest import HurryClock
from tests.kucoin.patience import eventually, passing, running
from tests.kucoin.sockets import Sockets, ticker
from tgbot.kucoin.dialer import Dialer
from tgbot.kucoin.feed import Frame
from tgbot.kucoin.stream import Stream

BTC = "/market/ticker:BTC-USDT"


@dataclass
class Ear:
    """Whoever listens to the stream in these tests."""

    frames: asyncio.Queue[Frame] = field(default_factory=asyncio.Queue)
    ups: int = 0
    refused: list[str] = field(default_factory=list)

    async def message(self, frame: Frame) -> None:
        self.frames.put_nowait(frame)

    async def up(self) -> None:
        self.ups += 1


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def stream(dialer: Dialer, clock: HurryClock, ids: CountingIds, ear: Ear) -> Stream:
    return Stream("test", dialer.public, clock, ids, ear.message, ear.up, ear.refused.append)


async def test_subscribed_topics_are_heard(stream: Stream, sockets: Sockets, ear: Ear) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        await client.push(BTC, ticker("67000", 1))
        assert (await ear.frames.get()).topic == BTC
    assert ear.ups == 1
    (message,) = client.saying("subscribe")
    assert message["privateChannel"] is False
    assert message["response"] is True


async def test_a_topic_added_later_is_asked_for_at_once_and_a_removed_one_left(
    stream: Stream, sockets: Sockets
) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        stream.subscribe("/market/ticker:ETH-USDT")
        await sockets.until_subscribed(BTC, "/market/ticker:ETH-USDT")
        stream.unsubscribe(BTC)
        await sockets.until(lambda: BTC not in client.topics)
    assert sockets.dials == 1


async def test_a_topic_taken_back_before_kucoin_was_told_stays_confirmed(stream: Stream, sockets: Sockets) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        await eventually(lambda: stream.up_since(BTC) < inf)
        stream.unsubscribe(BTC)
        stream.subscribe(BTC)
        await a_moment()
        assert stream.up_since(BTC) < inf
        stream.renew([BTC])
        assert stream.up_since(BTC) == inf
        await eventually(lambda: stream.up_since(BTC) < inf)
    assert [message["type"] for message in client.said] == ["subscribe", "unsubscribe", "subscribe"]


async def test_nothing_is_dialled_while_nothing_is_wanted(stream: Stream, sockets: Sockets) -> None:
    async with running(stream.run()):
        await a_moment()
        assert sockets.dials == 0


async def test_topics_go_out_a_hundred_to_a_message(stream: Stream, sockets: Sockets) -> None:
    topics = [f"/market/ticker:C{number}-USDT" for number in range(250)]
    for topic in [*topics, "/market/snapshot:BTC-USDT", "/market/ticker:all"]:
        stream.subscribe(topic)
    async with running(stream.run()):
        client = await sockets.until_subscribed(*topics, "/market/snapshot:BTC-USDT", "/market/ticker:all")
    lists = sorted(len(message["topic"].split(",")) for message in client.saying("subscribe"))
    assert lists == [1, 1, 50, 100, 100]


async def test_a_bad_topic_does_not_take_its_neighbours_along(stream: Stream, sockets: Sockets, ear: Ear) -> None:
    sockets.unknown_topics = {"/market/ticker:NO-PE"}
    for topic in (BTC, "/market/ticker:ETH-USDT", "/market/ticker:NO-PE"):
        stream.subscribe(topic)
    async with running(stream.run()):
        await sockets.until_subscribed(BTC, "/market/ticker:ETH-USDT")
        await sockets.until(lambda: len(sockets.client.saying("subscribe")) == 4)
        await eventually(lambda: ear.ups == 1)
    assert ear.refused == ["/market/ticker:NO-PE"]


async def test_a_ping_goes_out_every_interval_and_a_pong_keeps_the_line(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        await passing(clock, 60, lambda: len(client.saying("ping")) == 3)
    assert sockets.dials == 1


async def test_a_silent_server_is_left_when_its_pong_is_due(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    sockets.is_ponging = False
    stream.subscribe(BTC)
    async with running(stream.run()):
        await sockets.until_subscribed(BTC)
        took = await passing(clock, 60, lambda: sockets.dials == 2)
    assert 28 <= took <= 18 + 10 + 2


async def test_without_a_welcome_a_new_connection_is_made_with_a_new_token(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    sockets.is_welcoming = False
    stream.subscribe(BTC)
    async with running(stream.run()):
        await sockets.until(lambda: len(sockets.clients) == 1)
        assert await passing(clock, 10, lambda: len(sockets.clients) == 2) <= 7
        sockets.is_welcoming = True
        await passing(clock, 20, lambda: len(sockets.clients) == 3)
        await sockets.until_subscribed(BTC)
    assert len(set(sockets.tokens)) == len(sockets.tokens) == 3


async def test_a_request_that_is_never_confirmed_ends_the_connection(
    stream: Stream, sockets: Sockets, clock: HurryClock, ear: Ear
) -> None:
    sockets.is_acking = False
    stream.subscribe(BTC)
    async with running(stream.run()):
        await passing(clock, 20, lambda: sockets.dials == 2)
    assert ear.ups == 0


async def test_a_server_that_closes_at_once_is_not_stormed(stream: Stream, sockets: Sockets, clock: HurryClock) -> None:
    sockets.closes_at_once = True
    stream.subscribe(BTC)
    async with running(stream.run()):
        with pytest.raises(AssertionError):
            await passing(clock, 60, lambda: sockets.dials > 10)
    assert sockets.dials >= 5


async def test_after_a_stable_minute_the_next_dial_is_quick_again(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        for dials in (1, 2, 3):
            await passing(clock, 20, lambda dials=dials: len(sockets.clients) == dials)  # type: ignore[misc]  # mypy cannot type a lambda's default
            await sockets.until_subscribed(BTC)
            if dials < 3:
                await sockets.client.socket.close()
        pings = len(sockets.client.saying("ping"))
        await passing(clock, 100, lambda: len(sockets.client.saying("ping")) == pings + 4)
        await sockets.client.socket.close()
        assert await passing(clock, 20, lambda: sockets.dials == 4) <= 1


async def test_an_expired_token_is_no_reason_to_give_up(stream: Stream, sockets: Sockets, clock: HurryClock) -> None:
    sockets.handshake_status = 401
    stream.subscribe(BTC)
    async with running(stream.run()):
        await passing(clock, 10, lambda: sockets.dials == 3)
        sockets.handshake_status = None
        await passing(clock, 20, lambda: len(sockets.clients) == 1)
        await sockets.until_subscribed(BTC)
    assert len(set(sockets.tokens)) == len(sockets.tokens)


async def test_a_connection_is_renewed_before_kucoin_ends_it(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        await sockets.until_subscribed(BTC)
        await clock.until_sleeping(2)
        clock.advance(23 * 3600)
        await passing(clock, 5, lambda: sockets.dials == 2)
        await sockets.until_subscribed(BTC)


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "null",
        "[]",
        "{",
        '{"type":1}',
        '{"type":"unheard of"}',
        "[" * 20_000,
        b"\x00\xff",
        '{"type":"message","topic":5}',
        '{"type":"pong","id":' + "9" * 5000 + "}",
    ],
)
async def test_rubbish_is_counted_and_dropped(rubbish: str | bytes, stream: Stream, sockets: Sockets, ear: Ear) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        await client.socket.send(rubbish)
        await client.push(BTC, ticker("1", 1))
        assert (await ear.frames.get()).topic == BTC
    assert sum(stream.dropped.values()) == 1
    assert sockets.dials == 1


async def test_a_frame_beyond_all_measure_ends_the_connection_not_the_memory(
    stream: Stream, sockets: Sockets, clock: HurryClock
) -> None:
    stream.subscribe(BTC)
    async with running(stream.run()):
        client = await sockets.until_subscribed(BTC)
        with suppress(ConnectionClosed):
            await client.socket.send("x" * (10 * 1024 * 1024))
        await passing(clock, 10, lambda: sockets.dials == 2)


async def test_many_single_requests_keep_within_the_uplink(stream: Stream, sockets: Sockets, clock: HurryClock) -> None:
    for number in range(120):
        stream.subscribe(f"/market/snapshot:C{number}-USDT")
    async with running(stream.run()):
        await sockets.until(lambda: bool(sockets.clients) and len(sockets.client.saying("subscribe")) == 90)
        assert 9 <= await passing(clock, 20, lambda: len(sockets.client.saying("subscribe")) == 120) <= 11
