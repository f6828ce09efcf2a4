"""The whole bot on prices that KuCoin really sent: a recording, played by `tgbot paper --replay`."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.processes import paper_process
from tests.flows.stage import Seat, Stage, kept_open

RECORDING = Path(__file__).parents[3] / "shared/kucoin/captured/KUCOIN.ws.1.0"
SYMBOL = "BCHSV-USDT"

pytestmark = [
    pytest.mark.processes,
    pytest.mark.rig,
    pytest.mark.skipif(not RECORDING.exists(), reason="no recording: ../shared is not beside this clone"),
]


@pytest.fixture
async def ann(stage: Stage) -> AsyncIterator[Seat]:
    """Ann on paper, with a bot that hears the recording instead of the stage's exchange."""
    async with (
        kept_open(paper_process("--replay", str(RECORDING))) as kucoin,
        kept_open(stage.bot(kucoin_url=kucoin, kucoin_futures_url=kucoin)),
    ):
        ann = stage.seat("Ann")
        await ann.say("/start", "Hello Ann")
        await ann.press("Try on paper", "10,000 USDT")
        yield ann


def recorded(quote: str) -> set[Decimal]:
    """Every value of `price`, `bestBid` or `bestAsk` that KuCoin sent for the pair."""
    frames = [line for line in RECORDING.read_text().splitlines() if f'"/market/ticker:{SYMBOL}"' in line]
    return {Decimal(found) for frame in frames for found in re.findall(f'"{quote}":"([0-9.]+)"', frame)}


def numbers(text: str) -> set[Decimal]:
    return {Decimal(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", text)}


async def test_cards_orders_and_alerts_live_on_the_recorded_prices(ann: Seat) -> None:
    card = await ann.say("/price bchsv", SYMBOL)
    assert numbers(card.text.splitlines()[0]) & recorded("price")
    await ann.say(f"/buy {SYMBOL} 100", f"Buy {SYMBOL}")
    filled = await ann.press("Confirm", "^Filled")
    assert numbers(filled.text) & recorded("bestAsk")
    await ann.say(f"/alert {SYMBOL} cross 243", "Alert set")
    await ann.hears(rf"^🔔 {SYMBOL} .*243: now 24", timeout=45)
