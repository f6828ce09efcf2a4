"""Methods that ask about chats and who is in them."""

from tgbot.playground.chats import ADMINS, ANONYMOUS, GONE, Json, Member, Status
from tgbot.playground.errors import bad_request
from tgbot.playground.params import Params
from tgbot.playground.world import World

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_chat(world: World, params: Params) -> Json:
    chat = world.chat(params.values.get("chat_id"))
    gifts = dict.fromkeys(_GIFTS, False)
    return chat.to_json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def get_chat_member(world: World, params: Params) -> Json:
    chat = world.chat(params.values.get("chat_id"))
    user_id = params.number("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    if user_id == ANONYMOUS.id:
        raise bad_request("member not found")
    person = world.bot if user_id == world.bot.id else world.people.get(user_id)
    if person is None:
        raise bad_request("user not found")
    return chat.member(person).to_json()


def get_chat_administrators(world: World, params: Params) -> list[Json]:
    """Anonymous ones are shown only to a bot that is an administrator itself."""
    chat = world.chat(params.values.get("chat_id"))
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    sees_all = chat.member(world.bot).status == Status.ADMINISTRATOR
    admins = [member for member in chat.members.values() if member.status in ADMINS]
    return [member.to_json() for member in admins if sees_all or not member.is_anonymous]


def get_chat_member_count(world: World, params: Params) -> int:
    chat = world.chat(params.values.get("chat_id"))
    return sum(member.status not in GONE for member in chat.members.values())


def leave_chat(world: World, params: Params) -> bool:
    chat = world.chat(params.values.get("chat_id"))
    if chat.is_private:
        raise bad_request("chat not found")
    world.set_member(chat, world.bot, Member(world.bot, Status.LEFT), by=world.bot)
    return True
