"""What is missing from an alert is asked for, by buttons or in words, and nothing said before is lost."""

import pytest

from tests.alerts.chat import Chat, labels
from tests.alerts.desk import ANN, BTC, Desk, read
from tgbot.alerts.drafts import PATIENCE
from tgbot.alerts.rules.answers import seal
from tgbot.alerts.rules.request import AlertRequest
from tgbot.core.errors import TooLate, UsageError
from tgbot.core.reply import Reply

LONG_NOTE = "sell half of it at once, then call Boris about the house"


async def test_nothing_at_all_leads_by_buttons_to_an_alert(chat: Chat, desk: Desk) -> None:
    which_pair = await chat.say("/alert")
    assert labels(which_pair)[0] == ["BTC-USDT", "ETH-USDT"]
    which_level = await chat.press(which_pair, "BTC-USDT")
    assert read(which_level).startswith("BTC-USDT is at 67,000. Ring at which price?")
    assert labels(which_level)[:2] == [["+1% 67,670", "-1% 66,330"], ["+2% 68,340", "-2% 65,660"]]
    card = await chat.press(which_level, "-2% 65,660")
    assert read(card).startswith("🔔 Alert set: BTC-USDT < 65,660")
    assert len(await desk.alerts()) == 1


async def test_the_pairs_of_ones_own_alerts_are_offered_first(chat: Chat) -> None:
    await chat.say("/alert eth > 3100")
    assert labels(await chat.say("/alert"))[0] == ["ETH-USDT", "BTC-USDT"]


async def test_what_was_given_stays_while_the_rest_is_asked_for(chat: Chat, desk: Desk) -> None:
    which_pair = await chat.say("/alert < 60000 every 30m note dip")
    card = await chat.press(which_pair, "BTC-USDT")
    assert read(card).splitlines()[0] == "🔔 Alert set: BTC-USDT < 60,000"
    [alert] = await desk.alerts()
    assert (alert.note, str(alert.cooldown)) == ("dip", "0:30:00")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("/alert btc >", [["+1% 67,670"], ["+2% 68,340"], ["+5% 70,350"], ["+10% 73,700"], ["Cancel"]]),
        ("/alert btc <", [["-1% 66,330"], ["-2% 65,660"], ["-5% 63,650"], ["-10% 60,300"], ["Cancel"]]),
    ],
)
async def test_a_sign_without_a_level_offers_its_side(chat: Chat, text: str, rows: list[list[str]]) -> None:
    assert labels(await chat.say(text)) == rows


async def test_cross_keeps_its_meaning_on_both_sides(chat: Chat) -> None:
    card = await chat.press(await chat.say("/alert btc cross"), "-1% 66,330")
    assert read(card).startswith("🔔 Alert set: BTC-USDT cross 66,330")


@pytest.mark.parametrize(("way", "shown"), [("Above", ">"), ("Below", "<"), ("Either way", "cross")])
async def test_a_bare_level_asks_for_the_way(chat: Chat, way: str, shown: str) -> None:
    question = await chat.say("/alert btc 70000")
    assert read(question) == "BTC-USDT is at 67,000. Ring above 70,000, below it, or when crossed either way?"
    assert f"BTC-USDT {shown} 70,000" in read(await chat.press(question, way))


async def test_a_number_with_two_readings_is_not_guessed(chat: Chat, desk: Desk) -> None:
    question = await chat.say("/alert eth > 3,500")
    assert labels(question)[0] == ["3.5", "3,500"]
    assert await desk.alerts() == []
    assert "ETH-USDT > 3,500" in read(await chat.press(question, "3,500"))


async def test_two_readings_outlive_the_question_for_the_pair(chat: Chat, desk: Desk) -> None:
    question = await chat.press(await chat.say("/alert > 3,500"), "ETH-USDT")
    assert labels(question)[0] == ["3.5", "3,500"]
    assert await desk.alerts() == []


