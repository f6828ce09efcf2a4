"""Where a feature leaves what it has to say, in the transaction of the fact it tells of."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from sqlalchemy import ColumnElement, or_, select, update

from tgbot.core.clock import Clock
from tgbot.core.notices import Kind
from tgbot.core.reply import Reply
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.db.statements import insert_into
from tgbot.delivery.codec import encode
from tgbot.delivery.store import OUTBOX, OutboxRow, State, adopt_cards


class Priority(IntEnum):
    """Between chats the lower number goes first. Within a chat fills and answers keep their order, and so do alerts
    and digests behind them: a fill never overtakes the answer that told of its order."""

    FILL = 0
    ANSWER = 1
    ALERT = 2
    DIGEST = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """A message we owe a chat.

    A `card` names a message of the chat that is edited once it is there; `edit_message_id` names it by Telegram's id
    (given both, that message becomes the card). `reply_to_card` makes it an answer to a card's message. A `dedup_key`
    is accepted once, for ever. What has not left at `expires_at` is not sent any more. What nobody has asked for at
    this moment has a `kind`: the chat's reader says how loudly it comes, and alerts wait a second for company and grow
    stale by themselves.
    """

    chat_id: int
    reply: Reply
    priority: Priority
    card: str | None = None
    edit_message_id: int | None = None
    reply_to_card: str | None = None
    thread_id: int | None = None
    dedup_key: str | None = None
    expires_at: datetime | None = None
    kind: Kind | None = None


# For so long alerts of one chat wait for others, to become one message.
COMPANY = timedelta(seconds=1)
STALE_AFTER = {Kind.ALERT: timedelta(seconds=120), Kind.WATCH: timedelta(seconds=60)}


class Outbox:
    """`gone` are the chats in which nobody reads us, as far as this process knows; the table is the truth."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.gone: set[int] = set()
        self.woken = asyncio.Event()

    async def put(self, session: WriteSession, notice: Notice) -> int:
        """The id of the row that will tell it. Call `wake` after the commit."""
        waiting = await _waiting_for_the_same_message(session, notice)
        if waiting is not None:
            await _overwrite(session, waiting, notice)
            return waiting.id
        insert = insert_into(session, OutboxRow).values(_row(notice, self._clock.now()))
        insert = insert.on_conflict_do_nothing(index_elements=["dedup_key"])
        inserted: int | None = await session.scalar(insert.returning(OutboxRow.id))
        known = select(OutboxRow.id).where(OutboxRow.dedup_key == notice.dedup_key)
        return inserted if inserted is not None else (await session.execute(known)).scalar_one()

    async def holds(self, session: ReadSession, dedup_key: str) -> bool:
        """Whether it has been put, so that a round that comes back to it needs no write."""
        found = select(OutboxRow.id).where(OutboxRow.dedup_key == dedup_key)
        return await session.scalar(found) is not None

    async def put_all(self, session: WriteSession, notices: Iterable[Notice]) -> None:
        """As `put` for each, in their order, in one statement: for messages of their own, which replace no other."""
        now = self._clock.now()
        rows = [_row(notice, now) for notice in notices]
        if rows:
            connection = await session.connection()
            insert = insert_into(session, OutboxRow).on_conflict_do_nothing(index_elements=["dedup_key"])
            await connection.execute(insert, rows)

    async def owe(self, session: WriteSession, chat_id: int, reply: Reply, dedup_key: str) -> None:
        """A message about the account, as urgent as a fill, once for ever."""
        await self.put(session, Notice(chat_id, reply, Priority.FILL, dedup_key=dedup_key, kind=Kind.ACCOUNT))

    async def judge_again(self, session: WriteSession, chat_id: int) -> None:
        """Its reader has chosen anew: what was kept for the end of quiet hours may be owed now, or not at all."""
        kept = (OUTBOX.c.chat_id == chat_id) & (OUTBOX.c.state == State.KEPT)
        await session.execute(update(OUTBOX).where(kept).values(state=State.NEW, not_before=OUTBOX.c.created_at))

    async def adopt_card(self, session: WriteSession, chat_id: int, card: str, message_id: int) -> None:
        """From now on `card` is the message `message_id`."""
        await adopt_cards(session, [(chat_id, card, message_id)])

    def wake(self) -> None:
        """Tell the sender that there is work; after the commit, or it finds nothing."""
        self.woken.set()


def _row(notice: Notice, now: datetime) -> dict[str, object]:
    stale_after = STALE_AFTER.get(notice.kind) if notice.kind else None
    return {
        "chat_id": notice.chat_id,
        "thread_id": notice.thread_id,
        "priority": notice.priority,
        "payload": encode(notice.reply),
        "picture": notice.reply.picture,
        "card": notice.card,
        "message_id": notice.edit_message_id,
        "reply_to_card": notice.reply_to_card,
        "dedup_key": notice.dedup_key,
        "kind": notice.kind,
        "created_at": now,
        "not_before": now + COMPANY if stale_after else now,
        "expires_at": notice.expires_at or (stale_after and now + stale_after),
    }


async def _waiting_for_the_same_message(session: WriteSession, notice: Notice) -> OutboxRow | None:
    """A row not yet claimed whose text the new one replaces: only the newest state of a message is worth sending."""
    same: list[ColumnElement[bool]] = []
    if notice.card is not None:
        same.append(OutboxRow.card == notice.card)
    if notice.edit_message_id is not None:
        same.append(OutboxRow.message_id == notice.edit_message_id)
    if not same or notice.dedup_key is not None:
        return None
    return await session.scalar(
        select(OutboxRow)
        .where(OutboxRow.chat_id == notice.chat_id, OutboxRow.state == State.NEW, or_(*same))
        .order_by(OutboxRow.id.desc())
        .limit(1)
        .with_for_update()
    )


async def _overwrite(session: WriteSession, waiting: OutboxRow, notice: Notice) -> None:
    waiting.payload = encode(notice.reply)
    waiting.picture = notice.reply.picture
    waiting.priority = min(waiting.priority, notice.priority)
    waiting.expires_at = notice.expires_at
    waiting.is_plain = False
    waiting.card = notice.card or waiting.card
    waiting.message_id = notice.edit_message_id or waiting.message_id
    waiting.reply_to_card = notice.reply_to_card or waiting.reply_to_card
    await session.flush()
