"""Rows V and N: the account's stream misbehaves, or one of the two sides is away, while an order fills."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from tests.faults import oracle
from tests.flows.stage import Seat, Stage
from tests.flows.test_fills import LONG, connect, hears_orders, place
from tests.paper.conftest import NO_TLS
from tests.paper.trader import Trader
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode

pytestmark = pytest.mark.usefixtures("judged")

Frames = list[str]


async def resting(ann: Seat, stage: Stage) -> None:
    """Ann's limit order rests, and the bot listens to her account."""
    await connect(ann, stage)
    await place(ann)
    await stage.until(lambda: hears_orders(stage))


ARRANGED: dict[str, Callable[[Frames], Frames]] = {
    "turned round and three times": lambda frames: frames[::-1] * 3,
    "one of them alone": lambda frames: [frame for frame in frames if "orderChange" in frame][-1:],
    "broken, then whole": lambda frames: [frame[: len(frame) // 2] for frame in frames] + frames,
}


@pytest.mark.parametrize("how", ARRANGED)
async def test_frames_in_any_order_and_number_end_in_the_same_truth_told_once(
    ann: Seat, stage: Stage, how: str
) -> None:
    await resting(ann, stage)
    stage.kucoin.streams.hold()
    stage.price("BTC-USDT", 65_990)
    stage.kucoin.streams.release(ARRANGED[how])
    await ann.hears("^Filled")
    await ann.say("/price btc", "65,990")
    assert len([text for text in ann.texts() if text.startswith("Filled")]) == 1


async def test_a_fill_that_is_heard_of_before_the_post_is_answered_is_told_once(ann: Seat, stage: Stage) -> None:
    await resting(ann, stage)
    await ann.say("/buy btc 100", "Buy BTC-USDT")
    answer = asyncio.Event()
    post = stage.faults.add("POST", "/api/v1/hf/orders", Mode.EDITED, until=answer)
    card = await ann.press("Confirm", "^Filled: buy BTC for 100")
    before = card.revision
    assert post.hits == 1
    answer.set()
    await ann.say("/orders", "^1 open order")  # her next command has to wait for the end of that press
    stage.price("BTC-USDT", 65_990)
    await ann.hears("^Filled: buy 0.01 BTC at 66,000")
    assert card.revision == before, "not taken back, and not told again"
    assert len([text for text in ann.texts() if "BTC for 100" in text]) == 1


async def test_frames_of_another_account_are_not_believed_and_ours_around_them_are(ann: Seat, stage: Stage) -> None:
    """As if somebody else had placed an order; whoever believed it would ask what it is, and tell Ann."""

    def of_another(frame: str) -> str:
        message = json.loads(frame)
        message["data"] |= {"clientOid": "elsewhere", "orderId": "e" * 24, "type": "open"}
        return json.dumps(message | {"userId": "somebody"})

    await resting(ann, stage)
    asked = stage.faults.add("GET", "/api/v1/hf/orders/e+", Mode.DROP, 9)
    stage.kucoin.streams.hold()
    stage.price("BTC-USDT", 65_990)
    stage.kucoin.streams.release(lambda frames: [frames[0], *map(of_another, frames), *frames[1:]])
    await ann.hears("^Filled")
    await ann.say("/orders", "No open orders")
    assert asked.hits == 0


async def test_reader_that_is_cut_off_for_falling_behind_dials_anew_and_sweeps(ann: Seat, stage: Stage) -> None:
    """KuCoin would drop frames or hang up; the paper exchange hangs up."""
    await resting(ann, stage)
    stage.kucoin.streams.hold()
    stage.price("BTC-USDT", 65_990)
    stage.kucoin.streams.release(lambda frames: frames * 3000)
    await ann.hears("^Filled", LONG)


async def test_stream_that_is_mute_and_then_cut_loses_no_fill(ann: Seat, stage: Stage) -> None:
    await resting(ann, stage)
    stage.kucoin.streams.mute()
    stage.price("BTC-USDT", 65_990)
    stage.kucoin.streams.mute(False)
    stage.kucoin.streams.cut()
    await ann.hears("^Filled", LONG)


async def test_order_made_elsewhere_is_shown_as_such_and_never_taken_for_ours(ann: Seat, stage: Stage) -> None:
    await resting(ann, stage)
    await made_elsewhere(stage)
    shown = await ann.say("/orders", "^2 open orders")
    assert "made elsewhere" in shown.text
    assert "65,000" in shown.text
    assert "66,000" in shown.text


async def test_order_made_elsewhere_that_kucoin_does_not_find_when_it_fills_is_told_once(
    ann: Seat, stage: Stage
) -> None:
    await resting(ann, stage)
    await made_elsewhere(stage)
    await ann.say("/orders", "^2 open orders")
    stage.faults.add(
        "GET", "/api/v1/hf/orders/[0-9a-f]+", Mode.ERROR, 1, code="400100", message="The order does not exist."
    )
    stage.price("BTC-USDT", 64_990)
    await ann.hears("^Filled: buy 0.001 BTC at 65,000", LONG)
    await ann.say("/orders", "No open orders")
    assert len([text for text in ann.texts() if text.startswith("Filled: buy 0.001")]) == 1


async def made_elsewhere(stage: Stage) -> None:
    (order,) = oracle.orders_at(stage.kucoin)
    account = stage.kucoin._store.account(order.account)
    assert account is not None
    credentials = Credentials(account.key, account.secret, account.passphrase)
    async with httpx.AsyncClient(base_url=stage.settings.kucoin_url, verify=NO_TLS) as http:
        trader = Trader(http, stage.clock, credentials)  # type: ignore[arg-type]  # any clock does
        await trader.buy(clientOid="elsewhere", price="65000", size="0.001")


async def test_fill_that_happens_while_telegram_is_away_is_told_when_it_is_back(ann: Seat, stage: Stage) -> None:
    await resting(ann, stage)
    away = [stage.playground.faults.add(method, "drop", 9_999) for method in ("*", "getUpdates")]
    stage.price("BTC-USDT", 65_990)
    await stage.until(lambda: away[0].hits > 0)
    assert not any(text.startswith("Filled") for text in ann.texts())
    stage.playground.faults.clear()
    await ann.hears("^Filled", LONG)


async def test_while_kucoin_is_away_one_notice_says_so_and_the_truth_follows(ann: Seat, stage: Stage) -> None:
    await connect(ann, stage)
    await ann.say("/buy btc 100", "Buy BTC-USDT")
    stage.faults.add("POST", "/api/v1/hf/orders", Mode.LOST)
    for method in ("GET", "POST"):
        stage.faults.add(method, "/api/v1/hf/.*", Mode.DROP, 9_999)
    await ann.press("Confirm", "^Unknown, checking")
    await stage.clock.sleep(2.5)
    assert len([text for text in ann.texts() if text.startswith("Unknown")]) == 1
    stage.faults.clear()
    await ann.hears("^Filled", LONG)
    assert len(oracle.orders_at(stage.kucoin)) == 1
