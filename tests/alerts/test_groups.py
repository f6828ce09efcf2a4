"""Alerts and watches of a group: its administrators change them, whoever else is told so, and nothing happens."""

import pytest

from tests.alerts.chat import Chat, labels
from tests.alerts.desk import ANN, BTC, ETH, Desk, heard, read
from tests.alerts.watch_desk import TWO, WatchDesk
from tgbot.alerts import store
from tgbot.alerts.news import store as news_store
from tgbot.alerts.rules.watch_cards import EDIT_EVERY, GROUP_EDIT_EVERY
from tgbot.alerts.service import MOST_ALERTS
from tgbot.alerts.store import State
from tgbot.core.errors import NotAllowed, UserError
from tgbot.core.people import Standing
from tgbot.core.reply import Reply

CLUB, TOPIC = -1001, 5

# With the name of an alert behind them.
BUTTONS = ("alert_pause", "alert_arm", "alert_delete", "alert_edit", "alert_keep", "alert_drop", "alerts")


@pytest.fixture
async def club(chat: Chat) -> Chat:
    """Ann writes in a group's topic, which she administers."""
    chat.chat_id, chat.thread_id = CLUB, TOPIC
    return chat


async def test_an_administrator_sets_lists_edits_snoozes_mutes_and_deletes(club: Chat, desk: Desk) -> None:
    card = await club.say('/alert btc > 70000 note "half"')
    assert read(card).startswith("🔔 Alert set: BTC-USDT > 70,000")
    [alert] = await desk.alerts()
    assert (alert.chat_id, alert.thread_id, alert.person_id) == (CLUB, TOPIC, ANN)
    listed = await club.say("/alerts")
    assert read(listed).startswith("1 alert")
    question = await club.press(card, "✎ Edit")
    assert "Tap a price; for anything else delete it" in read(question)
    changed = await club.press(question, "+2% 68,340")
    assert read(changed).startswith("🔔 Alert set: BTC-USDT > 68,340")
    assert "Note: half" in read(changed)
    assert read(await club.press_data(f"alert_snooze:{alert.short} 1h")).startswith("💤 Alert snoozed")
    assert "▶ Resume" in labels(await club.press_data(f"alert_pause:{alert.short}"))[0]
    assert read(await club.press_data(f"alert_arm:{alert.short}")).startswith("🔔 Alert set")
    await club.press_data(f"alert_mute:{BTC}")
    assert (await desk.stored(alert)).state is State.PAUSED
    await club.press_data(f"alert_unmute:{BTC}")
    assert (await desk.stored(alert)).state is State.ARMED
    assert read(await club.press_data(f"alert_delete:{alert.short}")).startswith("✕ Alert deleted")
    assert (await desk.stored(alert)).thread_id == TOPIC


@pytest.mark.parametrize("standing", [Standing.OUTSIDE, Standing.MEMBER, None])
async def test_for_whoever_else_asks_nothing_changes_and_they_are_told_so(
    club: Chat, desk: Desk, standing: Standing | None
) -> None:
    await club.say("/alert btc > 70000")
    await club.say("/alert listing")
    before, wishes = await desk.alerts(), await of_news(desk)
    short = before[0].short
    club.standing = standing
    says = "Telegram does not tell me who you are" if standing is None else "Only this group’s administrators"
    for text in ("/alert btc > 80000", "/alert", "/alert btc", "/alert eth delisting"):
        assert says in refused(await club.refusal(text))
    for data in (
        *(f"{verb}:{short}" for verb in BUTTONS),
        *(f"alert_move:{short} +1%", f"alert_change:{short} > 5", f"alert_snooze:{short} 1h", "news_off:listing"),
        *(f"alert_mute:{BTC}", f"alert_unmute:{BTC}", f"alert:{BTC}", f"alert_on:{BTC} > 5"),
        *("alert_answer:0 > 5", f"alert_amend:{short} 0 > 5"),
    ):
        with pytest.raises(NotAllowed) as caught:
            await club.press_data(data)
        assert says in refused(caught.value)
    assert (await desk.alerts(), await of_news(desk)) == (before, wishes)
    assert read(await club.say("/alerts")).startswith("1 alert"), "everybody may look"


async def test_it_rings_once_in_the_topic_where_it_was_set(club: Chat, desk: Desk) -> None:
    await club.say("/alert btc > 70000")
    await heard(desk, BTC, 67_000)
    desk.price(BTC, 70_100)
    [said] = await desk.said(1)
    assert (said.chat_id, said.thread_id) == (CLUB, TOPIC)
    assert said.text.startswith("🔔 BTC-USDT > 70,000: now 70,100")


async def test_what_ends_or_is_not_fed_is_told_in_its_topic(club: Chat, desk: Desk) -> None:
    await club.say("/alert btc > 70000 for 1h")
    await club.say("/alert eth > 70000")
    await heard(desk, BTC, 67_000)
    desk.now.monitor.on_refused(ETH)
    await desk.said(1)
    desk.pass_time(hours=1)
    told = await desk.said_within_seconds(2)
    assert {(said.chat_id, said.thread_id) for said in told} == {(CLUB, TOPIC)}
    assert "run out" in told[-1].text


