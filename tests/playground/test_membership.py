import pytest
from telegram import Bot
from telegram.error import BadRequest, Forbidden

from tests.playground.conftest import Ask
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person


async def test_chats_are_described(playground: Playground, ann: Person, chat: Chat, bot: Bot) -> None:
    private = await bot.get_chat(chat.id)
    assert (private.type, private.first_name, private.username) == ("private", "Ann", "ann_demo")
    group = await bot.get_chat(playground.desk.id)
    assert (group.type, group.title) == ("supergroup", "Desk")


async def test_members_have_their_standing(
    playground: Playground, ann: Person, bob: Person, eve: Person, bot: Bot
) -> None:
    desk = playground.desk.id
    standing = [(await bot.get_chat_member(desk, person.id)).status for person in (ann, bob, eve, playground.bot)]
    assert standing == ["creator", "administrator", "member", "member"]
    assert (await bot.get_chat_member(desk, playground.person("Zoe").id)).status == "left"
    assert await bot.get_chat_member_count(desk) == 4


async def test_standing_follows_promotion_demotion_and_removal(
    playground: Playground, bob: Person, eve: Person, bot: Bot
) -> None:
    desk = playground.desk
    await playground.promote(desk, eve)
    await playground.demote(desk, bob)
    assert {admin.user.first_name for admin in await bot.get_chat_administrators(desk.id)} == {"Ann", "Eve"}
    await playground.remove(desk, eve)
    assert (await bot.get_chat_member(desk.id, eve.id)).status == "kicked"


async def test_unknown_people_are_not_found(playground: Playground, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="User not found"):
        await bot.get_chat_member(playground.desk.id, 5)
    with pytest.raises(BadRequest, match="Invalid user_id specified"):
        await bot.get_chat_member(playground.desk.id, 0)
    with pytest.raises(BadRequest, match="Member not found"):
        await bot.get_chat_member(playground.desk.id, 1087968824)


async def test_anonymous_administrators_show_themselves_to_administrators_only(
    playground: Playground, bob: Person, bot: Bot
) -> None:
    desk = playground.desk
    await playground.promote(desk, bob, anonymous=True)
    assert {admin.user.first_name for admin in await bot.get_chat_administrators(desk.id)} == {"Ann"}
    await playground.promote(desk, playground.bot)
    admins = {admin.user.first_name for admin in await bot.get_chat_administrators(desk.id)}
    assert admins == {"Ann", "Bob", "tgbot"}


async def test_a_private_chat_has_no_administrators(chat: Chat, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="There are no administrators in the private chat"):
        await bot.get_chat_administrators(chat.id)


async def test_the_bot_leaves_and_is_out(playground: Playground, bot: Bot) -> None:
    desk = playground.desk.id
    assert await bot.leave_chat(desk)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(desk, "still here?")


async def test_the_bot_is_kicked_and_is_out(playground: Playground, bot: Bot) -> None:
    await playground.remove(playground.desk, playground.bot)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(playground.desk.id, "still here?")


async def test_a_chat_that_never_began_is_unknown(ann: Person, ask: Ask) -> None:
    answer = await ask("getChat", chat_id=ann.id)
    assert answer["description"] == "Bad Request: chat not found"
