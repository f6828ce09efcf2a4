"""Who somebody is in a group, asked from Telegram each time. What it does not say is no yes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime

import structlog

from tgbot.approvals.store import desks as store
from tgbot.approvals.store.desks import Desk
from tgbot.core.clock import Clock
from tgbot.core.errors import DeliveryError, NotAllowed
from tgbot.core.people import Standing
from tgbot.core.reply import T
from tgbot.db.engine import Database, WriteSession

log = structlog.get_logger()

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

AskStanding = Callable[[int, int], Awaitable[Standing]]
AskAdmins = Callable[[int], Awaitable[list[int]]]


class Standings:
    def __init__(self, database: Database, clock: Clock, ask: AskStanding, ask_admins: AskAdmins) -> None:
        self._database = database
        self._clock = clock
        self._ask = ask
        self._ask_admins = ask_admins

    async def of(self, chat_id: int, person_id: int) -> Standing:
        """Raises `NotAllowed` where Telegram does not say."""
        standing = await self._try(chat_id, person_id)
        if standing is None:
            raise NotAllowed(T("approvals.telegram_silent"))
        return standing

    async def require_admin(self, chat_id: int, person_id: int, refusal: T) -> None:
        """Raises `NotAllowed` with this refusal for everybody but the group's administrators; as `of` too."""
        if await self.of(chat_id, person_id) < Standing.ADMIN:
            raise NotAllowed(refusal)

    async def at(self, desk: Desk, person_id: int) -> Standing:
        """As `of`, and notes since when they have administered the group."""
        standing = await self.of(desk.chat_id, person_id)
        async with self._database.write() as session:
            await self.note(session, desk.id, {person_id: standing})
        return standing

    async def of_all(self, chat_id: int, person_ids: Collection[int]) -> Mapping[int, Standing | None]:
        """`None` where Telegram does not say."""
        wanted = sorted(person_ids)
        found = await asyncio.gather(*(self._try(chat_id, person_id) for person_id in wanted))
        return dict(zip(wanted, found, strict=True))

    async def note(self, session: WriteSession, desk_id: str, standings: Mapping[int, Standing | None]) -> None:
        """Whoever administers it is known to do so from now on; whoever does not is no longer."""
        admins = [person_id for person_id, standing in standings.items() if standing and standing >= Standing.ADMIN]
        others = [person_id for person_id, known in standings.items() if known is not None and known < Standing.ADMIN]
        await store.note_admins(session, desk_id, admins, self._clock.now())
        await store.forget_admins(session, desk_id, others)

    async def note_first(self, session: WriteSession, desk_id: str, admins: Collection[int]) -> None:
        """Whoever administers the group when its desk is set up has settled already."""
        await store.note_admins(session, desk_id, admins, LONG_AGO)

    async def admins_of(self, chat_id: int) -> list[int]:
        """None where Telegram does not say: then each has to settle."""
        try:
            return await self._ask_admins(chat_id)
        except DeliveryError as error:
            log.warning("admins_unknown", chat=chat_id, reason=str(error))
            return []

    async def _try(self, chat_id: int, person_id: int) -> Standing | None:
        try:
            return await self._ask(chat_id, person_id)
        except DeliveryError as error:
            log.warning("standing_unknown", chat=chat_id, person=person_id, reason=str(error))
            return None