async def test_a_question_in_a_group_is_answered_by_its_buttons_and_by_nothing_typed(club: Chat, desk: Desk) -> None:
    pairs = await club.say("/alert")
    assert "write it all" in read(pairs)
    level = await club.press(pairs, BTC)
    assert "/alert BTC-USDT > 73700" in read(level)
    async with desk.database.read() as session:
        assert await club.dialogues.current(session, ANN, desk.clock.now()) is None, (
            "her private chat is another matter"
        )
    assert read(await club.press(level, "+5% 70,350")).startswith("🔔 Alert set: BTC-USDT > 70,350")
    noted = await club.say(f"/alert btc note {'long ' * 20}")
    assert "Note: long long" in read(await club.press(noted, "+5% 70,350"))


async def test_a_group_and_the_people_in_it_do_not_see_each_others_alerts(club: Chat, desk: Desk) -> None:
    await club.say("/alert btc > 70000")
    [ours] = await desk.alerts()
    club.chat_id, club.thread_id = ANN, None
    assert read(await club.say("/alerts")).startswith("No alerts yet")
    with pytest.raises(UserError):
        await club.press_data(f"alert_delete:{ours.short}")
    mine = await desk.set(f"{ETH} > 5000")
    club.chat_id = CLUB
    with pytest.raises(UserError):
        await club.press_data(f"alert_delete:{mine.short}")
    assert {alert.state for alert in await desk.alerts()} == {State.ARMED}


async def test_the_measure_of_a_chat_is_that_of_a_group(
    club: Chat, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_ALERTS == 200
    monkeypatch.setattr("tgbot.alerts.service.MOST_ALERTS", 1)
    await club.say("/alert btc > 70000")
    assert "A chat can have 1 alerts" in refused(await club.refusal("/alert btc > 80000"))
    await desk.set(f"{BTC} > 80000")
    assert len(await desk.alerts()) == 2


async def test_news_of_a_group_name_their_pair_for_what_people_hold_is_their_own(club: Chat, desk: Desk) -> None:
    assert "needs its pair" in refused(await club.refusal("/alert delisting"))
    assert read(await club.say("/alert eth delisting")).startswith("🔔 Alert set")
    assert await of_news(desk) == [(CLUB, TOPIC, ETH)]


async def test_alerts_and_news_move_with_their_group_and_meet_what_is_there(club: Chat, desk: Desk) -> None:
    await club.say("/alert btc > 70000")
    await club.say("/alert listing")
    new = club.chat_id = CLUB - 1
    await club.say("/alert listing")
    async with desk.database.write() as session:
        for _ in range(2):
            await store.move_chat(session, CLUB, new)
            await news_store.move_chat(session, CLUB, new)
    assert read(await club.say("/alerts")).startswith("1 alert")
    assert await of_news(desk) == [(new, TOPIC, "")]
    await heard(desk, BTC, 67_000)
    desk.price(BTC, 70_100)
    assert [said.chat_id for said in await desk.said(1)] == [new]


async def test_a_group_that_has_thrown_us_out_is_left_in_peace(club: Chat, desk: Desk) -> None:
    await club.say("/alert btc > 70000")
    async with desk.database.write() as session:
        await desk.now.monitor.lose(session, CLUB)
    [alert] = await desk.alerts()
    assert alert.state is State.LOST
    assert not desk.now.feed.held


# --- Watches -------------------------------------------------------------------------------------------------------


async def test_the_card_and_its_moves_come_into_the_topic_where_they_were_asked_for(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, move=TWO, chat_id=CLUB, thread_id=TOPIC)
        [card] = await watching.left()
        await watching.watch(ETH, chat_id=CLUB, thread_id=TOPIC + 1)
        _, anew = await watching.left()
        watching.trade("103")
        await watching.pass_time(int(GROUP_EDIT_EVERY) + 1)
        move, edit = await watching.left()
    assert (card.thread_id, anew.thread_id) == (TOPIC, TOPIC + 1)
    assert (move.thread_id, move.card) == (TOPIC, None)
    assert (edit.thread_id, edit.card) == (TOPIC + 1, anew.card)


async def test_a_groups_card_leaves_most_of_the_groups_budget_to_others(watching: WatchDesk) -> None:
    async with watching.running():
        await watching.watch(BTC, chat_id=CLUB)
        await watching.watch(BTC, chat_id=ANN)
        await watching.left()
        edits = []
        for second in range(60):
            watching.trade(str(100 + second))
            await watching.pass_time(1)
            edits += [one.chat_id for one in await watching.left()]
    assert edits.count(CLUB) <= 60 / GROUP_EDIT_EVERY
    assert edits.count(CLUB) >= 4
    assert edits.count(ANN) > 60 / EDIT_EVERY - 3


def refused(error: UserError) -> str:
    return read(Reply((error.text,)))


async def of_news(desk: Desk) -> list[tuple[int, int | None, str]]:
    async with desk.database.read() as session:
        return [(wish.chat_id, wish.thread_id, wish.symbol) for wish in await news_store.every(session)]
