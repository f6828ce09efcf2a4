"""Messages, edits, answers to presses."""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from telegram import (
    BotCommand,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
)
from telegram.constants import ParseMode

from tgbot.chat.bot import Telegram, in_our_words
from tgbot.chat.failures import Unchanged
from tgbot.core.errors import ChatGone, ConfigError, DeliveryUnknown, Malformed, MessageGone
from tgbot.core.reply import Rendered, RenderedButton

log = structlog.get_logger()

LONGEST_TOAST = 200
LONGEST_CAPTION = 1024


class Messenger:
    """Raises the `DeliveryError`s, and `ConfigError` when the token is refused. Repeats nothing by itself."""

    def __init__(self, bot: Telegram) -> None:
        self._bot = bot
        self._has_ephemeral: bool | None = None

    async def send(
        self,
        chat_id: int,
        rendered: Rendered,
        *,
        thread_id: int | None = None,
        reply_to: int | None = None,
        is_silent: bool = False,
    ) -> int:
        """The id of the new message. An answer to a message that is gone is sent as a message of its own."""
        if rendered.picture is None:
            fields = {
                **_text(chat_id, rendered),
                "message_thread_id": thread_id,
                "reply_parameters": reply_to and {"message_id": reply_to, "allow_sending_without_reply": True},
                "disable_notification": is_silent,
            }
            message: dict[str, int] = await in_our_words(self._bot.call("sendMessage", fields))
            return message["message_id"]
        answered = None if reply_to is None else ReplyParameters(reply_to, allow_sending_without_reply=True)
        sending = self._bot.send_photo(
            chat_id,
            rendered.picture,
            _caption(rendered),
            parse_mode=ParseMode.HTML,
            message_thread_id=thread_id,
            reply_parameters=answered,
            disable_notification=is_silent,
            reply_markup=_keyboard(rendered),
        )
        return (await in_our_words(sending)).message_id

    async def send_to_one(
        self, chat_id: int, person_id: int, rendered: Rendered, *, thread_id: int | None = None
    ) -> int:
        """In a group, seen by this person alone. Raises `Malformed` where that cannot be had. Should a server show it
        to everybody in spite of what it has answered, it is deleted at once."""
        if not await self._knows_ephemeral(chat_id, person_id):
            raise Malformed("no messages for one person here")
        fields = {
            **_text(chat_id, rendered),
            "message_thread_id": thread_id,
            "ephemeral_message_parameters": {"receiver_user_id": person_id},
        }
        message: dict[str, int] = await in_our_words(self._bot.call("sendMessage", fields))
        if "ephemeral_message_id" in message:
            return message["ephemeral_message_id"]
        self._has_ephemeral = False
        await self.delete(chat_id, message["message_id"])
        raise Malformed("no messages for one person here")

    async def _knows_ephemeral(self, chat_id: int, person_id: int) -> bool:
        """Asked until it is known, by deleting what is not there. A Bot API server older than 10.2 has no such method;
        it would ignore the parameter that names the one reader, too, and show the message to everybody."""
        if self._has_ephemeral is None:
            nothing = {"chat_id": chat_id, "receiver_user_id": person_id, "ephemeral_message_id": 0}
            try:
                await in_our_words(self._bot.call("deleteEphemeralMessage", nothing))
            except ConfigError:  # the library takes any "404 Not Found" for a refused token
                self._has_ephemeral = False
                log.warning("no_ephemeral_messages")
            except (Malformed, MessageGone):
                self._has_ephemeral = True
            except DeliveryUnknown:
                return False
            else:
                self._has_ephemeral = True
        return self._has_ephemeral

    async def edit(self, chat_id: int, message_id: int, rendered: Rendered) -> None:
        """Text, picture and buttons. May be repeated safely. A text may be given a picture; that a picture cannot
        become a text is a `MessageGone`."""
        editing: Awaitable[object]
        if rendered.picture is None:
            editing = self._bot.call("editMessageText", {**_text(chat_id, rendered), "message_id": message_id})
        else:
            photo = InputMediaPhoto(rendered.picture, _caption(rendered), ParseMode.HTML)
            editing = self._bot.edit_message_media(photo, chat_id, message_id, reply_markup=_keyboard(rendered))
        with suppress(Unchanged):
            await in_our_words(editing)

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Whether it is gone; `False` is a definite no. May be repeated safely."""
        try:
            return await in_our_words(self._bot.delete_message(chat_id, message_id))
        except MessageGone:
            return True
        except (ChatGone, Malformed) as error:
            log.warning("message_not_deleted", reason=str(error))
            return False

    async def answer_press(self, press_id: str, text: str = "", *, is_alert: bool = False, url: str = "") -> None:
        """Stops the button's spinning; `url` (a start link of ours) is opened for the one who pressed. Too late is no
        error: nobody waits for it any more."""
        words = text[:LONGEST_TOAST] or None
        call = self._bot.answer_callback_query(press_id, words, show_alert=is_alert, url=url or None)
        with suppress(Malformed):
            await in_our_words(call)

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str | None = None) -> None:
        """The command menu, as pairs of name and description; without a language, for everybody else."""
        menu = [BotCommand(name, description) for name, description in commands]
        await in_our_words(self._bot.set_my_commands(menu, language_code=language))


def _caption(rendered: Rendered) -> str:
    """Raises `Malformed` where Telegram would refuse: it counts UTF-16 units of what a reader sees."""
    if len(rendered.plain.encode("utf-16-le")) > 2 * LONGEST_CAPTION:
        raise Malformed("too long for a caption")
    return rendered.html


def _text(chat_id: int, rendered: Rendered) -> dict[str, Any]:
    return {
        "chat_id": chat_id,
        "text": rendered.html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": _rows(rendered)} if rendered.buttons else None,
    }


def _keyboard(rendered: Rendered) -> InlineKeyboardMarkup | None:
    return InlineKeyboardMarkup.de_json({"inline_keyboard": _rows(rendered)}) if rendered.buttons else None


def _rows(rendered: Rendered) -> list[list[dict[str, str]]]:
    return [[_button(button) for button in row] for row in rendered.buttons]


def _button(button: RenderedButton) -> dict[str, str]:
    action = {"url": button.url} if button.url else {"callback_data": button.data}
    return {"text": button.text, **action}
