"""What can be decided on, as far as approvals need to know of it."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tgbot.core.desks import Draft, Judge, Lent, OrderAsked
from tgbot.core.errors import Refused
from tgbot.core.reply import Reply
from tgbot.db.engine import ReadSession, WriteSession


class Void(Refused):
    """It can never be carried out any more."""


class Ready(Protocol):
    """Everything is asked and known: only the group's word is missing."""

    @property
    def drift(self) -> Decimal:
        """How far the market has moved since it was proposed, in per cent, never negative."""
        ...

    @property
    def value(self) -> Decimal | None:
        """What it is worth now, in USDT, and at least what it was when it was proposed; `None` where nothing tells."""
        ...

    async def grant(self, session: WriteSession) -> None:
        """Uses it up, in the transaction that counts the votes. Raises `UserError` (`Void` where it is for ever): then
        all of it is undone."""
        ...

    async def carry_out(self) -> None:
        """Once that is committed."""
        ...


class Subject(Protocol):
    async def draft(self, session: ReadSession, subject_id: str) -> Draft | None:
        """As it is stored at this moment."""
        ...

    async def make_ready(self, subject_id: str) -> Ready:
        """Raises `UserError` and `ExchangeError`."""
        ...

    async def drop(self, session: WriteSession, subject_id: str) -> None:
        """It has come to nothing."""
        ...


class OrderSubject(Subject, Protocol):
    """Trading fulfils it."""

    async def prepare(self, asked: OrderAsked, judge: Judge) -> Draft | Reply:
        """Frozen, though nothing can be done with it yet; a question where a part is missing. The same update makes no
        second one. `judge` is asked before anything is told of what the account holds. Raises `UserError` and
        `ExchangeError`."""
        ...

    async def find_order(self, session: ReadSession, lent: Lent, short: str) -> str | None:
        """One that was sent for this group with the account that it is lent now, whatever has become of it; exits
        too."""
        ...

    async def cancel(self, subject_id: str) -> Reply:
        """Asks for its end, and says what has become of it. Raises `UserError` and `ExchangeError`."""
        ...

    async def spent(self, session: ReadSession, chat_id: int, since: datetime) -> Decimal:
        """What the orders of this group since then are worth, in USDT."""
        ...

    async def move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        """The group became a supergroup."""
        ...
