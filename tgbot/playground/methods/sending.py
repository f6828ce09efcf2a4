"""Methods that put something new into a chat."""

from tgbot.playground.chats import Chat, Json, Status, reply_content
from tgbot.playground.errors import ApiError, bad_request
from tgbot.playground.methods.content import keyboard_content, media_content, text_content
from tgbot.playground.params import Params
from tgbot.playground.world import World

_CHAT_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
_REACTION_NEEDS = "message to react"


def send_message(world: World, params: Params) -> Json:
    chat = world.chat(params.values.get("chat_id"), to_write=True)
    return _send(world, chat, params, text_content(params))


def send_photo(world: World, params: Params) -> Json:
    return _send_media(world, params, "photo")


def send_document(world: World, params: Params) -> Json:
    return _send_media(world, params, "document")


def send_chat_action(world: World, params: Params) -> bool:
    action = params.text("action")
    if action not in _CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = world.chat(params.values.get("chat_id"), to_write=True)
    world.journal.publish("action", chat_id=chat.id, action=action)
    return True


def set_message_reaction(world: World, params: Params) -> bool:
    chat = world.chat(params.values.get("chat_id"))
    message = chat.message(params.number("message_id"), _REACTION_NEEDS)
    world.journal.publish("reaction", chat_id=chat.id, message_id=message.id, reaction=params.listed("reaction"))
    return True


def pin_chat_message(world: World, params: Params) -> bool:
    chat = world.chat(params.values.get("chat_id"))
    message = chat.message(params.number("message_id"), "message to pin")
    place = chat.member(world.bot)
    if not chat.is_private and not (place.status == Status.ADMINISTRATOR and "can_pin_messages" in place.rights):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    chat.pinned.append(message.id)
    world.journal.publish("pin", chat_id=chat.id, message_id=message.id)
    return True


def _send_media(world: World, params: Params, kind: str) -> Json:
    chat = world.chat(params.values.get("chat_id"), to_write=True)
    content = media_content(world, params, kind, params.text(kind)) | text_content(params, "caption")
    return _send(world, chat, params, content)


def _send(world: World, chat: Chat, params: Params, content: Json) -> Json:
    receiver = _receiver(world, chat, params)
    content = content | _asked_reply(chat, params) | keyboard_content(params, chat) | receiver
    world.limits.spend(chat)
    message = world.post(chat, world.bot, content)
    if not receiver:
        return message.to_json()
    return message.to_json() | {"message_id": 0, "ephemeral_message_id": message.id}


def _receiver(world: World, chat: Chat, params: Params) -> Json:
    """For whom alone the message is, in a group."""
    wanted = params.fields("ephemeral_message_parameters").get("receiver_user_id")
    if wanted is None:
        return {}
    person = world.people.get(wanted)
    if person is None or chat.is_private:
        raise bad_request("user not found")
    return {"receiver_user": person.to_json()}


def _asked_reply(chat: Chat, params: Params) -> Json:
    wanted = params.fields("reply_parameters")
    if "message_id" not in wanted:
        return {}
    try:
        return reply_content(chat.message(wanted["message_id"], "message to be replied"))
    except ApiError:
        if wanted.get("allow_sending_without_reply"):
            return {}
        raise
