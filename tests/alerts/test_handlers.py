"""/alert and /alerts as they read in the chat, and what every button does."""

import pytest

from tests.alerts.chat import Chat, labels
from tests.alerts.desk import BTC, Desk, read
from tgbot.alerts.store import State
from tgbot.core.errors import NotFound, UsageError
from tgbot.core.reply import Reply

# --- Setting one ---------------------------------------------------------------------------------------------------


async def test_an_alert_typed_in_full_is_set_at_once(chat: Chat, desk: Desk) -> None:
    reply = await chat.say("/alert btc > 70000")
    [alert] = await desk.alerts()
    assert read(reply).splitlines() == [
        "🔔 Alert set: BTC-USDT > 70,000",
        "Now 67,000, +4.48% to go.",
        f"#{alert.short} · rings once",
    ]
    assert labels(reply) == [["⏸ Pause", "✕ Delete"], ["✎ Edit", "All alerts"]]


async def test_options_are_echoed(chat: Chat) -> None:
    reply = await chat.say('/alert btc cross 65k every 1h note "<b>sell</b> & run"')
    assert read(reply).splitlines()[0] == "🔔 Alert set: BTC-USDT cross 65,000"
    assert "Note: <b>sell</b> & run" in read(reply)
    assert "at most once in 1 h" in read(reply)


@pytest.mark.parametrize("text", ["> 67000", "> 60000", "< 67000", "< 70000", "cross 67000"])
async def test_what_is_so_already_is_said(chat: Chat, text: str) -> None:
    assert "Already so at 67,000: it waits for the next crossing." in read(await chat.say(f"/alert btc {text}"))


@pytest.mark.parametrize("text", ["> 67001", "< 66999", "cross 67001"])
async def test_what_is_not_so_yet_says_how_far_it_is(chat: Chat, text: str) -> None:
    assert "to go" in read(await chat.say(f"/alert btc {text}"))


async def test_the_persons_own_decimal_sign_counts(chat: Chat) -> None:
    chat.language = "ru"
    assert "70\u00a0000,5" in read(await chat.say("/alert btc > 70000,5"), "ru")


async def test_a_bare_coin_follows_the_chosen_quote(chat: Chat, desk: Desk) -> None:
    desk.exchange.trade("ETH-BTC", "0.05")
    chat.quote = "BTC"
    assert read(await chat.say("/alert eth > 0.06")).startswith("🔔 Alert set: ETH-BTC > 0.06")


# --- What cannot be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("btc > 0", "above zero"),
        ("btc > 5 every second", "no length of time from 1m to 30d"),
        ("btc > 5 < 3", "has one condition: “<”"),
        ("btc > abc", "cannot read “abc”"),
        (f"btc > 5 note {'x' * 201}", "has 201 characters, 200 fit"),
        ("btc rsi 1h < 300", "a level from 0 to 100"),
        ("btc 5% 2d", "no move within a time of up to 1d"),
        ("btc funding > 1%", "“funding” is not available in alerts yet"),
        ("btc listing", "cannot read “btc”"),
    ],
)
async def test_what_cannot_be_set_is_named_and_changes_nothing(chat: Chat, desk: Desk, text: str, says: str) -> None:
    refusal = await chat.refusal(f"/alert {text}")
    shown = read(Reply((refusal.text,)))
    assert says in shown
    assert "Nothing was set." in shown
    assert await desk.alerts() == []


async def test_an_unknown_pair_offers_the_nearest_and_keeps_the_rest(chat: Chat, desk: Desk) -> None:
    refusal = await chat.refusal("/alert btcc > 70000")
    assert isinstance(refusal, NotFound)
    card = await chat.press(Reply((refusal.text,), refusal.buttons), BTC)
    assert read(card).startswith("🔔 Alert set: BTC-USDT > 70,000")


async def test_after_an_unknown_pair_the_right_one_may_be_typed(chat: Chat) -> None:
    await chat.refusal("/alert nonsense > 70000")
    assert read(await chat.say("btc")).startswith("🔔 Alert set: BTC-USDT > 70,000")


# --- One that is there ---------------------------------------------------------------------------------------------


async def test_its_buttons_pause_resume_and_delete_it(chat: Chat, desk: Desk) -> None:
    card = await chat.say("/alert btc > 70000")
    paused = await chat.press(card, "⏸ Pause")
    assert read(paused).startswith("⏸ Alert paused: BTC-USDT > 70,000")
    assert labels(paused)[0] == ["▶ Resume", "✕ Delete"]
    assert read(await chat.press(paused, "▶ Resume")).startswith("🔔 Alert set: BTC-USDT > 70,000")
    deleted = await chat.press(card, "✕ Delete")
    assert read(deleted).startswith("✕ Alert deleted: BTC-USDT > 70,000")
    assert labels(deleted) == [["All alerts"]]
    with pytest.raises(NotFound):
        await chat.press(card, "⏸ Pause")
    assert [alert.state for alert in await desk.alerts()] == [State.DELETED]


async def test_an_old_card_knows_that_it_has_rung(chat: Chat, desk: Desk) -> None:
    card = await chat.say("/alert btc > 70000")
    desk.price(BTC, 70_100)
    await desk.said(1)
    rung = await chat.press(card, "⏸ Pause")
    assert read(rung).startswith("✓ Has rung: BTC-USDT > 70,000")
    assert read(await chat.press(rung, "↻ Arm again")).splitlines()[:2] == [
        "🔔 Alert set: BTC-USDT > 70,000",
        "Already so at 70,100: it waits for the next crossing.",
    ]


