"""The Bot API's methods, one function each."""

from collections.abc import Callable

from tgbot.playground.methods import answering, editing, membership, sending, settings
from tgbot.playground.params import Params
from tgbot.playground.world import World

Method = Callable[[World, Params], object]

METHODS: dict[str, Method] = {
    "answerCallbackQuery": answering.answer_callback_query,
    "answerInlineQuery": answering.answer_inline_query,
    "deleteEphemeralMessage": editing.delete_ephemeral_message,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "deleteMyCommands": settings.delete_my_commands,
    "deleteWebhook": settings.delete_webhook,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "editMessageText": editing.edit_message_text,
    "getChat": membership.get_chat,
    "getChatAdministrators": membership.get_chat_administrators,
    "getChatMember": membership.get_chat_member,
    "getChatMemberCount": membership.get_chat_member_count,
    "getChatMenuButton": settings.get_chat_menu_button,
    "getFile": settings.get_file,
    "getMe": settings.get_me,
    "getMyCommands": settings.get_my_commands,
    "getMyDescription": settings.get_my_description,
    "getMyName": settings.get_my_name,
    "getMyShortDescription": settings.get_my_short_description,
    "getWebhookInfo": settings.get_webhook_info,
    "leaveChat": membership.leave_chat,
    "pinChatMessage": sending.pin_chat_message,
    "sendChatAction": sending.send_chat_action,
    "sendDocument": sending.send_document,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "setChatMenuButton": settings.set_chat_menu_button,
    "setMessageReaction": sending.set_message_reaction,
    "setMyCommands": settings.set_my_commands,
    "setMyDescription": settings.set_my_description,
    "setMyName": settings.set_my_name,
    "setMyShortDescription": settings.set_my_short_description,
    "setWebhook": settings.set_webhook,
}
"""All but getUpdates, which waits; by their official names, which requests may write in any case."""
