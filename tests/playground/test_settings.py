import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChatAdministrators,
    MenuButtonWebApp,
    WebAppInfo,
)
from telegram.error import BadRequest

from tests.playground.conftest import TOKEN, Ask
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person


async def test_the_bot_knows_itself(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (700001, "tgbot_demo_bot", True)


async def test_a_wrong_token_is_unauthorized(http: httpx.AsyncClient, url: str) -> None:
    answer = await http.get(f"{url}/bot700001:wrong/getMe")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    answer = await http.get(f"{url}/botwrong/getMe")
    assert answer.json()["description"] == "Unauthorized: invalid token specified"


async def test_an_unknown_method_is_not_found(ask: Ask) -> None:
    answer = await ask("sendTelegram")
    assert answer == {"ok": False, "error_code": 404, "description": "Not Found: method not found"}


@pytest.mark.parametrize("body", ["{", "[]"])
async def test_a_body_that_is_no_json_object_is_refused(http: httpx.AsyncClient, url: str, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = await http.post(f"{url}/bot{TOKEN}/getMe", content=body, headers=headers)
    assert answer.json()["description"] == "Bad Request: can't parse request JSON object"


async def test_commands_are_kept_by_scope_and_language(playground: Playground, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("start", "Начать")], language_code="ru")
    assert [command.description for command in await bot.get_my_commands()] == ["Begin"]
    assert [command.description for command in await bot.get_my_commands(language_code="ru")] == ["Начать"]
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()


async def test_the_menu_is_of_the_narrowest_scope_in_the_readers_language(
    playground: Playground, ann: Person, bob: Person, eve: Person, bot: Bot
) -> None:
    desk = playground.desk
    await bot.set_my_commands([BotCommand("help", "everywhere")])
    await bot.set_my_commands([BotCommand("help", "in private")], BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("help", "лично")], BotCommandScopeAllPrivateChats(), language_code="ru")
    await bot.set_my_commands([BotCommand("help", "in groups")], BotCommandScopeAllGroupChats())
    await bot.set_my_commands([BotCommand("help", "to admins")], BotCommandScopeChatAdministrators(desk.id))
    where = [(ann, playground.private(ann)), (eve, playground.private(eve)), (bob, desk), (eve, desk)]
    menus = [playground.world.profile.menu(person, chat)[0]["description"] for person, chat in where]
    assert menus == ["in private", "лично", "to admins", "in groups"]


@pytest.mark.parametrize(
    ("commands", "description"),
    [
        ([{"command": "Start", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "a" * 33, "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "start", "description": ""}], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": "start", "description": "x" * 257}], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": "start", "description": "x"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_bad_commands_are_refused(ask: Ask, commands: list[dict[str, str]], description: str) -> None:
    assert (await ask("setMyCommands", commands=commands))["description"] == f"Bad Request: {description}"


async def test_texts_about_the_bot_fall_back_to_the_default_language(bot: Bot) -> None:
    await bot.set_my_name("Trader")
    await bot.set_my_description("Trades on KuCoin")
    await bot.set_my_description("Торгует на KuCoin", language_code="ru")
    await bot.set_my_short_description("Trades")
    assert (await bot.get_my_name()).name == "Trader"
    assert (await bot.get_my_description("de")).description == "Trades on KuCoin"
    assert (await bot.get_my_description("ru")).description == "Торгует на KuCoin"
    assert (await bot.get_my_short_description()).short_description == "Trades"


async def test_a_description_that_is_too_long_is_refused(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Bot short description is too long"):
        await bot.set_my_short_description("x" * 121)


async def test_the_menu_button_is_for_one_chat_or_for_all(chat: Chat, bot: Bot) -> None:
    button = MenuButtonWebApp("Open", WebAppInfo("https://example.org/"))
    assert (await bot.get_chat_menu_button(chat.id)).type == "commands"
    await bot.set_chat_menu_button(chat.id, button)
    assert await bot.get_chat_menu_button(chat.id) == button
    assert (await bot.get_chat_menu_button()).type == "commands"