@pytest.mark.parametrize(("data", "level"), [("+1%", "> 67,670"), ("-1%", "< 66,330")])
async def test_a_step_from_the_present_price_moves_it(chat: Chat, desk: Desk, data: str, level: str) -> None:
    await chat.say("/alert btc > 70000 note half")
    [alert] = await desk.alerts()
    card = await chat.press_data(f"alert_move:{alert.short} {data}")
    assert read(card).startswith(f"🔔 Alert set: BTC-USDT {level}")
    assert "Note: half" in read(card)
    assert len(await desk.alerts()) == 1


@pytest.mark.parametrize("data", ["", "abc", "+x%", "eth > 5"])
async def test_made_up_data_moves_nothing(chat: Chat, desk: Desk, data: str) -> None:
    await chat.say("/alert btc > 70000")
    before = await desk.alerts()
    with pytest.raises(UsageError):
        await chat.press_data(f"alert_move:{before[0].short} {data}")
    assert await desk.alerts() == before


# --- All of them ---------------------------------------------------------------------------------------------------


async def test_an_empty_list_offers_pairs(chat: Chat) -> None:
    none_yet = await chat.say("/alerts")
    assert read(none_yet).startswith("No alerts yet.")
    assert labels(none_yet)[0] == ["BTC-USDT", "ETH-USDT"]


async def test_the_list_goes_by_pair_the_nearest_first(chat: Chat, desk: Desk) -> None:
    for text in ("btc > 70000", "btc < 66000 every 30m", "eth > 3015", "eth cross 2900 note dip", "btc > 69000"):
        await chat.say(f"/alert {text}")
    short = {str(alert.level): alert.short for alert in await desk.alerts()}
    paused = await chat.press_data(f"alert_pause:{short['66000']} 1")
    assert read(paused).splitlines() == [
        "5 alerts, the nearest first",
        "ETH-USDT 3,000",
        f"#{short['3015']} > 3,015 · +0.5%",
        f"#{short['2900']} cross 2,900 · -3.33% · dip",
        "BTC-USDT 67,000",
        f"#{short['69000']} > 69,000 · +2.99%",
        f"#{short['70000']} > 70,000 · +4.48%",
        f"#{short['66000']} < 66,000 · paused · every 30 min",
    ]
    near, last = short["3015"], short["66000"]
    assert labels(paused)[0] == [f"⏸ {near}", f"✎ {near}", f"💤 {near}", f"✕ {near}"]
    assert labels(paused)[4] == [f"▶ {last}", f"✎ {last}", f"💤 {last}", f"✕ {last}"]
    assert labels(paused)[5] == ["Refresh"]


async def test_the_list_changes_in_place(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert btc > 70000")
    await chat.say("/alert eth > 3100")
    [btc, eth] = await desk.alerts()
    shown = await chat.say("/alerts")
    shown = await chat.press(shown, f"⏸ {btc.short}")
    shown = await chat.press(shown, f"▶ {btc.short}")
    assert (await desk.stored(btc)).state is State.ARMED
    shown = await chat.press(shown, f"✕ {btc.short}")
    assert "BTC-USDT" not in read(shown)
    assert read(await chat.press(shown, f"✕ {eth.short}")).startswith("No alerts yet.")


async def test_many_alerts_come_in_pages(chat: Chat, desk: Desk) -> None:
    for number in range(13):
        await chat.say(f"/alert btc > {70_000 + number}")
    first = await chat.say("/alerts")
    assert read(first).splitlines()[0] == "13 alerts, page 1 of 3"
    assert len(read(first).splitlines()) == 8
    assert labels(first)[-1] == ["Refresh", "More →"]
    second = await chat.press(first, "More →")
    assert labels(second)[-1] == ["← Back", "Refresh", "More →"]
    third = await chat.press(second, "More →")
    assert len(read(third).splitlines()) == 3
    [last] = [alert for alert in await desk.alerts() if alert.level == 70_012]
    assert read(await chat.press(third, f"✕ {last.short}")).splitlines()[0] == "12 alerts, page 2 of 2"
    assert read(await chat.say("/alerts 99")) == read(await chat.say("/alerts 2"))


async def test_without_prices_the_list_is_still_there(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert btc > 70000")
    [alert] = await desk.alerts()
    desk.exchange.is_down = True
    assert read(await chat.say("/alerts")).splitlines()[1:] == [
        "BTC-USDT no price now",
        f"#{alert.short} > 70,000",
    ]


async def test_every_button_fits_a_phone(chat: Chat, desk: Desk) -> None:
    replies = [await chat.say("/alert"), await chat.say("/alert btc"), await chat.say("/alert btc > 70000 every 30m")]
    replies += [await chat.say("/alert btc 1,500"), await chat.say("/alert btc 70000"), await chat.say("/alerts")]
    for language in ("en", "ru"):
        for row in (row for reply in replies for row in labels(reply, language)):
            longest = {1: 30, 2: 16, 3: 12, 4: 8}[len(row)]
            assert all(len(label) <= longest for label in row), row
