from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, ReplyParameters
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden

from tests.clock import START, JumpClock
from tests.playground.conftest import TOKEN, Ask
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person

NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"


async def test_a_message_arrives_with_its_entities_and_buttons(playground: Playground, chat: Chat, bot: Bot) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Confirm", callback_data="yes")]])
    sent = await bot.send_message(chat.id, "<b>Buy</b> 1 &lt; 2, /help", parse_mode="HTML", reply_markup=keyboard)
    assert sent.text == "Buy 1 < 2, /help"
    assert [(entity.type, sent.parse_entity(entity)) for entity in sent.entities] == [
        ("bold", "Buy"),
        ("bot_command", "/help"),
    ]
    assert sent.date == START
    assert sent.from_user is not None
    assert sent.from_user.username == "tgbot_demo_bot"
    shown = playground.messages(chat)[-1]
    assert (shown.id, shown.text, shown.labels) == (sent.message_id, "Buy 1 < 2, /help", ["Confirm"])


async def test_dates_come_from_the_clock(clock: JumpClock, chat: Chat, bot: Bot) -> None:
    clock.advance(90)
    assert (await bot.send_message(chat.id, "later")).date == START + timedelta(seconds=90)


async def test_private_chats_and_small_groups_share_their_message_ids(
    playground: Playground, ann: Person, bob: Person, chat: Chat, bot: Bot
) -> None:
    small = await playground.group("Family", ann, kind="group")
    await playground.say(bob, playground.private(bob), "/start")
    ids = [(await bot.send_message(where, "hello")).message_id for where in (chat.id, bob.id, small.id)]
    assert ids == [3, 4, 5]
    assert (await bot.send_message(playground.desk.id, "first here")).message_id == 1


async def test_entities_may_be_given_instead_of_markup(ask: Ask, chat: Chat) -> None:
    bold = {"type": "bold", "offset": 0, "length": 3}
    assert (await ask("sendMessage", chat_id=chat.id, text="Buy", entities=[bold]))["result"]["entities"] == [bold]


async def test_a_reply_quotes_the_message(playground: Playground, chat: Chat, bot: Bot) -> None:
    said = playground.messages(chat)[0]
    sent = await bot.send_message(chat.id, "hi", reply_parameters=ReplyParameters(said.id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start"


async def test_a_reply_to_nothing_is_refused_unless_allowed(chat: Chat, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(chat.id, "hi", reply_parameters=ReplyParameters(99))
    lenient = ReplyParameters(99, allow_sending_without_reply=True)
    assert (await bot.send_message(chat.id, "hi", reply_parameters=lenient)).reply_to_message is None


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "a</b>", "parse_mode": "HTML"}, "can't parse entities: Unexpected end tag at byte offset 1"),
        ({"text": "x", "parse_mode": "Wiki"}, "unsupported parse_mode"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": None}, "chat_id is empty"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "x", "reply_parameters": "3"}, "object expected as reply parameters"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_is_refused_in_telegrams_words(
    ask: Ask, playground: Playground, chat: Chat, params: dict[str, object], description: str
) -> None:
    answer = await ask("sendMessage", **({"chat_id": chat.id} | params))
    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {description}"}
    assert len(playground.messages(chat)) == 1


async def test_length_is_counted_behind_the_markup(chat: Chat, ask: Ask) -> None:
    text = f"<b>{'x' * 4096}</b>"
    assert (await ask("sendMessage", chat_id=chat.id, text=text, parse_mode="HTML"))["ok"]


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "Buy", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "Buy", "callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "Buy", "callback_data": ""}, NO_ACTION),
        ({"text": "Buy"}, NO_ACTION),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        ({"text": " ", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        ({"text": "Buy", "url": "nowhere"}, "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
        (
            {"text": "Open", "web_app": {"url": "http://127.0.0.1/"}},
            "inline keyboard button Web App URL 'http://127.0.0.1/' is invalid: Only HTTPS links are allowed",
        ),
    ],
)
async def test_a_bad_button_is_refused(ask: Ask, chat: Chat, button: dict[str, object], description: str) -> None:
    answer = await ask("sendMessage", chat_id=chat.id, text="x", reply_markup={"inline_keyboard": [[button]]})
    assert answer["description"] == f"Bad Request: {description}"


async def test_a_hundred_buttons_pass_and_one_more_does_not(ask: Ask, chat: Chat) -> None:
    button = {"text": "Buy", "callback_data": "ж" * 32}
    full = {"inline_keyboard": [[button] * 5] * 20}
    assert (await ask("sendMessage", chat_id=chat.id, text="x", reply_markup=full))["ok"]
    full["inline_keyboard"].append([button])
    answer = await ask("sendMessage", chat_id=chat.id, text="x", reply_markup=full)
    assert answer["description"] == "Bad Request: reply markup is too long"


async def test_a_mini_app_button_is_for_private_chats(ask: Ask, playground: Playground, chat: Chat) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Open", "web_app": {"url": "https://example.org/"}}]]}
    assert (await ask("sendMessage", chat_id=chat.id, text="x", reply_markup=keyboard))["ok"]
    answer = await ask("sendMessage", chat_id=playground.desk.id, text="x", reply_markup=keyboard)
    assert answer["description"] == "Bad Request: BUTTON_TYPE_INVALID"


async def test_the_bot_cannot_write_first(playground: Playground, ann: Person, bot: Bot) -> None:
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(ann.id, "buy now")
    assert playground.messages(playground.private(ann)) == []


async def test_a_photo_arrives_and_can_be_fetched(playground: Playground, chat: Chat, bot: Bot) -> None:
    data = png(40, 30)
    sent = await bot.send_photo(chat.id, data, caption="<i>chart</i>", parse_mode="HTML")
    assert sent.caption == "chart"
    assert (sent.photo[-1].width, sent.photo[-1].height) == (40, 30)
    file = await bot.get_file(sent.photo[-1].file_id)
    assert await file.download_as_bytearray() == data
    again = await bot.send_photo(chat.id, sent.photo[-1].file_id)
    assert again.photo[-1].file_id == sent.photo[-1].file_id


async def test_a_document_keeps_its_name_and_bytes(chat: Chat, bot: Bot) -> None:
    data = b"side,size\r\n--buy,1\r\n" + bytes(range(256))
    sent = await bot.send_document(chat.id, InputFile(data, filename="сделки.csv"))
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size) == ("сделки.csv", len(data))
    file = await bot.get_file(sent.document.file_id)
    assert await file.download_as_bytearray() == data


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (b"", "file must be non-empty"),
    ],
)
async def test_a_bad_picture_is_refused(
    http: httpx.AsyncClient, url: str, chat: Chat, data: bytes, description: str
) -> None:
    answer = await http.post(f"{url}/bot{TOKEN}/sendPhoto", data={"chat_id": chat.id}, files={"photo": ("a.png", data)})
    assert answer.json()["description"] == f"Bad Request: {description}"


