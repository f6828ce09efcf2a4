"""Methods that change or remove what is in a chat."""

from contextlib import suppress

from tgbot.playground.chats import Chat, Json, Message, Status
from tgbot.playground.errors import ApiError, bad_request
from tgbot.playground.methods.content import keyboard_content, media_content, text_content
from tgbot.playground.params import Params
from tgbot.playground.world import World

_TEXT = frozenset({"text", "entities"})
_CAPTION = frozenset({"caption", "caption_entities"})
_MEDIA = frozenset({"photo", "document"})
_DELETABLE_FOR = 48 * 3600
_MOST_DELETED = 100


def edit_message_text(world: World, params: Params) -> Json:
    message = _editable(world, params)
    content = text_content(params)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return _rewrite(world, message, params, _TEXT, content)


def edit_message_caption(world: World, params: Params) -> Json:
    message = _editable(world, params)
    content = text_content(params, "caption")
    if not _MEDIA & message.content.keys():
        raise bad_request("there is no caption in the message to edit")
    return _rewrite(world, message, params, _CAPTION, content)


def edit_message_media(world: World, params: Params) -> Json:
    message = _editable(world, params)
    media = params.fields("media")
    kind = str(media.get("type"))
    if kind not in _MEDIA:
        raise bad_request(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    caption = text_content(Params(media), "caption")
    content = media_content(world, params, kind, str(media.get("media", ""))) | caption
    return _rewrite(world, message, params, _TEXT | _CAPTION | _MEDIA, content)


def edit_message_reply_markup(world: World, params: Params) -> Json:
    return _rewrite(world, _editable(world, params), params, frozenset(), {})


def delete_message(world: World, params: Params) -> bool:
    chat = world.chat(params.values.get("chat_id"))
    message = chat.message(params.number("message_id"), "message to delete")
    if not _may_delete(world, chat, message):
        raise bad_request("message can't be deleted")
    world.remove(message)
    return True


def delete_ephemeral_message(world: World, params: Params) -> bool:
    chat = world.chat(params.values.get("chat_id"))
    message = chat.message(params.number("ephemeral_message_id"), "message to delete")
    if message.content.get("receiver_user", {}).get("id") != params.number("receiver_user_id"):
        raise bad_request("message to delete not found")
    world.remove(message)
    return True


def delete_messages(world: World, params: Params) -> bool:
    """What cannot be deleted is passed over."""
    message_ids = params.listed("message_ids")
    if not 1 <= len(message_ids) <= _MOST_DELETED:
        raise bad_request(
            "too many message identifiers specified" if message_ids else "message identifiers are not specified"
        )
    chat = world.chat(params.values.get("chat_id"))
    for message_id in message_ids:
        with suppress(ApiError):
            delete_message(world, Params({"chat_id": chat.id, "message_id": message_id}))
    return True


def _editable(world: World, params: Params) -> Message:
    chat = world.chat(params.values.get("chat_id"), to_write=True)
    message = chat.message(params.number("message_id"), "message to edit")
    if message.sender is not world.bot or "forward_origin" in message.content:
        raise bad_request("message can't be edited")
    return message


def _rewrite(world: World, message: Message, params: Params, replaced: frozenset[str], content: Json) -> Json:
    """An edit that brings no keyboard takes away the one that was there."""
    leaving = replaced | {"reply_markup", "edit_date"}
    kept = {key: value for key, value in message.content.items() if key not in leaving}
    new = kept | content | keyboard_content(params, message.chat)
    if new == {key: value for key, value in message.content.items() if key != "edit_date"}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    world.limits.spend(message.chat)
    world.rewrite(message, new)
    return message.to_json()


def _may_delete(world: World, chat: Chat, message: Message) -> bool:
    if world.now() - message.date > _DELETABLE_FOR:
        return False
    place = chat.member(world.bot)
    is_moderator = place.status == Status.ADMINISTRATOR and "can_delete_messages" in place.rights
    return chat.is_private or message.sender is world.bot or is_moderator
