"""Answers to what people write and press."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from tgbot.chat.sending import Messenger
from tgbot.core.errors import DeliveryError
from tgbot.core.reply import Reply
from tgbot.core.routing import Incoming, Toast
from tgbot.db.engine import Database, WriteSession
from tgbot.delivery.gone import come_back, gone_chats
from tgbot.delivery.outbox import Notice, Outbox, Priority
from tgbot.delivery.packing import RecipientsOf
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

log = structlog.get_logger()


class Answers:
    """Replies go through the outbox; toasts go at once, for Telegram limits them not and forgets the press soon."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        messenger: Messenger,
        renderer: Renderer,
        recipients_of: RecipientsOf,
        on_chat_back: Callable[[WriteSession, int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._messenger = messenger
        self._renderer = renderer
        self._recipients_of = recipients_of
        self._on_chat_back = on_chat_back

    async def restore(self) -> None:
        """What an earlier process knew of chats that are gone; before anybody is heard."""
        async with self._database.read() as session:
            self._outbox.gone |= await gone_chats(session)

    async def hear(self, incoming: Incoming) -> None:
        """Whoever speaks to us reads us: a chat that was gone is there again, before anything is answered. What people
        say to each other in a group is no proof."""
        if not (incoming.is_private or incoming.command or incoming.press_id):
            return
        if incoming.chat_id not in self._outbox.gone:
            return
        async with self._database.write() as session:
            if await come_back(session, incoming.chat_id):
                log.info("chat_back", chat=incoming.chat_id)
                await self._on_chat_back(session, incoming.chat_id)
        self._outbox.gone.discard(incoming.chat_id)

    async def reply(self, session: WriteSession, incoming: Incoming, reply: Reply) -> None:
        """A press is answered by editing the message it stands under, unless the reply is to be a new one: a picture
        cannot become a text."""
        loses_picture = incoming.is_picture and reply.picture is None
        has_message = incoming.message_id != 0  # what one person alone sees has no number
        is_edit = bool(incoming.press_id) and has_message and not reply.is_new and not loses_picture
        notice = Notice(
            incoming.chat_id,
            reply if incoming.is_private else replace(reply, asked_by=incoming.user_id),
            Priority.ANSWER,
            card=reply.card,
            edit_message_id=incoming.message_id if is_edit else None,
            thread_id=incoming.thread_id,
        )
        await self._outbox.put(session, notice)

    async def toast(self, incoming: Incoming, toast: Toast | None) -> None:
        """Stops the button's spinning, with or without words; that it cannot be done is only logged."""
        text, is_alert, url = "", False, ""
        if toast is not None:
            async with self._database.read() as session:
                recipient = (await self._recipients_of(session, [incoming.user_id]))[incoming.user_id]
            # With a link Telegram opens it and shows no words.
            url, reader = toast.url, Reader(recipient.language, recipient.time_zone)
            text, is_alert = "" if url else self._renderer.plain(toast.text, reader), toast.is_alert
        try:
            await self._messenger.answer_press(incoming.press_id, text, is_alert=is_alert, url=url)
        except DeliveryError as error:
            log.warning("press_not_answered", reason=str(error))

    def wake(self) -> None:
        self._outbox.wake()