async def test_a_picture_of_impossible_shape_is_refused(chat: Chat, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Photo_invalid_dimensions"):
        await bot.send_photo(chat.id, png(2100, 100))


async def test_an_unknown_file_id_is_refused(chat: Chat, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Wrong remote file identifier specified"):
        await bot.send_photo(chat.id, "gone")
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file("gone")


async def test_a_file_that_is_not_named_is_asked_for(chat: Chat, ask: Ask) -> None:
    assert (await ask("sendPhoto", chat_id=chat.id))["description"] == "Bad Request: there is no photo in the request"
    assert (await ask("getFile"))["description"] == "Bad Request: file_id not specified"


async def test_typing_shows_and_an_unknown_action_is_refused(playground: Playground, chat: Chat, bot: Bot) -> None:
    with playground.journal.watch() as watcher:
        await bot.send_chat_action(chat.id, ChatAction.TYPING)
        event = await anext(watcher.events())
    assert (event["kind"], event["action"]) == ("action", "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(chat.id, "dancing")


async def test_reactions_and_pins_need_a_message(playground: Playground, chat: Chat, bot: Bot) -> None:
    said = playground.messages(chat)[0]
    assert await bot.set_message_reaction(chat.id, said.id, "👍")
    assert await bot.pin_chat_message(chat.id, said.id)
    assert chat.pinned == [said.id]
    with pytest.raises(BadRequest, match="Message to react not found"):
        await bot.set_message_reaction(chat.id, 99, "👍")
    with pytest.raises(BadRequest, match="Message to pin not found"):
        await bot.pin_chat_message(chat.id, 99)


async def test_pinning_in_a_group_needs_the_right(playground: Playground, ann: Person, bot: Bot) -> None:
    sent = await bot.send_message(playground.desk.id, "the rules")
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned messages in the chat"):
        await bot.pin_chat_message(playground.desk.id, sent.message_id)
    await playground.promote(playground.desk, playground.bot)
    assert await bot.pin_chat_message(playground.desk.id, sent.message_id)


@pytest.mark.parametrize("way", ["query", "form", "json", "multipart"])
async def test_parameters_come_in_any_way(
    http: httpx.AsyncClient, url: str, playground: Playground, chat: Chat, way: str
) -> None:
    address = f"{url}/bot{TOKEN}/SENDmessage"
    fields = {"chat_id": str(chat.id), "text": "123", "disable_notification": "true"}
    if way == "query":
        answer = await http.get(address, params=fields)
    elif way == "form":
        answer = await http.post(address, data=fields)
    elif way == "json":
        answer = await http.post(address, json=fields)
    else:
        answer = await http.post(address, files={name: (None, value) for name, value in fields.items()})
    assert answer.json()["result"]["text"] == "123"
    [call] = playground.journal.calls("sendMessage")
    assert call.params == {"chat_id": chat.id, "text": "123", "disable_notification": True}


def png(width: int, height: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_message_for_one_person_has_no_number_in_the_group(playground: Playground, ask: Ask) -> None:
    ann, desk = playground.person("Ann"), playground.desk
    answer = await ask(
        "sendMessage", chat_id=desk.id, text="yours", ephemeral_message_parameters={"receiver_user_id": ann.id}
    )
    shown = playground.messages(desk)[-1]
    assert (answer["result"]["message_id"], answer["result"]["ephemeral_message_id"]) == (0, shown.id)
    assert shown.content["receiver_user"]["id"] == ann.id
    answer = await ask(
        "sendMessage", chat_id=desk.id, text="yours", ephemeral_message_parameters={"receiver_user_id": 5}
    )
    assert answer["error_code"] == 400


async def test_a_message_for_one_person_is_deleted_by_its_own_number_and_reader(
    playground: Playground, ask: Ask
) -> None:
    ann, eve, desk = playground.person("Ann"), playground.person("Eve"), playground.desk
    await ask("sendMessage", chat_id=desk.id, text="yours", ephemeral_message_parameters={"receiver_user_id": ann.id})
    shown = playground.messages(desk)[-1]
    place = {"chat_id": desk.id, "ephemeral_message_id": shown.id}
    assert (await ask("deleteEphemeralMessage", **place, receiver_user_id=eve.id))["error_code"] == 400
    assert playground.messages(desk)[-1] is shown
    assert (await ask("deleteEphemeralMessage", **place, receiver_user_id=ann.id))["result"] is True
    assert shown not in playground.messages(desk)