async def test_the_answer_may_be_typed(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert every 30m")
    await chat.say("btc")
    await chat.say("70000")
    card = await chat.say(">")
    assert read(card).startswith("🔔 Alert set: BTC-USDT > 70,000")
    assert "at most once in 30 min" in read(card)
    async with desk.database.read() as session:
        assert await chat.dialogues.current(session, ANN, desk.clock.now()) is None, "the question is settled"


async def test_what_cannot_be_read_may_be_typed_again(chat: Chat) -> None:
    await chat.say("/alert btc")
    assert isinstance(await chat.refusal("five"), UsageError)
    assert "BTC-USDT > 5" in read(await chat.say("> 5"))


async def test_a_question_is_forgotten_after_a_while(chat: Chat, desk: Desk) -> None:
    question = await chat.say(f'/alert btc note "{LONG_NOTE}"')
    desk.pass_time(seconds=PATIENCE.total_seconds())
    assert isinstance(await chat.refused_press(question, "+1% 67,670"), TooLate)
    assert await desk.alerts() == []


async def test_a_long_note_is_not_lost_on_the_way_through_the_buttons(chat: Chat, desk: Desk) -> None:
    which_pair = await chat.say(f'/alert note "{LONG_NOTE}"')
    which_level = await chat.press(which_pair, "ETH-USDT")
    card = await chat.press(which_level, "+1% 3,030")
    assert f"Note: {LONG_NOTE}" in read(card)
    assert [alert.note for alert in await desk.alerts()] == [LONG_NOTE]


async def test_the_note_of_one_pair_is_not_taken_for_another(chat: Chat, desk: Desk) -> None:
    question = await chat.say(f'/alert btc note "{LONG_NOTE}"')
    await chat.say(f'/alert eth note "{LONG_NOTE}"')
    assert isinstance(await chat.refused_press(question, "+1% 67,670"), TooLate)
    assert await desk.alerts() == []


TWO_PARTS, TOLD = "rsi 1h < 30 and volume 3x 1h", "RSI 1h < 30 and volume 3× 1h"


@pytest.mark.parametrize(
    ("text", "presses", "shown", "cooldown"),
    [
        (f"{TWO_PARTS} every 30m until 31.12.", ["BTC-USDT"], f"BTC-USDT {TOLD}", "0:30:00"),
        ("cross 65000.5 every 30m until 31.12.2026 18:00", ["ETH-USDT"], "ETH-USDT cross 65,000.5", "0:30:00"),
        ("rsi 15m < 30 and ma 50/200 1h every 30m for 3d", ["ETH-USDT"], "ETH-USDT RSI 15m", "0:30:00"),
        ("btc 65000 every 30m until 31.12.2026 18:00", ["Below"], "BTC-USDT < 65,000", "0:30:00"),
        ("btc every 30m until 31.12.2026 18:00", ["+1% 67,670"], "BTC-USDT > 67,670", "0:30:00"),
        ("btc > 65,000 every 90m until 31.12.2026 18:00", ["65,000"], "BTC-USDT > 65,000", "1:30:00"),
        ("< 65,000 every 90m until 31.12.2026 18:00", ["BTC-USDT", "65"], "BTC-USDT < 65", "1:30:00"),
    ],
)
async def test_however_much_was_said_buttons_lead_on_from_it(
    chat: Chat, desk: Desk, text: str, presses: list[str], shown: str, cooldown: str
) -> None:
    """Telegram takes no message of which a button carries more than 64 bytes."""
    reply = await chat.say(f'/alert {text} note "{LONG_NOTE}"')
    for label in presses:
        reply = await chat.press(reply, label)
    assert read(reply).startswith(f"🔔 Alert set: {shown}")
    [alert] = await desk.alerts()
    assert (str(alert.cooldown), alert.note) == (cooldown, LONG_NOTE)


async def test_a_pair_that_is_misspelt_loses_nothing_of_what_was_said(chat: Chat, desk: Desk) -> None:
    refusal = await chat.refusal(f'/alert btd {TWO_PARTS} every 30m for 3d note "{LONG_NOTE}"')
    card = await chat.press(Reply((refusal.text,), refusal.buttons), "BTC-USDT")
    assert read(card).startswith(f"🔔 Alert set: BTC-USDT {TOLD}")
    assert [alert.note for alert in await desk.alerts()] == [LONG_NOTE]


async def test_a_condition_stays_when_the_pair_is_typed(chat: Chat) -> None:
    await chat.say(f"/alert {TWO_PARTS}")
    assert read(await chat.say("btc")).startswith(f"🔔 Alert set: BTC-USDT {TOLD}")


async def test_a_button_that_says_it_all_outlives_its_question(chat: Chat, desk: Desk) -> None:
    question = await chat.say("/alert btc")
    await chat.say("/alert eth")
    desk.pass_time(seconds=PATIENCE.total_seconds())
    assert "BTC-USDT > 67,670" in read(await chat.press(question, "+1% 67,670"))


@pytest.mark.parametrize("answer", ["#2", "#3", "eth > 5", "nonsense"])
async def test_an_answer_that_no_button_gives_sets_nothing(chat: Chat, desk: Desk, answer: str) -> None:
    await chat.say("/alert btc")
    with pytest.raises(UsageError):
        await chat.press_data(f"alert_answer:{seal(AlertRequest(BTC))} {answer}")
    assert await desk.alerts() == []


LONG_CHANGE = f'cross 65,000 every 30m until 31.12.2026 18:00 note "{LONG_NOTE}"'


async def test_a_long_change_is_not_lost_on_the_way_through_the_buttons(chat: Chat, desk: Desk) -> None:
    await chat.say("/alert btc > 70000")
    [alert] = await desk.alerts()
    await chat.press_data(f"alert_edit:{alert.short}")
    card = await chat.press(await chat.say(LONG_CHANGE), "65,000")
    assert "BTC-USDT cross 65,000" in read(card)
    [changed] = await desk.alerts()
    assert (str(changed.cooldown), changed.note) == ("0:30:00", LONG_NOTE)


async def test_a_long_change_of_one_alert_is_not_taken_for_another(chat: Chat, desk: Desk) -> None:
    for level in (70_000, 80_000):
        await chat.say(f"/alert btc > {level}")
    first, second = await desk.alerts()
    await chat.press_data(f"alert_edit:{first.short}")
    question = await chat.say(LONG_CHANGE)
    await chat.press_data(f"alert_edit:{second.short}")
    await chat.say(LONG_CHANGE)
    assert isinstance(await chat.refused_press(question, "65,000"), TooLate)
    assert [alert.note for alert in await desk.alerts()] == ["", ""]


async def test_cancel_ends_the_question(chat: Chat, desk: Desk) -> None:
    question = await chat.say("/alert btc")
    assert read(await chat.press(question, "Cancel")) == "No alert was set."
    async with desk.database.read() as session:
        assert await chat.dialogues.current(session, ANN, desk.clock.now()) is None


async def test_alert_under_a_price_asks_in_a_message_of_its_own(chat: Chat) -> None:
    question = await chat.press_data(f"alert:{BTC}")
    assert question.is_new
    assert not (await chat.press(question, "+1% 67,670")).is_new
