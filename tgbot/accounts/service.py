"""Letting people in, and keeping what they choose."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from tgbot.accounts import store
from tgbot.accounts.guards import store as guards
from tgbot.core.clock import Clock
from tgbot.core.errors import NotAllowed, Refused
from tgbot.core.ids import Ids
from tgbot.core.money import HUNDRED
from tgbot.core.numbers import Ambiguous, NotANumber, decimal_sign_of, read_number
from tgbot.core.people import Mode, Person
from tgbot.core.reply import T
from tgbot.core.routing import Incoming, Origin
from tgbot.db.engine import Database, WriteSession

INVITED_FOR = timedelta(days=7)
DISPLAY_CURRENCIES = ("USDT", "USD", "EUR", "RUB", "BTC")
WIDEST_STEP_BACK = Decimal("0.05")
LEAST_DRIFT, WIDEST_DRIFT = Decimal("0.01"), Decimal(5)  # per cent
MOST_TYPED_ABOVE = Decimal(100_000)  # USDT
LONGEST_WORD = 24
QUOTES = ("USDT", "USDC", "BTC", "ETH", "KCS")


class Door(StrEnum):
    """Who may come in by themselves."""

    OPEN = "open"
    INVITE = "invite"
    OPERATORS = "operators"


class Accounts:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        *,
        door: Door,
        operators: frozenset[int],
        languages: frozenset[str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._door = door
        self._operators = operators
        self._languages = languages

    async def admit(self, incoming: Incoming) -> Person:
        """The known or newly admitted sender. Raises `NotAllowed` for strangers; a stranger with an invitation comes in
        by a `/start TOKEN` of their own in the private chat, once."""
        async with self._database.read() as session:
            person = await store.find(session, incoming.user_id)
        if person is not None:
            return self._require_access(self._with_role(person))
        is_invited = incoming.command == "start" and incoming.is_private and incoming.origin is Origin.FRESH
        return await self._let_in(self._newcomer(incoming), incoming.args.strip() if is_invited else "")

    async def invite(self) -> str:
        """A token that lets one person in within a week, for a link `t.me/BOT?start=TOKEN`."""
        token = self._ids.secret()
        now = self._clock.now()
        async with self._database.write() as session:
            await store.add_invitation(session, _digest(token), now, now + INVITED_FOR)
        return token

    async def set_language(self, person: Person, language: str) -> Person:
        tag = language.lower()
        if tag not in self._languages:
            raise Refused(T.of("accounts.no_language", language=language))
        return await self._change(person, language=tag)

    async def set_time_zone(self, person: Person, time_zone: str) -> Person:
        """Any name of the time zone database, in any case."""
        found = _time_zones().get(time_zone.lower().replace(" ", "_"))
        if found is None:
            raise Refused(T.of("accounts.no_time_zone", time_zone=time_zone))
        return await self._change(person, time_zone=found)

    async def set_display_currency(self, person: Person, currency: str) -> Person:
        wanted = currency.upper()
        if wanted not in DISPLAY_CURRENCIES:
            raise Refused(T.of("accounts.no_currency", currency=currency))
        return await self._change(person, display_currency=wanted)

    async def set_quote(self, person: Person, quote: str) -> Person:
        wanted = quote.upper()
        if wanted not in QUOTES:
            raise Refused(T.of("accounts.no_currency", currency=quote))
        return await self._change(person, quote=wanted)

    async def set_step_back(self, person: Person, text: str) -> Person:
        """How far a price has to step back before an alert that is armed from now on rings again, in per cent."""
        share = _read(person, text.removesuffix("%"))
        if share is None or share / HUNDRED > WIDEST_STEP_BACK:
            raise Refused(T.of("accounts.no_step_back", text=text[:LONGEST_WORD]))
        return await self._change(person, step_back=share / HUNDRED)

    async def set_most_drift(self, person: Person, text: str) -> Person:
        """By how many per cent a price may move before a ticket is quoted anew."""
        drift = _read(person, text.removesuffix("%"))
        if drift is None or not LEAST_DRIFT <= drift <= WIDEST_DRIFT:
            raise Refused(T.of("accounts.no_drift", text=text[:LONGEST_WORD]))
        return await self._change(person, most_drift=drift)

    async def set_typed_above(self, person: Person, text: str) -> Person:
        """From how many USDT on the size of an order is typed once more; 0 is always."""
        above = _read(person, text)
        if above is None or above > MOST_TYPED_ABOVE:
            raise Refused(T.of("accounts.no_typed_above", text=text[:LONGEST_WORD], most=MOST_TYPED_ABOVE))
        return await self._change(person, typed_above=above)

    async def set_mode(self, session: WriteSession, person_id: int, mode: Mode | None) -> None:
        await store.change(session, person_id, mode=mode)

    async def lose(self, session: WriteSession, chat_id: int) -> None:
        """Telegram says that this person has blocked us or is gone."""
        await store.change(session, chat_id, is_reachable=False)

    async def move(self, session: WriteSession, old_chat_id: int, new_chat_id: int) -> None:
        """A group became a supergroup: the operator's kill switch holds it there too. Private chats never move."""
        await guards.move(session, old_chat_id, new_chat_id)

    async def names_of(self, person_ids: Sequence[int]) -> list[str]:
        """What those of them are called whom we know; an id for the others."""
        async with self._database.read() as session:
            known = [(person_id, await store.find(session, person_id)) for person_id in person_ids]
        return [person.name if person is not None else str(person_id) for person_id, person in known]

    async def greet(self, person: Person) -> None:
        """They have written `/start`: we may write to them again."""
        async with self._database.write() as session:
            await store.change(session, person.id, is_reachable=True)

    async def _change(self, person: Person, **values: str | Decimal) -> Person:
        async with self._database.write() as session:
            await store.change(session, person.id, **values)
        return replace(person, **values)  # type: ignore[arg-type]  # the callers name fields of these types

    async def _let_in(self, person: Person, token: str) -> Person:
        now = self._clock.now()
        is_free = self._door is Door.OPEN or person.id in self._operators
        async with self._database.write() as session:
            if not is_free and not await self._has_invitation(session, token, person.id):
                raise NotAllowed(T.of("accounts.bad_invitation" if token else "accounts.stranger", id=str(person.id)))
            await store.add(session, person, now)
        return self._with_role(person)

    async def _has_invitation(self, session: WriteSession, token: str, person_id: int) -> bool:
        if not token or self._door is not Door.INVITE:
            return False
        return await store.use_invitation(session, _digest(token), person_id, self._clock.now())

    def _require_access(self, person: Person) -> Person:
        if self._door is Door.OPERATORS and not person.is_operator:
            raise NotAllowed(T.of("accounts.stranger", id=str(person.id)))
        return person

    def _newcomer(self, incoming: Incoming) -> Person:
        spoken = incoming.language.split("-")[0].lower()
        language = spoken if spoken in self._languages else "en"
        return Person(incoming.user_id, incoming.name[:140], language, "UTC", "USDT", "USDT", None, is_operator=False)

    def _with_role(self, person: Person) -> Person:
        return replace(person, is_operator=person.id in self._operators)


def _read(person: Person, text: str) -> Decimal | None:
    """Zero or more; `None` for what is no number, or could be two."""
    try:
        return read_number(text.strip(), decimal_sign_of(person.language))
    except (NotANumber, Ambiguous):
        return None


@cache
def _time_zones() -> dict[str, str]:
    """By lower-case name. Read once: listing them walks through hundreds of files."""
    return {name.lower(): name for name in available_timezones()}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
