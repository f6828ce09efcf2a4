"""Linking accounts, opening them for one use, and the paper account of whoever wants to try."""

import hmac
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Protocol

import structlog

from tgbot.core.buttons import START
from tgbot.core.clock import Clock
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable, NotFound, Refused
from tgbot.core.ids import Ids, read_short
from tgbot.core.keys import KeyInfo
from tgbot.core.people import Mode, Person
from tgbot.core.reply import T
from tgbot.credentials import rules, store, succession
from tgbot.credentials.envelope import CannotOpen, MasterKey, Place, seal, unseal
from tgbot.credentials.master import SetMode
from tgbot.credentials.rules import Suspension, Trouble
from tgbot.credentials.store import LONGEST_LABEL, LinkedKey, printable
from tgbot.credentials.succession import Forget, HandOver
from tgbot.db.engine import Database, ReadSession, WriteSession
from tgbot.kucoin.account import SpotAccount
from tgbot.kucoin.sign import Credentials

log = structlog.get_logger()

PAPER_MONEY: Mapping[str, Decimal] = {"USDT": Decimal(10_000)}
MOST_KEYS = 10


class Paper(Protocol):
    """The paper exchange, as far as accounts go."""

    async def open_account(self, balances: Mapping[str, Decimal]) -> Credentials: ...

    async def reset_account(self, key: str, balances: Mapping[str, Decimal]) -> None: ...


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
        self._on_doubt: Callable[[str], None] = lambda key_id: None
        self._hand_over: HandOver = _nothing
        self._forget: list[Forget] = []

    def listen(self, on_doubt: Callable[[str], None]) -> None:
        """Tell this listener of every key that KuCoin has refused somewhere, and of every record that does not open."""
        self._on_doubt = on_doubt

    def hand_over_by(self, hand_over: HandOver) -> None:
        """Call this, in the same transaction, when one key takes the place of another of its account."""
        self._hand_over = hand_over

    def forget_by(self, *forget: Forget) -> None:
        """Call these, in the same transaction, when a key is disconnected: what is kept of it goes with it."""
        self._forget += forget

    def doubt(self, key_id: str) -> None:
        """KuCoin has refused this key where nobody else noticed."""
        self._on_doubt(key_id)

    async def account(self, person: Person) -> Linked:
        """The active account of the person's mode, to trade with. Raises `NotFound`, with the way to get one, and
        `Refused` while it is suspended or if its record does not open."""
        return self._opened(await self._active(person), is_to_trade=True)

    async def account_to_look_at(self, person: Person) -> Linked:
        """As `account`, also one that is suspended: its balances and orders can be seen and its orders cancelled, as
        far as KuCoin lets the key."""
        return self._opened(await self._active(person), is_to_trade=False)

    async def require_sound(self, session: WriteSession, key_id: str) -> None:
        """Raises `Refused` for a suspended key and `NotFound` for one that was disconnected; neither can come about
        before the session ends."""
        key = await store.lock(session, key_id)
        if key is None:
            raise NotFound(T("credentials.no_such_key"))
        if key.suspension is not None:
            raise rules.suspended(key.short, key.suspension)

    async def account_of(self, key_id: str) -> Linked | None:
        """For work that goes on without its person; `None` when the key was disconnected or does not open."""
        async with self._database.read() as session:
            key = await store.by_id(session, key_id)
        return self._open(key) if key else None

    async def are_of_one_account(self, session: ReadSession, one: str, other: str) -> bool:
        """Whether both keys are of the same person and account, also one that is suspended or was disconnected."""
        return one == other or await succession.are_of_one_account(session, one, other)

    def spot_of(self, key: LinkedKey) -> SpotAccount | None:
        """For whoever examines the key: a refusal is no news to the listener. `None` if the record does not open."""
        credentials = self._credentials(key)
        return self._connect(key.mode, credentials) if credentials else None

    async def sound(self, key_ids: Collection[str]) -> set[str]:
        """Those among them that are linked and not suspended."""
        if not key_ids:
            return set()
        async with self._database.read() as session:
            return await store.sound(session, key_ids)

    async def owner_of(self, key_id: str) -> int | None:
        """Whose it is; `None` when it was disconnected."""
        async with self._database.read() as session:
            key = await store.by_id(session, key_id)
        return key.person_id if key else None

    async def everybodys(self) -> list[LinkedKey]:
        """All keys, of all people, on paper too."""
        async with self._database.read() as session:
            return await store.every(session)

    async def linked(self, person: Person) -> list[LinkedKey]:
        async with self._database.read() as session:
            return await store.of_person(session, person.id)

    async def find(self, person: Person, short: str) -> LinkedKey:
        canonical = read_short(short)
        for key in await self.linked(person):
            if key.short == canonical:
                return key
        raise NotFound(T("credentials.no_such_key"))

    async def require_room(self, person: Person) -> None:
        """Raises `Refused` for somebody who has as many keys as we keep for one person."""
        count = len(await self._live(person))
        if count >= MOST_KEYS:
            raise Refused(T.of("credentials.too_many_keys", count=count))

    async def link(self, person: Person, credentials: Credentials) -> LinkedKey:
        """Checks the key at KuCoin, then seals it; one that was linked before is sealed anew in its place. Raises
        `Refused` and stores nothing for a key that is wrong, may withdraw, or cannot trade. Does not change the mode,
        unless there was none. Takes over what was sent with keys of the same account that cannot be used any more."""
        info = await self._check(credentials)
        before = await self._same_key(person, credentials)
        if before is None:
            await self.require_room(person)
        async with self._database.write() as session:
            key = await self._store(session, person, Mode.LIVE, credentials, info, before)
            for gone in await succession.predecessors(session, key):
                await self._hand_over(session, gone, key.id)
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

    async def reset_paper(self, person: Person) -> bool:
        """Starts the paper account anew, or opens one and says `True`."""
        async with self._database.read() as session:
            key = await store.active(session, person.id, Mode.PAPER)
        credentials = self._credentials(key) if key else None
        if credentials is None:
            await self._open_paper(person)
            return True
        await self._require_paper().reset_account(credentials.key, PAPER_MONEY)
        return False

    async def use(self, key: LinkedKey) -> None:
        async with self._database.write() as session:
            await store.activate(session, key)

    async def rename(self, key: LinkedKey, label: str) -> None:
        name = " ".join(label.split())
        if not 1 <= len(name) <= LONGEST_LABEL:
            raise Refused(T.of("credentials.bad_label", length=len(name)))
        async with self._database.write() as session:
            await store.rename(session, key, name)

    async def disconnect(self, person: Person, key: LinkedKey) -> None:
        """Deletes the sealed key. Only deleting it at KuCoin revokes it. After the one in use another of its mode is in
        use, or none; never silently one of the other mode. Another key of the same account takes over."""
        async with self._database.write() as session:
            await store.remove(session, key)
            if (next_key := await succession.successor(session, key)) is not None:
                await self._hand_over(session, key.id, next_key)
            for forget in self._forget:
                await forget(session, key.id)
            if not key.is_active:
                return
            remaining = [other for other in await store.of_person(session, person.id) if other.mode is key.mode]
            if remaining:
                await store.activate(session, remaining[0])
            elif person.mode is key.mode:
                await self._set_mode(session, person.id, None)

    async def _check(self, credentials: Credentials) -> KeyInfo:
        spot = self._connect(Mode.LIVE, credentials)
        try:
            info = await spot.key_info()
            account_mode = await spot.account_mode()
        except ExchangeRejected as error:
            raise rules.refusal(error) from None
        except ExchangeUnavailable as error:
            unreachable = T.of("credentials.refused_unreachable", code=error.code, message=error.message)
            raise Refused(unreachable) from None
        trouble = rules.trouble_with(info) or rules.trouble_of(account_mode)
        if trouble is not None:
            raise rules.unfit(trouble)
        return info

    async def _active(self, person: Person) -> LinkedKey:
        key = None
        if person.mode is not None:
            async with self._database.read() as session:
                key = await store.active(session, person.id, person.mode)
        if key is None:
            raise NotFound(T("credentials.no_account"), START)
        return key

    async def _live(self, person: Person) -> list[LinkedKey]:
        return [key for key in await self.linked(person) if key.mode is Mode.LIVE]

    async def _same_key(self, person: Person, credentials: Credentials) -> LinkedKey | None:
        for key in await self._live(person):
            known = self._credentials(key)
            if known and hmac.compare_digest(known.key.encode(), credentials.key.encode()):
                return key
        return None

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

    async def _store(
        self,
        session: WriteSession,
        person: Person,
        mode: Mode,
        credentials: Credentials,
        info: KeyInfo,
        before: LinkedKey | None = None,
    ) -> LinkedKey:
        now = self._clock.now()
        key_id = before.id if before else self._ids.unique()
        version = before.version + 1 if before else 1
        remark = printable(info.remark, LONGEST_LABEL)
        text = json.dumps([credentials.key, credentials.secret, credentials.passphrase]).encode()
        key = LinkedKey(
            id=key_id,
            short=before.short if before else await self._free_short(session, person),
            person_id=person.id,
            mode=mode,
            is_active=True,
            label=before.label if before else remark,
            remark=before.remark if before else remark,
            suspension=None,
            version=version,
            sealed=seal(self._master, self._place(person.id, key_id, version), text),
            last_four=credentials.key[-4:],
            permissions=info.permissions,
            ip_count=len(info.ip_whitelist or ()),
            uid=info.uid,
            is_master=info.is_master,
            made_at=info.created_at,
            linked_at=before.linked_at if before else now,
            checked_at=now,
        )
        await (store.replace_key if before else store.add)(session, key)
        return key

    async def _free_short(self, session: WriteSession, person: Person) -> str:
        taken = {key.short for key in await store.of_person(session, person.id)}
        while (short := self._ids.short()) in taken:
            continue
        return short

    def _opened(self, key: LinkedKey, *, is_to_trade: bool) -> Linked:
        if is_to_trade and key.suspension is not None:
            raise rules.suspended(key.short, key.suspension)
        linked = self._open(key)
        if linked is None:
            raise rules.suspended(key.short, Suspension(Trouble.BROKEN))
        return linked

    def _open(self, key: LinkedKey) -> Linked | None:
        spot = self.spot_of(key)
        if spot is None:
            self._on_doubt(key.id)
            return None
        spot.listen(partial(self._on_doubt, key.id))
        return Linked(key.id, key.mode, spot)

    def _credentials(self, key: LinkedKey) -> Credentials | None:
        """`None` for a record that was changed or moved: one bad row must not stop the work on all others."""
        place = self._place(key.person_id, key.id, key.version)
        try:
            return Credentials(*json.loads(unseal(self._master, place, key.sealed)))
        except CannotOpen:
            log.exception("key_does_not_open", key=key.id, person=key.person_id)
            return None

    def _place(self, person_id: int, key_id: str, version: int) -> Place:
        return Place(self._installation, person_id, key_id, version)


async def _nothing(session: WriteSession, gone: str, next_key: str) -> None:
    return None
