import pytest
from telegram import Bot, Update
from telegram.error import ChatMigrated, Forbidden

from tests.playground.test_sending import png
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person


async def heard(bot: Bot) -> list[Update]:
    """What is new for the bot."""
    updates = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return list(updates)


async def texts(bot: Bot) -> list[str | None]:
    return [update.effective_message.text for update in await heard(bot) if update.effective_message]


async def test_people_have_names_ids_and_languages(playground: Playground, eve: Person, bot: Bot) -> None:
    await playground.say(eve, playground.private(eve), "/start")
    [update] = await heard(bot)
    assert update.effective_user is not None
    assert (update.effective_user.first_name, update.effective_user.language_code) == ("Eve", "ru")
    playground.person("Eve", "de")
    await playground.say(eve, playground.private(eve), "hallo")
    [update] = await heard(bot)
    assert update.effective_user is not None
    assert update.effective_user.language_code == "de"
    assert playground.person("Zoe", "pt-br").language == "pt-br"


async def test_in_a_group_the_bot_hears_commands_and_replies_only(
    playground: Playground, ann: Person, eve: Person, bot: Bot
) -> None:
    desk = playground.desk
    await bot.send_message(desk.id, "hello")
    greeting = playground.messages(desk)[-1]
    await playground.say(ann, desk, "between us")
    await playground.say(ann, desk, "/price btc")
    await playground.say(ann, desk, "/price@tgbot_demo_bot btc")
    await playground.say(ann, desk, "/price@another_bot btc")
    answer = await playground.say(eve, desk, "thanks", reply_to=greeting)
    await playground.say(eve, desk, "not for it", reply_to=answer)
    assert await texts(bot) == ["/price btc", "/price@tgbot_demo_bot btc", "thanks"]


async def test_as_an_administrator_it_hears_everything(playground: Playground, ann: Person, bot: Bot) -> None:
    await playground.promote(playground.desk, playground.bot)
    await playground.say(ann, playground.desk, "between us")
    promotion, message = await heard(bot)
    assert promotion.my_chat_member is not None
    assert promotion.my_chat_member.new_chat_member.status == "administrator"
    assert message.effective_message is not None
    assert message.effective_message.text == "between us"


async def test_an_administrator_bot_is_told_of_others_standing(playground: Playground, eve: Person, bot: Bot) -> None:
    await heard(bot)
    await playground.promote(playground.desk, eve)
    assert await heard(bot) == []
    await playground.promote(playground.desk, playground.bot)
    await heard(bot)
    await playground.demote(playground.desk, eve)
    [update] = await heard(bot)
    assert update.chat_member is not None
    assert update.chat_member.old_chat_member.status == "administrator"
    assert update.chat_member.new_chat_member.status == "member"


async def test_an_anonymous_administrator_writes_as_the_group_but_presses_as_a_person(
    playground: Playground, bob: Person, bot: Bot
) -> None:
    desk = playground.desk
    await playground.promote(desk, bob, anonymous=True)
    said = await playground.say(bob, desk, "/approve")
    await playground.press(bob, said, data="approve")
    command, press = await heard(bot)
    assert command.effective_message is not None
    assert command.effective_message.sender_chat is not None
    assert command.effective_message.sender_chat.id == desk.id
    assert command.effective_user is not None
    assert command.effective_user.username == "GroupAnonymousBot"
    assert press.callback_query is not None
    assert press.callback_query.from_user.id == bob.id


async def test_an_edit_is_told_and_a_deletion_is_not(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    message = await playground.say(ann, chat, "buy 1")
    await heard(bot)
    await playground.edit(message, "buy 2")
    [update] = await heard(bot)
    assert update.edited_message is not None
    assert update.edited_message.text == "buy 2"
    assert update.edited_message.edit_date is not None
    await playground.delete(message)
    assert await heard(bot) == []
    assert message not in playground.messages(chat)


async def test_a_forwarded_message_says_where_it_is_from_and_has_no_buttons(
    playground: Playground, ann: Person, chat: Chat, bot: Bot
) -> None:
    message = await playground.say(ann, playground.desk, "/buy btc 100")
    await heard(bot)
    await playground.forward(ann, message, chat)
    [update] = await heard(bot)
    assert update.message is not None
    assert update.message.text == "/buy btc 100"
    assert update.message.forward_origin is not None
    assert update.message.forward_origin.type == "user"
    assert playground.messages(chat)[-1].buttons == []


async def test_pictures_and_documents_reach_the_bot(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    await heard(bot)
    await playground.send_photo(ann, chat, png(20, 10), "look")
    await playground.send_document(ann, chat, "fills.csv", b"1,2")
    photo, document = [update.message for update in await heard(bot)]
    assert photo is not None
    assert (photo.caption, photo.photo[0].width) == ("look", 20)
    assert document is not None
    assert document.document is not None
    assert document.document.file_name == "fills.csv"


async def test_a_blocked_bot_cannot_write_until_it_is_let_in_again(
    playground: Playground, ann: Person, chat: Chat, bot: Bot
) -> None:
    await heard(bot)
    await playground.block(ann)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat.id, "please")
    await playground.say(ann, chat, "nobody listens")
    await playground.unblock(ann)
    assert (await bot.send_message(chat.id, "thanks")).text == "thanks"
    statuses = [
        update.my_chat_member.new_chat_member.status for update in await heard(bot) if update.my_chat_member is not None
    ]
    assert statuses == ["kicked", "member"]


async def test_a_new_group_tells_the_bot_that_it_is_in(playground: Playground, ann: Person, bot: Bot) -> None:
    group = await playground.group("Family", ann, playground.person("Bob"))
    [update] = await heard(bot)
    assert update.my_chat_member is not None
    assert update.my_chat_member.chat.id == group.id
    assert update.my_chat_member.new_chat_member.status == "member"


async def test_a_group_that_grows_gets_another_id(playground: Playground, ann: Person, bot: Bot) -> None:
    small = await playground.group("Family", ann, kind="group")
    await heard(bot)
    large = await playground.migrate(small)
    left, entered = [update.message for update in await heard(bot)]
    assert left is not None
    assert entered is not None
    assert (left.migrate_to_chat_id, entered.migrate_from_chat_id) == (large.id, small.id)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(small.id, "hello?")
    assert caught.value.new_chat_id == large.id


async def test_waiting_finds_what_comes_later(playground: Playground, chat: Chat, bot: Bot) -> None:
    first = await bot.send_message(chat.id, "Placed")
    mark = playground.messages(chat)[-1]
    assert await playground.wait_for(chat, "^Placed") is mark
    await bot.send_message(chat.id, "something else")
    await bot.edit_message_text("Filled", chat.id, first.message_id)
    assert await playground.wait_for(
        chat, lambda message: "Filled" in message.text, since=playground.messages(chat)[-1]
    )


async def test_waiting_in_vain_says_what_was_there(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    await bot.send_message(chat.id, "Rejected: too small")
    with pytest.raises(TimeoutError, match=r"no message fits 'Filled'; the last ones are:\n/start(.|\n)*too small"):
        await playground.wait_for(chat, "Filled", timeout=0.01)
    with pytest.raises(TimeoutError):
        await playground.wait_for(chat, "start", timeout=0.01)  # Ann's own words do not count.
