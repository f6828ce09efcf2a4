"""Asked before a ticket is shown, and again in the very transaction that uses up the right to send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tgbot.accounts.guards import store
from tgbot.accounts.guards.rules import DAY, Limit, Limits, Setting, effective_at, in_force, require_within
from tgbot.accounts.guards.store import EVERYBODY, By
from tgbot.core.clock import Clock
from tgbot.core.errors import NotAllowed
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.db.engine import Database, ReadSession, WriteSession


class Spent(Protocol):
    """What somebody has sent since a moment, in USDT, within the open session."""

    async def __call__(self, session: ReadSession, *, since: datetime) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Limits in force, those that begin later, and whether the person has frozen their own trading."""

    limits: Limits
    waiting: Sequence[Setting]
    is_frozen: bool


class Guards:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def require(
        self, session: ReadSession, *, person_id: int, chat_id: int, symbol: str, value: Decimal | None, spent: Spent
    ) -> None:
        """Raises `NotAllowed` while trading is frozen and `Refused` beyond a limit. In a write session nothing can be
        sent past it meanwhile. `value` is USDT, `None` where nothing tells it."""
        if isinstance(session, WriteSession):
            await store.stand_in_line(session, person_id)
        _require_thawed(await store.frozen_by(session, person_id, chat_id), person_id)
        now = self._clock.now()
        limits = in_force(await store.settings(session, person_id), now)
        require_within(limits, symbol, value, await spent(session, since=now - DAY))

    async def require_thawed(self, session: ReadSession, *, person_id: int, chat_id: int) -> None:
        """Raises `NotAllowed` while trading is frozen; for what was allowed before, within all limits."""
        _require_thawed(await store.frozen_by(session, person_id, chat_id), person_id)

    async def shown(self, person: Person) -> Shown:
        now = self._clock.now()
        async with self._database.read() as session:
            settings = await store.settings(session, person.id)
            frozen = await store.frozen_by(session, person.id)
        waiting = [setting for setting in settings if setting.effective_at > now]
        return Shown(in_force(settings, now), waiting, (person.id, By.SELF) in frozen)

    async def set_limit(self, person: Person, limit: Limit, value: str) -> Setting:
        """As it was taken: a tighter one begins now, another one in 24 hours. `value` as in `Setting`."""
        now = self._clock.now()
        async with self._database.write() as session:
            begun = [each for each in await store.settings(session, person.id) if each.effective_at <= now]
            old = next((each.value for each in reversed(begun) if each.limit is limit), "")
            setting = Setting(limit, value, effective_at(limit, old, value, now))
            await store.set_limit(session, person.id, setting, now)
        return setting

    async def freeze(self, subject_id: int, by: By) -> None:
        """`subject_id` is a person, a chat, or `EVERYBODY`. Orders that have left already are not taken back."""
        async with self._database.write() as session:
            await store.freeze(session, subject_id, by, self._clock.now())

    async def thaw(self, subject_id: int, by: By) -> bool:
        """Whether there was anything to thaw. Nobody thaws what another has frozen."""
        async with self._database.write() as session:
            return await store.thaw(session, subject_id, by)


def _require_thawed(frozen: set[tuple[int, By]], person_id: int) -> None:
    if (person_id, By.SELF) in frozen:
        raise NotAllowed(T("guards.frozen_by_self"))
    if (EVERYBODY, By.OPERATOR) in frozen:
        raise NotAllowed(T("guards.frozen_for_all"))
    if frozen:
        raise NotAllowed(T("guards.frozen_by_operator"))
