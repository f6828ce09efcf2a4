"""/panic, /resume, and the limits behind /settings."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from tgbot.accounts.guards import views
from tgbot.accounts.guards.rules import Limit, written
from tgbot.accounts.guards.service import Guards
from tgbot.accounts.guards.store import By
from tgbot.core.clock import Clock
from tgbot.core.errors import NotFound, UsageError
from tgbot.core.market import SymbolRule
from tgbot.core.numbers import Ambiguous, NotANumber, decimal_sign_of, read_number
from tgbot.core.people import Person
from tgbot.core.reply import Button, T
from tgbot.core.routing import Answer, Command, Incoming, Press, Route

MOST_PAIRS = 30


class GuardsHandlers:
    """`read_pair` finds what a person means by a word, given their quote, or raises."""

    def __init__(self, guards: Guards, read_pair: Callable[[str, str], SymbolRule], clock: Clock) -> None:
        self._guards = guards
        self._read_pair = read_pair
        self._clock = clock

    def routes(self) -> Sequence[Route]:
        return (
            Command("panic", self.panic),
            Command("resume", self.resume),
            Press("panic", self.panic),
            Press("resume", self.resume),
            Press("limit", self.limits),
        )

    async def panic(self, person: Person, incoming: Incoming) -> Answer:
        await self._guards.freeze(person.id, By.SELF)
        return views.frozen()

    async def resume(self, person: Person, incoming: Incoming) -> Answer:
        return views.thawed(await self._guards.thaw(person.id, By.SELF))

    async def lines(self, person: Person) -> tuple[T, ...]:
        """The limits as rows of the settings."""
        return views.lines(await self._guards.shown(person))

    async def limits(self, person: Person, incoming: Incoming) -> Answer:
        """`LIMIT VALUE` sets it, `LIMIT` shows what it can be, nothing shows them all."""
        name, _, value = incoming.args.strip().partition(" ")
        if not name:
            return views.limits(await self._guards.shown(person))
        if name.lower() not in set(Limit):
            raise NotFound(T.of("guards.no_such_limit", limit=name[:20]))
        limit = Limit(name.lower())
        if not value:
            return views.choose(limit)
        saved = await self._guards.set_limit(person, limit, self._read(person, limit, value, incoming))
        return views.limits(await self._guards.shown(person), saved, self._clock.now())

    def _read(self, person: Person, limit: Limit, value: str, incoming: Incoming) -> str:
        if value.strip().lower() in views.NO_LIMIT:
            return ""
        if limit is Limit.PAIRS:
            return self._read_pairs(person, value)
        sign = "." if incoming.press_id else decimal_sign_of(person.language)
        try:
            amount = read_number(value, sign)
        except Ambiguous as unclear:
            row = [_reading(limit, reading) for reading in unclear.readings]
            raise UsageError(T.of("guards.which_amount", text=value[:30]), [row]) from None
        except NotANumber:
            raise UsageError(T.of("guards.bad_amount", text=value[:30])) from None
        if amount <= 0:
            raise UsageError(T.of("guards.bad_amount", text=value[:30]))
        return written(amount)

    def _read_pairs(self, person: Person, value: str) -> str:
        words = value.replace(",", " ").split()
        if len(words) > MOST_PAIRS:
            raise UsageError(T.of("guards.too_many_pairs", count=len(words), most=MOST_PAIRS))
        return " ".join(sorted({self._read_pair(word, person.quote).symbol for word in words}))


def _reading(limit: Limit, reading: Decimal) -> Button:
    return Button(T.of("guards.amount", amount=reading), f"limit:{limit} {written(reading)}")
