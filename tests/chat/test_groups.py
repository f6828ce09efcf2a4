"""Who somebody is in a group, in Telegram's words and ours."""

import json
from typing import Any

import pytest

from tests.chat.telegram_server import TelegramServer
from tgbot.chat.bot import Telegram
from tgbot.chat.groups import Groups
from tgbot.core.errors import ChatMoved, DeliveryError
from tgbot.core.people import Standing

ANN = {"id": 7, "is_bot": False, "first_name": "Ann"}
RIGHTS = [
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
]  # fmt: skip
MAY = [
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
    "can_edit_tag", "can_react_to_messages",
]  # fmt: skip


def answered(result: Any) -> str:
    return json.dumps({"ok": True, "result": result})


@pytest.mark.parametrize(
    ("member", "standing"),
    [
        ({"status": "creator", "is_anonymous": True}, Standing.OWNER),
        ({"status": "administrator", **dict.fromkeys(RIGHTS, False)}, Standing.ADMIN),
        ({"status": "member"}, Standing.MEMBER),
        ({"status": "restricted", "is_member": True, "until_date": 0, **dict.fromkeys(MAY, False)}, Standing.MEMBER),
        ({"status": "restricted", "is_member": False, "until_date": 0, **dict.fromkeys(MAY, False)}, Standing.OUTSIDE),
        ({"status": "left"}, Standing.OUTSIDE),
        ({"status": "kicked", "until_date": 0}, Standing.OUTSIDE),
        ({"status": "of next year"}, Standing.OUTSIDE),
    ],
)
async def test_a_standing_is_never_more_than_telegram_says(
    telegram: TelegramServer, bot: Telegram, member: dict[str, Any], standing: Standing
) -> None:
    telegram.answer_with("getChatMember", 200, answered({"user": ANN, **member}))
    assert await Groups(bot).standing(-1001, 7) is standing
    (call,) = telegram.sent("getChatMember")
    assert (call["chat_id"], call["user_id"]) == ("-1001", "7")


@pytest.mark.parametrize(
    ("status", "description"),
    [(400, "Bad Request: member list is inaccessible"), (400, "Bad Request: user not found"), (500, "Internal"),
     (403, "Forbidden: bot was kicked from the supergroup chat")],
)  # fmt: skip
async def test_what_telegram_does_not_say_is_an_error(
    telegram: TelegramServer, bot: Telegram, status: int, description: str
) -> None:
    telegram.fail("getChatMember", status, description)
    with pytest.raises(DeliveryError):
        await Groups(bot).standing(-1001, 7)


async def test_a_lost_answer_is_asked_for_once(telegram: TelegramServer, bot: Telegram) -> None:
    telegram.lose_answer("getChatMember")
    with pytest.raises(DeliveryError):
        await Groups(bot).standing(-1001, 7)
    assert len(telegram.sent("getChatMember")) == 1


async def test_a_group_that_moved_says_so(telegram: TelegramServer, bot: Telegram) -> None:
    telegram.fail("getChatAdministrators", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009)
    with pytest.raises(ChatMoved):
        await Groups(bot).admins(-1001)


async def test_bots_administer_nothing(telegram: TelegramServer, bot: Telegram) -> None:
    robot = {"id": 9, "is_bot": True, "first_name": "Robot"}
    rights = dict.fromkeys(RIGHTS, False)
    admins = [{"user": user, "status": "administrator", **rights} for user in (ANN, robot)]
    telegram.answer_with("getChatAdministrators", 200, answered(admins))
    assert await Groups(bot).admins(-1001) == [7]


async def test_a_file_goes_where_the_desk_is(telegram: TelegramServer, bot: Telegram) -> None:
    document = {"message_id": 5, "date": 1, "chat": {"id": -1001, "type": "supergroup", "title": "Club"}}
    telegram.answer_with("sendDocument", 200, answered(document))
    await Groups(bot).send_file(-1001, 3, "audit.csv", b"number,at")
    (call,) = telegram.sent("sendDocument")
    assert (call["chat_id"], call["message_thread_id"]) == ("-1001", "3")
    assert "number,at" in call.values()


async def test_a_start_link_opens_our_private_chat(bot: Telegram) -> None:
    assert Groups(bot).start_link("desk-x") == "https://t.me/tgbot_test_bot?start=desk-x"
