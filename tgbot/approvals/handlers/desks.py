"""/desk in a group and in the private chat, lending an account, and /audit."""

import re
from collections.abc import Awaitable, Callable, Sequence

from tgbot.approvals.desks import Desks, LinkGone
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.views import desks as views
from tgbot.audit import store as audit
from tgbot.audit.verification import written
from tgbot.core.errors import DeliveryError, NotFound, Refused, UsageError
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Command, Incoming, Place, Press, Route, Toast
from tgbot.credentials.service import Keys
from tgbot.db.engine import Database

START = "desk-"  # how the payload of a start link begins that lends an account
SHOWN = 10
MOST_SHOWN = 40

_NUMBER = re.compile(r"[0-9]{1,18}")

SendFile = Callable[[int, int | None, str, bytes], Awaitable[None]]


class DeskHandlers:
    """`start_link` makes the address that opens our private chat with a payload."""

    def __init__(
        self,
        desks: Desks,
        record: DeskRecord,
        keys: Keys,
        database: Database,
        start_link: Callable[[str], str],
        send_file: SendFile,
    ) -> None:
        self._desks = desks
        self._record = record
        self._keys = keys
        self._database = database
        self._start_link = start_link
        self._send_file = send_file

    def routes(self) -> Sequence[Route]:
        return (
            Command("desk", self.show, (), Place.GROUP),
            Command("desk", self.loans),
            Command("audit", self.audit, (), Place.GROUP),
            Press("desk_make", self.set_up, Place.GROUP),
            Press("desk_lend", self.offer, Place.GROUP),
            Press("desk_withdraw", self.withdraw_here, Place.GROUP),
            Press("desk_lend_ok", self.lend),
            Press("desk_back", self.withdraw),
        )

    async def show(self, person: Person, incoming: Incoming) -> Answer:
        desk = await self._desks.find(incoming.chat_id)
        if desk is None:
            return views.none_yet()
        return views.desk(desk, await self._desks.count_open(desk))

    async def set_up(self, person: Person, incoming: Incoming) -> Answer:
        desk = await self._desks.set_up(person, incoming.chat_id, incoming.thread_id, incoming.chat_title)
        return views.desk(desk, 0)

    async def offer(self, person: Person, incoming: Incoming) -> Answer:
        """Opens the private chat of the one who pressed; nobody else sees the link, and for nobody else it works."""
        desk = await self._desks.at(incoming.chat_id)
        async with self._record.recorded(desk, person, incoming.verb):
            token = await self._desks.offer(desk, person)
        return Toast(T("approvals.lend_privately"), url=self._start_link(f"{START}{token}"))

    async def open_link(self, person: Person, payload: str) -> Answer:
        """`/start` with such a payload: shows what could be lent, and changes nothing."""
        try:
            offer = await self._desks.open_link(person, payload.removeprefix(START))
        except LinkGone as error:
            await self._record.note_refused(error.desk, person, "desk_lend", error.text.key)
            raise
        linked = await self._keys.linked(person)
        accounts = [(key.short, key.label or f"…{key.last_four}", key.mode) for key in linked if not key.suspension]
        return views.offer(offer, accounts)

    async def lend(self, person: Person, incoming: Incoming) -> Answer:
        link, short, read = (*incoming.args.split(" "), "", "")[:3]
        if not (_NUMBER.fullmatch(link) and _NUMBER.fullmatch(read)):
            raise UsageError(T("approvals.link_gone"))
        key = await self._keys.find(person, short)
        if key.suspension:
            raise Refused(T("approvals.lend_suspended"))
        return views.lent(await self._desks.lend(person, int(link), key.id, key.mode, int(read)))

    async def loans(self, person: Person, incoming: Incoming) -> Answer:
        return views.loans(await self._desks.lent_by(person))

    async def withdraw(self, person: Person, incoming: Incoming) -> Answer:
        desk = next((desk for desk in await self._desks.lent_by(person) if desk.id == incoming.args), None)
        if desk is None:
            raise NotFound(T("approvals.not_your_account"))
        await self._desks.withdraw(person, desk)
        return views.taken_back(desk)

    async def withdraw_here(self, person: Person, incoming: Incoming) -> Answer:
        desk = await self._desks.at(incoming.chat_id)
        async with self._record.recorded(desk, person, incoming.verb):
            await self._desks.withdraw(person, desk)
        return await self.show(person, incoming)

    async def audit(self, person: Person, incoming: Incoming) -> Answer:
        """The newest rows, so many of them, or all as CSV."""
        desk = await self._desks.at(incoming.chat_id)
        wanted = incoming.args.strip().lower()
        if wanted == "csv":
            return await self._send_csv(desk)
        if wanted and not wanted.isdecimal():
            raise UsageError(T("approvals.audit_how"))
        most = min(int(wanted[:4]), MOST_SHOWN) if wanted else SHOWN
        async with self._database.read() as session:
            records = await audit.latest(session, desk.id, most)
            head = await audit.head(session, desk.id)
        return views.record(records, head)

    async def _send_csv(self, desk: Desk) -> Answer:
        async with self._database.read() as session:
            text = written([record async for record in audit.whole(session, desk.id)])
        try:
            await self._send_file(desk.chat_id, desk.thread_id, "audit.csv", text.encode())
        except DeliveryError as error:
            raise Refused(T("approvals.file_not_sent")) from error
        return None
