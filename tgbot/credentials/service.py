"""Linking accounts, opening them for one use, and the paper account of whoever wants to try."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tgbot.core.buttons import START
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, NotFound, Refused
from tgbot.core.ids import Ids, read_short
from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.people import Mode, Person
from tgbot.core.reply import T
from tgbot.credentials import rules, store
from tgbot.credentials.envelope import MasterKey, Place, seal, unseal
from tgbot.credentials.store import LinkedKey
from tgbot.db.engine import Database, WriteSession
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.sign import Credentials

PAPER_MONEY: Mapping[str, Decimal] = {"USDT": Decimal(10_000)}
MOST_KEYS = 10


class Paper(Protocol):
    """The paper exchange, as far as accounts go."""

    async def open_account(self, balances: Mapping[str, Decimal]) -> Credentials: ...

    async def reset_account(self, key: str, balances: Mapping[str, Decimal]) -> None: ...


SetMode = Callable[[WriteSession, int, Mode | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Linked:
    """An account opened for use: its id in our tables, and the exchange behind it."""

    key_id: str
    mode: Mode
    spot: SpotAccount


class Keys:
    """`connect` makes the client of one account; the secrets live as long as that client."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        installation: str,
        master: MasterKey,
        connect: Callable[[Mode, Credentials], SpotAccount],
        set_mode: SetMode,
        paper: Paper | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._installation = installation
        self._master = master
        self._connect = connect
        self._set_mode = set_mode
        self._paper = paper

    async def account(self, person: Person) -> Linked:
        """The active account of the person's mode. Raises `NotFound`, with the way to get one."""
        if person.mode is None:
            raise NotFound(T("credentials.no_account"), START)
        async with self._database.read() as session:
            key = await store.active(session, person.id, person.mode)
        if key is None:
            raise NotFound(T("credentials.no_account"), START)
        return self._open(key)

    async def account_of(self, key_id: str) -> Linked | None:
        """For work that goes on without its person; `None` when the key was disconnected."""
        async with self._database.read() as session:
            key = await store.by_id(session, key_id)
        return self._open(key) if key else None

    async def linked(self, person: Person) -> list[LinkedKey]:
        async with self._database.read() as session:
            return await store.of_person(session, person.id)

    async def find(self, person: Person, short: str) -> LinkedKey:
        canonical = read_short(short)
        for key in await self.linked(person):
            if key.short == canonical:
                return key
        raise NotFound(T("credentials.no_such_key"))

    async def link(self, person: Person, credentials: Credentials) -> LinkedKey:
        """Checks the key at KuCoin, then seals it. Raises `Refused` and stores nothing for a key that is wrong, may
        withdraw, or cannot trade. Does not change the mode, unless there was none."""
        spot = self._connect(Mode.LIVE, credentials)
        try:
            info = await spot.key_info()
            account_mode = await spot.account_mode()
        except ExchangeRejected as error:
            raise rules.refusal(error) from None
        rules.require_harmless(info)
        if account_mode is AccountMode.UNIFIED:
            raise Refused(T("credentials.refused_unified"))
        await self._require_room(person)
        async with self._database.write() as session:
            key = await self._store(session, person, Mode.LIVE, credentials, info)
            if person.mode is None:
                await self._set_mode(session, person.id, Mode.LIVE)
        return key

    async def switch(self, person: Person, mode: Mode) -> bool:
        """Returns whether a paper account was opened for it. Raises `NotFound` where there is nothing to switch to."""
        async with self._database.read() as session:
            key = await store.active(session, person.id, mode)
        if key is None and mode is Mode.LIVE:
            raise NotFound(T("credentials.no_live_key"), START)
        if key is None:
            await self._open_paper(person)
            return True
        async with self._database.write() as session:
            await self._set_mode(session, person.id, mode)
        return False

    async def reset_paper(self, person: Person) -> None:
        """Starts the paper account anew, opening one if there is none."""
        async with self._database.read() as session:
            key = await store.active(session, person.id, Mode.PAPER)
        if key is None:
            await self._open_paper(person)
            return
        await self._require_paper().reset_account(self._credentials(key).key, PAPER_MONEY)

    async def use(self, key: LinkedKey) -> None:
        async with self._database.write() as session:
            await store.activate(session, key)

    async def rename(self, key: LinkedKey, label: str) -> None:
        name = " ".join(label.split())
        if not 1 <= len(name) <= 40:
            raise Refused(T.of("credentials.bad_label", length=len(name)))
        async with self._database.write() as session:
            await store.rename(session, key, name)

    async def disconnect(self, person: Person, key: LinkedKey) -> None:
        """Deletes the sealed key. Only deleting it at KuCoin revokes it."""
        async with self._database.write() as session:
            await store.remove(session, key)
            remaining = await store.of_person(session, person.id)
            if key.is_active and person.mode is key.mode:
                await self._settle_mode(session, person, remaining)

    async def _settle_mode(self, session: WriteSession, person: Person, remaining: list[LinkedKey]) -> None:
        """After the account in use is gone: another of the same mode or no mode, never silently the other mode."""
        same = next((key for key in remaining if key.mode is person.mode), None)
        if same is not None:
            await store.activate(session, same)
            return
        await self._set_mode(session, person.id, None)

    async def _open_paper(self, person: Person) -> None:
        credentials = await self._require_paper().open_account(PAPER_MONEY)
        info = await self._connect(Mode.PAPER, credentials).key_info()
        async with self._database.write() as session:
            await self._store(session, person, Mode.PAPER, credentials, info)
            await self._set_mode(session, person.id, Mode.PAPER)

    def _require_paper(self) -> Paper:
        if self._paper is None:
            raise Refused(T("credentials.no_paper"))
        return self._paper

    async def _require_room(self, person: Person) -> None:
        keys = [key for key in await self.linked(person) if key.mode is Mode.LIVE]
        if len(keys) >= MOST_KEYS:
            raise Refused(T.of("credentials.too_many_keys", count=len(keys)))

    async def _store(
        self, session: WriteSession, person: Person, mode: Mode, credentials: Credentials, info: KeyInfo
    ) -> LinkedKey:
        now = self._clock.now()
        key_id = self._ids.unique()
        text = json.dumps([credentials.key, credentials.secret, credentials.passphrase]).encode()
        key = LinkedKey(
            id=key_id,
            short=self._ids.short(),
            person_id=person.id,
            mode=mode,
            is_active=True,
            label=info.remark[:40],
            version=1,
            sealed=seal(self._master, self._place(person.id, key_id, 1), text),
            last_four=credentials.key[-4:],
            permissions=info.permissions,
            ip_count=len(info.ip_whitelist or ()),
            uid=info.uid,
            is_master=info.is_master,
            made_at=info.created_at,
            linked_at=now,
            checked_at=now,
        )
        await store.add(session, key)
        return key

    def _open(self, key: LinkedKey) -> Linked:
        return Linked(key.id, key.mode, self._connect(key.mode, self._credentials(key)))

    def _credentials(self, key: LinkedKey) -> Credentials:
        place = self._place(key.person_id, key.id, key.version)
        return Credentials(*json.loads(unseal(self._master, place, key.sealed)))

    def _place(self, person_id: int, key_id: str, version: int) -> Place:
        return Place(self._installation, person_id, key_id, version)
