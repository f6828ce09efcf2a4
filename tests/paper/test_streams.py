"""The WebSocket side over real sockets: the protocol, the public topics, the private ones."""

import asyncio
import json
from dataclasses import replace

import pytest
import websockets

from tests.paper.conftest import RULES, Floor
from tests.paper.reader import Reader, address, dial
from tests.paper.trader import Trader


async def test_endpoint_is_the_address_that_the_bullet_was_asked_at(floor: Floor) -> None:
    assert (await address(floor)).startswith(floor.url.replace("http://", "ws://"))


@pytest.mark.parametrize("query", ["?token=forged&connectId=c1", ""])
async def test_unknown_token_is_refused(floor: Floor, query: str) -> None:
    url = floor.url.replace("http://", "ws://") + "/endpoint" + query
    async with websockets.connect(url) as socket:
        frame = json.loads(await socket.recv())
        assert (frame["type"], frame["code"], frame["data"]) == ("error", 401, "token is expired")
        await Reader(socket).closed()


async def test_token_expires_after_a_day(floor: Floor) -> None:
    url = await address(floor)
    floor.clock.advance(24 * 3600)
    async with websockets.connect(url) as socket:
        assert json.loads(await socket.recv())["code"] == 401


async def test_subscriber_gets_the_price_at_once_and_every_change(floor: Floor) -> None:
    async with dial(floor) as reader:
        await reader.subscribe("/market/ticker:BTC-USDT,ETH-USDT")
        first, second = await reader.next(), await reader.next()
        assert [first["topic"], second["topic"]] == ["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"]
        floor.clock.advance(1)
        floor.quote("67100")
        frame = await reader.next()
        assert (frame["subject"], frame["data"]["price"], frame["data"]["bestAsk"]) == (
            "trade.ticker",
            "67100",
            "67101",
        )
        assert int(frame["data"]["sequence"]) > int(first["data"]["sequence"])
        assert frame["data"]["time"] == int(floor.clock.now().timestamp() * 1000)


async def test_all_tickers_carry_the_pair_as_subject(floor: Floor) -> None:
    async with dial(floor) as reader:
        await reader.subscribe("/market/ticker:all")
        assert {(await reader.next())["subject"] for _ in range(2)} == {"BTC-USDT", "ETH-USDT"}


async def test_unsubscribed_topic_falls_silent(floor: Floor) -> None:
    async with dial(floor) as reader:
        await reader.subscribe("/market/ticker:BTC-USDT,ETH-USDT")
        await reader.next()
        await reader.next()
        await reader.send(id=8, type="unsubscribe", topic="/market/ticker:BTC-USDT", response=True)
        assert await reader.next() == {"id": "8", "type": "ack"}
        floor.quote("67100")
        await reader.pong()
        floor.quote("2500", "ETH-USDT")
        assert (await reader.next())["topic"] == "/market/ticker:ETH-USDT"


async def test_trades_depth_and_candles_follow_the_price(floor: Floor) -> None:
    async with dial(floor) as reader:
        for topic in ("/market/match:BTC-USDT", "/spotMarket/level2Depth5:BTC-USDT", "/market/candles:BTC-USDT_1min"):
            await reader.subscribe(topic)
        floor.quote("67100")
        match, depth, candle = await reader.next(), await reader.next(), await reader.next()
        assert (match["subject"], match["data"]["price"]) == ("trade.l3match", "67100")
        assert (len(depth["data"]["asks"]), depth["data"]["bids"][0][0]) == (5, "67099")
        assert candle["data"]["candles"][1:5] == ["67000", "67100", "67100", "67000"]


async def test_snapshot_comes_every_two_seconds(floor: Floor) -> None:
    async with dial(floor) as reader:
        await reader.subscribe("/market/snapshot:BTC-USDT")
        for _ in range(2):
            await floor.clock.until_sleeping()
            floor.clock.advance(1)
        frame = await reader.until("trade.snapshot")
        assert frame["data"]["data"]["lastTradedPrice"] == 67000
        assert frame["data"]["data"]["marketChange24h"]["high"] >= 67000


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "subscribe", "topic": "/market/tacker:BTC-USDT"}, 404),
        ({"type": "subscribe", "topic": "/market/ticker:NO-PE"}, 404),
        ({"type": "subscribe", "topic": "/market/candles:BTC-USDT_7min"}, 404),
        ({"type": "subscribe"}, 406),
        ({"type": "shout", "topic": "/market/ticker:BTC-USDT"}, 415),
        ({"type": "subscribe", "topic": "/account/balance", "privateChannel": True}, 403),
        ({"type": "subscribe", "topic": "/market/ticker:" + ",".join(["BTC-USDT"] * 101)}, 509),
        ({"no": "type"}, 400),
        ({"type": ["subscribe"]}, 400),
    ],
)
async def test_wrong_message_is_answered_with_an_error_frame(
    floor: Floor, message: dict[str, object], code: int
) -> None:
    async with dial(floor) as reader:
        await reader.send(id="9", response=True, **message)
        answer = await reader.next()
        assert (answer["type"], answer["code"]) == ("error", code)
        await reader.pong()


