"""A chart is a picture in the chat, and the same picture goes on when a button is pressed."""

from io import BytesIO

from PIL import Image

from tests.flows.stage import Seat, Stage
from tgbot.markets.charts.frame import HEIGHT, WIDTH
from tgbot.playground.chats import Message

INTERVALS = ["15m", "• 1h", "4h", "1d"]


def photo_of(stage: Stage, message: Message) -> Image.Image:
    stored = stage.playground.world.files.find(message.content["photo"][-1]["file_id"])
    assert stored is not None
    return Image.open(BytesIO(stored.data))


async def test_chart_arrives_as_a_photo_with_what_matters_beneath_it(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/chart btc")
    assert card.text.startswith("BTC-USDT 67,000")
    assert card.labels == [*INTERVALS, "Refresh", "☀ Light", "Buy", "Sell", "🔔 Alert"]
    photo = photo_of(stage, card)
    assert (photo.format, photo.size) == ("PNG", (WIDTH, HEIGHT))


async def test_interval_and_theme_change_the_picture_in_place(ann: Seat, stage: Stage) -> None:
    card = await ann.say("/c btc", "BTC-USDT")
    first = photo_of(stage, card).tobytes()
    for label, marked in (("4h", ["15m", "1h", "• 4h", "1d"]), ("☀ Light", ["15m", "1h", "• 4h", "1d"])):
        changed = await ann.press(label)
        assert (changed.id, changed.labels[:4]) == (card.id, marked)
        assert photo_of(stage, changed).tobytes() != first
        first = photo_of(stage, changed).tobytes()
    assert photo_of(stage, changed).convert("L").crop((5, 5, 6, 6)).tobytes() > b"\xf9"


async def test_chart_of_a_price_card_is_a_message_of_its_own(ann: Seat) -> None:
    price = await ann.say("/price btc")
    chart = await ann.press("Chart", "in 5 d")
    assert chart.id != price.id
    assert "photo" not in price.content


async def test_what_is_pressed_beneath_a_picture_leaves_the_picture(ann: Seat, stage: Stage) -> None:
    chart = await ann.say("/chart btc")
    asked = await ann.press("Buy", "How much|account")
    assert asked.id != chart.id
    assert photo_of(stage, chart).size == (WIDTH, HEIGHT)


async def test_missing_pair_and_wrong_interval_are_asked_for_by_buttons(ann: Seat, stage: Stage) -> None:
    asked = await ann.say("/chart", "which pair")
    chart = await ann.press("ETH-USDT", "ETH-USDT 3,2")
    assert (chart.id, chart.labels[:4]) == (asked.id, INTERVALS)
    refused = await ann.say("/chart btc 2h", "no candles of “2h”")
    assert refused.labels == ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"]
    assert "photo" in (await ann.press("30m", "BTC-USDT")).content


async def test_own_orders_trades_and_alerts_are_marked_for_their_owner_only(trader: Seat, stage: Stage) -> None:
    bare = photo_of(stage, await trader.say("/chart btc 1d", "BTC-USDT 67,000")).tobytes()
    await trader.say("/buy btc 0.01btc @ 66900", "Buy BTC-USDT")
    await trader.press("Confirm", "^Placed")
    with_order = photo_of(stage, await trader.say("/chart btc 1d", "BTC-USDT 67,000")).tobytes()
    await trader.say("/alert btc > 67100", "67,100")
    with_alert = photo_of(stage, await trader.say("/chart btc 1d", "BTC-USDT 67,000")).tobytes()
    await trader.say("/buy btc 100", "Buy BTC-USDT")
    await trader.press("Confirm", "^Filled")
    with_trade = photo_of(stage, await trader.say("/chart btc 1d", "BTC-USDT 67,000")).tobytes()
    assert len({bare, with_order, with_alert, with_trade}) == 4
    desk = Seat(stage, trader.person, stage.playground.desk)
    assert photo_of(stage, await desk.say("/chart btc 1d", "BTC-USDT 67,000")).tobytes() == bare


async def test_words_come_where_no_picture_may_be_sent(ann: Seat, stage: Stage) -> None:
    stage.playground.faults.add(
        "sendPhoto", code=400, detail="Bad Request: not enough rights to send photos to the chat"
    )
    card = await ann.say("/chart btc", "BTC-USDT 67,000")
    assert "photo" not in card.content
    shown = await ann.press("4h", "BTC-USDT")
    assert (shown.id, "photo" in shown.content) == (card.id, True)


async def test_book_and_movers_are_tables_with_buttons(ann: Seat) -> None:
    book = await ann.say("/book btc")
    assert book.text.startswith("BTC-USDT 66,999.9 / 67,000.1\nSpread 0.2 (0.0003%)")
    assert book.labels == ["Buy", "Sell", "Refresh"]
    movers = await ann.say("/movers")
    assert movers.text.startswith("Risen most in 24 h against USDT")
    volume = await ann.press("Volume", "Traded most")
    assert (volume.id, volume.labels) == (movers.id, ["Gainers", "Losers", "• Volume", "Refresh"])
    assert "BTC" in volume.text
