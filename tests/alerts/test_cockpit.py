"""What can be done from the message of an alert that rang: each button once, twice, late, and by somebody else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.alerts.chat import Chat, labels
from tests.alerts.desk import ANN, BORIS, BTC, ETH, Desk, read
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.store import Alert, State
from tgbot.core.errors import NotFound, TooLate, UsageError
from tgbot.core.reply import Reply
from tgbot.delivery.codec import decode


@pytest.fixture
async def rung(chat: Chat, desk: Desk) -> Alert:
    """An alert that fired at 70,100."""
    await chat.say("/alert btc > 70000 note half")
    desk.price(BTC, 70_100)
    await desk.said(1)
    [alert] = await desk.alerts()
    return alert


async def cockpit(desk: Desk) -> Reply:
    """The latest message that a chat was sent."""
    return decode((await desk._outbox_rows())[-1].payload)


async def test_everything_that_one_may_want_next_is_one_tap_away(rung: Alert, desk: Desk) -> None:
    assert labels(await cockpit(desk)) == [
        ["💤 15 min", "💤 1 h"],
        ["🔔 +1%", "🔔 -1%"],
        ["Buy", "Sell"],
        ["🔕 Mute pair", "✎ Edit"],
        ["↻ Arm again", "✕ Delete"],
    ]


# --- Snooze --------------------------------------------------------------------------------------------------------


async def test_snoozed_it_rings_again_if_it_is_still_so(rung: Alert, chat: Chat, desk: Desk) -> None:
    card = await chat.press(await cockpit(desk), "💤 15 min")
    assert read(card).splitlines()[:2] == [
        "💤 Alert snoozed: BTC-USDT > 70,000",
        "Silent until 22 Nov 12:15; then it rings if it is so, or waits on.",
    ]
    for price in (69_000, 71_000):
        desk.price(BTC, price)
    desk.pass_time(minutes=14)
    assert len(await desk.said()) == 1
    desk.pass_time(minutes=1)
    said = await desk.said(2)
    assert said[1].text.splitlines()[:2] == ["half", "⏰ BTC-USDT > 70,000: still so at 71,000"]
    assert (await desk.stored(rung)).state is State.FIRED
    assert labels(await cockpit(desk))[0] == ["💤 15 min", "💤 1 h"]


async def test_snoozed_it_waits_on_if_it_is_no_longer_so(rung: Alert, chat: Chat, desk: Desk) -> None:
    await chat.press(await cockpit(desk), "💤 1 h")
    desk.price(BTC, 69_000)
    desk.pass_time(minutes=60)
    await desk.until(lambda: desk.now.feed.held[BTC] == 1)
    assert len(await desk.said()) == 1
    desk.price(BTC, 70_300)
    assert "70,000: now 70,300" in (await desk.said(2))[1].text


async def test_snoozed_through_a_restart_it_wakes_in_the_next_life(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        await life.alerts.snooze(ANN, alert.short, timedelta(minutes=15))
        assert not life.feed.held
    desk.price(BTC, 70_500)
    desk.pass_time(minutes=30)
    async with desk.life():
        assert "still so at 70,500" in (await desk.said(1))[0].text


async def test_without_a_price_it_sleeps_until_there_is_one(desk: Desk) -> None:
    async with desk.life() as life:
        alert = await desk.set(f"{BTC} > 70000")
        await life.alerts.snooze(ANN, alert.short, timedelta(minutes=15))
        desk.exchange.is_down = True
        desk.pass_time(minutes=15)
        await desk.until(lambda: f"ticker {BTC}" in desk.exchange.calls[2:])
        assert (await desk.stored(alert)).state is State.SNOOZED
        desk.exchange.is_down = False
        desk.price(BTC, 70_500)
        await desk.clock.until_sleeping(2)
        desk.pass_time(seconds=5)
        assert "still so at 70,500" in (await desk.said(1))[0].text


async def test_a_snooze_pressed_twice_is_one_snooze(rung: Alert, chat: Chat, desk: Desk) -> None:
    shown = await cockpit(desk)
    once, twice = await chat.press(shown, "💤 15 min"), await chat.press(shown, "💤 15 min")
    assert once == twice
    desk.pass_time(minutes=15)
    await desk.said(2)
    desk.pass_time(minutes=15)
    assert len(await desk.said()) == 2


async def test_a_repeating_one_that_wakes_goes_on_repeating(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert btc > 70000 every 30m")
    desk.price(BTC, 70_100)
    await desk.said(1)
    [alert] = await desk.alerts()
    await chat.press(await cockpit(desk), "💤 15 min")
    desk.pass_time(minutes=15)
    assert "still so" in (await desk.said(2))[1].text
    assert (await desk.stored(alert)).state is State.ARMED
    desk.pass_time(minutes=31)
    for price in (69_000, 70_200):
        desk.price(BTC, price)
    assert "now 70,200" in (await desk.said(3))[2].text


async def test_from_the_list_one_snoozes_too(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert btc > 70000")
    [alert] = await desk.alerts()
    listed = await chat.press(await chat.say("/alerts"), f"💤 {alert.short}")
    assert f"#{alert.short} > 70,000 · snoozed until 22 Nov 13:00" in read(listed)
    listed = await chat.press(listed, f"▶ {alert.short}")
    assert "+4.48%" in read(listed)


@pytest.mark.parametrize("span", ["", "soon", "0m"])
async def test_a_made_up_span_snoozes_nothing(rung: Alert, chat: Chat, desk: Desk, span: str) -> None:
    with pytest.raises(UsageError):
        await chat.press_data(f"alert_snooze:{rung.short} {span}")
    assert await desk.stored(rung) == rung


# --- Edit ----------------------------------------------------------------------------------------------------------


async def test_edit_asks_in_a_message_of_its_own_and_a_tap_changes_the_level(
    rung: Alert, chat: Chat, desk: Desk
) -> None:
    question = await chat.press(await cockpit(desk), "✎ Edit")
    assert question.is_new
    assert read(question).startswith("✎ BTC-USDT > 70,000, now 70,100. What instead?")
    card = await chat.press(question, "+2% 71,502")
    assert read(card).startswith("🔔 Alert set: BTC-USDT > 71,502")
    assert "Note: half" in read(card)
    changed = await desk.stored(rung)
    assert (changed.id, changed.level, changed.state) == (rung.id, Decimal(71_502), State.ARMED)


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("> 72000", "Alert set: BTC-USDT > 72,000"),
        ("72000", "Alert set: BTC-USDT > 72,000"),
        ("cross 69k every 1h", "at most once in 1 h"),
        ("note sell it all", "Note: sell it all"),
        ("for 3d", "Until 25 Nov 12:00."),
        ("until 31.12.", "Until 31 Dec 23:59."),
    ],
)
async def test_what_changes_may_be_typed(rung: Alert, chat: Chat, desk: Desk, text: str, shows: str) -> None:
    await chat.press(await cockpit(desk), "✎ Edit")
    assert shows in read(await chat.say(text))
    assert len(await desk.alerts()) == 1
    assert (await desk.stored(rung)).state is State.ARMED


async def test_an_unclear_number_is_asked_about(rung: Alert, chat: Chat, desk: Desk) -> None:
    await chat.press(await cockpit(desk), "✎ Edit")
    question = await chat.say("< 1,500")
    assert labels(question)[0] == ["1.5", "1,500"]
    assert "BTC-USDT < 1,500" in read(await chat.press(question, "1,500"))
    assert (await desk.stored(rung)).kind is Kind.BELOW


async def test_cancel_keeps_it_as_it_was(rung: Alert, chat: Chat, desk: Desk) -> None:
    question = await chat.press(await cockpit(desk), "✎ Edit")
    assert read(await chat.press(question, "Cancel")) == "Nothing was changed."
    assert await desk.stored(rung) == rung


async def test_a_tap_that_comes_too_late_finds_the_question_closed(rung: Alert, chat: Chat, desk: Desk) -> None:
    question = await chat.press(await cockpit(desk), "✎ Edit")
    await chat.press(await cockpit(desk), "✕ Delete")
    with pytest.raises(NotFound):
        await chat.press(question, "+2% 71,502")
    await chat.press(question, "Cancel")
    chat.dialogue = "alert_edit"
    with pytest.raises(TooLate):
        await chat.say("> 72000")


# --- Mute ----------------------------------------------------------------------------------------------------------


async def test_mute_silences_the_pair_in_this_chat_only_and_all_can_be_resumed(
    rung: Alert, chat: Chat, desk: Desk
) -> None:
    mine = [await desk.set(f"{BTC} > 72000"), await desk.set(f"{BTC} < 60000")]
    others = [await desk.set(f"{ETH} > 3100"), await desk.set(f"{BTC} > 72000", chat_id=BORIS)]
    muted = await chat.press(await cockpit(desk), "🔕 Mute pair")
    assert read(muted) == "🔕 BTC-USDT is silent: 2 alerts paused"
    assert [(await desk.stored(alert)).state for alert in mine] == [State.PAUSED] * 2
    assert [(await desk.stored(alert)).state for alert in others] == [State.ARMED] * 2
    desk.price(BTC, 72_100)
    assert [said.chat_id for said in await desk.said(2)] == [ANN, BORIS]
    assert read(await chat.press_data(f"alert_mute:{BTC}")) == "🔕 BTC-USDT is silent: 0 alerts paused"
    listed = await chat.press(muted, "▶ Resume all")
    assert "paused" not in read(listed)
    assert [(await desk.stored(alert)).state for alert in mine] == [State.ARMED] * 2
    assert (await desk.stored(rung)).state is State.FIRED


# --- Somebody else -------------------------------------------------------------------------------------------------


async def test_nobody_else_can_do_anything_with_it(rung: Alert, chat: Chat, desk: Desk) -> None:
    foreign = await desk.set(f"{BTC} > 80000", chat_id=BORIS)
    before = await desk.alerts()
    verbs = ("alert_pause", "alert_arm", "alert_delete", "alert_edit")
    for data in [*(f"{verb}:{foreign.short}" for verb in verbs), f"alert_snooze:{foreign.short} 15m"]:
        with pytest.raises(NotFound):
            await chat.press_data(data)
    for data in (f"alert_move:{foreign.short} +1%", f"alert_change:{foreign.short} > 1"):
        with pytest.raises(NotFound):
            await chat.press_data(data)
    assert await desk.alerts() == before