async def test_binary_message_is_answered_with_an_error_frame(floor: Floor) -> None:
    async with websockets.connect(await address(floor)) as socket:
        await socket.send(b"ping")
        await socket.recv()
        assert json.loads(await socket.recv())["code"] == 400


async def test_session_bears_three_hundred_topics(floor: Floor) -> None:
    names = [f"C{number}-USDT" for number in range(301)]
    floor.prices.hand_rules([replace(RULES["ETH-USDT"], symbol=name) for name in names])
    async with dial(floor) as reader:
        for start in (0, 100, 200):
            await reader.subscribe("/market/match:" + ",".join(names[start : start + 100]))
        await reader.send(id=8, type="subscribe", topic=f"/market/match:{names[300]}", response=True)
        assert (await reader.next())["code"] == 509
        await reader.subscribe(f"/market/match:{names[0]}")


async def test_private_topics_tell_the_life_of_an_order(floor: Floor, trader: Trader) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/tradeOrdersV2")
        placed = await trader.buy(clientOid="tb1", price="66000", size="0.1")
        received, opened = await reader.next(), await reader.next()
        assert [received["data"]["type"], opened["data"]["type"]] == ["received", "open"]
        assert (opened["channelType"], opened["data"]["remainSize"]) == ("private", "0.1")
        floor.quote("65000")
        match, filled = await reader.next(), await reader.next()
        assert (match["data"]["type"], match["data"]["status"], match["data"]["liquidity"]) == (
            "match",
            "open",
            "maker",
        )
        assert (match["data"]["matchPrice"], match["data"]["matchSize"]) == ("66000", "0.1")
        assert (filled["data"]["type"], filled["data"]["status"]) == ("filled", "done")
        assert {frame["data"]["orderId"] for frame in (received, opened, match, filled)} == {placed["orderId"]}


async def test_older_order_topic_has_no_received(floor: Floor, trader: Trader) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/tradeOrders")
        await trader.buy(funds="10")
        assert [(await reader.next())["data"]["type"] for _ in range(2)] == ["match", "filled"]


async def test_balance_frames_add_up_to_the_balance(floor: Floor, trader: Trader) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/account/balance")
        await trader.buy(price="66000", size="0.1")
        held = (await reader.next())["data"]
        assert (held["available"], held["hold"], held["holdChange"]) == ("3393.4", "6606.6", "6606.6")
        assert held["relationEvent"] == "trade.hold"
        await trader.delete("/api/v1/hf/orders/cancelAll")
        assert (await reader.next())["data"]["available"] == "10000"


async def test_orders_of_others_are_not_told(floor: Floor, trader: Trader) -> None:
    stranger = await floor.trader()
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/tradeOrdersV2")
        await reader.subscribe("/account/balance")
        await stranger.buy(funds="10")
        await reader.pong()


async def test_socket_without_pings_is_hung_up_after_a_minute(floor: Floor) -> None:
    async with dial(floor) as reader:
        await floor.clock.until_sleeping()
        floor.clock.advance(61)
        await reader.closed()


async def test_pings_keep_a_socket_open(floor: Floor) -> None:
    async with dial(floor) as reader:
        for _ in range(3):
            await floor.clock.until_sleeping()
            floor.clock.advance(31)
            await reader.pong()


async def test_cut_closes_every_socket(floor: Floor) -> None:
    async with dial(floor) as one, dial(floor) as other:
        floor.exchange.streams.cut()
        await one.closed()
        await other.closed()


async def test_mute_streams_answer_pings_and_push_nothing(floor: Floor) -> None:
    async with dial(floor) as reader:
        await reader.subscribe("/market/ticker:BTC-USDT")
        await reader.next()
        floor.exchange.streams.mute()
        floor.quote("67100")
        await reader.pong()
        floor.exchange.streams.mute(is_mute=False)
        floor.quote("67200")
        assert (await reader.next())["data"]["price"] == "67200"


async def test_streams_can_stop_answering_pings(floor: Floor) -> None:
    async with dial(floor) as reader:
        floor.exchange.streams.stop_pongs()
        await reader.send(id="p", type="ping")
        await reader.subscribe("/market/ticker:BTC-USDT")


async def test_streams_can_withhold_the_welcome(floor: Floor) -> None:
    floor.exchange.streams.no_welcome()
    async with websockets.connect(await address(floor), ping_interval=None) as socket:
        await Reader(socket).subscribe("/market/match:BTC-USDT")


async def test_many_readers_hear_the_same(floor: Floor) -> None:
    async with dial(floor) as one, dial(floor) as other:
        await asyncio.gather(one.subscribe("/market/match:BTC-USDT"), other.subscribe("/market/match:BTC-USDT"))
        floor.quote("67100")
        assert await one.next() == await other.next()


async def test_private_frames_can_be_held_back_and_come_turned_round_and_twice(floor: Floor, trader: Trader) -> None:
    async with dial(floor, trader) as reader:
        await reader.subscribe("/spotMarket/tradeOrdersV2")
        floor.exchange.streams.hold()
        await trader.buy(price="66000", size="0.1")
        await reader.pong()
        floor.exchange.streams.release(lambda frames: [*reversed(frames), *frames])
        kinds = [(await reader.next())["data"]["type"] for _ in range(4)]
        assert kinds == ["open", "received", "received", "open"]
