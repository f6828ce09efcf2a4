"""/policy: reading it, trying it out, and changing it by buttons or typed."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from tgbot.approvals.desks import Desks
from tgbot.approvals.policies import Policies
from tgbot.approvals.record import DeskRecord
from tgbot.approvals.rules.edits import edited
from tgbot.approvals.rules.policy import require_within
from tgbot.approvals.store.desks import Desk
from tgbot.approvals.views import policies as views
from tgbot.core.errors import Refused, UsageError
from tgbot.core.market import SymbolRule
from tgbot.core.money import ZERO
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, decimal_sign_of, read_number
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.core.routing import Answer, Command, Incoming, Place, Press, Route

ReadPair = Callable[[str, str], SymbolRule]
NamesOf = Callable[[Sequence[int]], Awaitable[Sequence[str]]]


class PolicyHandlers:
    """`read_pair` finds what a person means by a word, given their quote, or raises. `names_of` says what people are
    called, as far as we know them."""

    def __init__(
        self, desks: Desks, policies: Policies, record: DeskRecord, read_pair: ReadPair, names_of: NamesOf
    ) -> None:
        self._desks = desks
        self._record = record
        self._policies = policies
        self._read_pair = read_pair
        self._names_of = names_of

    def routes(self) -> Sequence[Route]:
        return (
            Command("policy", self.policy, (), Place.GROUP),
            Press("policy", self.policy, Place.GROUP),
            Press("policy_edit", self.edit, Place.GROUP),
            Press("policy_set", self.set, Place.GROUP),
        )

    async def policy(self, person: Person, incoming: Incoming) -> Answer:
        """`test SIDE PAIR AMOUNT` tries it out, `RULE VALUE` changes it, nothing shows it."""
        desk = await self._desks.at(incoming.chat_id)
        word, _, rest = incoming.args.partition(" ")
        if not word:
            return await self._shown(desk, person)
        if word.lower() == "test":
            return await self._test(desk, person, rest.split())
        return await self._set(desk, person, incoming)

    async def edit(self, person: Person, incoming: Incoming) -> Answer:
        desk = await self._desks.at(incoming.chat_id)
        async with self._record.recorded(desk, person, incoming.verb):
            await self._policies.require_owner(desk, person)
        return views.choose_value(incoming.args) if incoming.args in views.CHOICES else views.choose_rule()

    async def set(self, person: Person, incoming: Incoming) -> Answer:
        return await self._set(await self._desks.at(incoming.chat_id), person, incoming)

    async def _set(self, desk: Desk, person: Person, incoming: Incoming) -> Answer:
        rule, *words = incoming.args.split()
        sign = _sign(person, incoming)
        in_force = await self._policies.of(desk)
        policy = edited(
            in_force.version.policy, rule.lower(), words, sign, lambda word: self._read_pair(word, person.quote).symbol
        )
        async with self._record.recorded(desk, person, "policy"):
            since = await self._policies.change(desk, person, policy, in_force.version.number)
        return views.asked() if since is None else await self._shown(desk, person)

    async def _shown(self, desk: Desk, person: Person) -> Reply:
        in_force = await self._policies.of(desk)
        version, is_owner = in_force.version, person.id == desk.owner_id
        return views.policy(version.policy, version.number, is_owner=is_owner, waiting=in_force.waiting)

    async def _test(self, desk: Desk, person: Person, words: Sequence[str]) -> Reply:
        """`buy BTC 5000`: the amount is USDT. What other orders have used of the day's cap is left aside."""
        if len(words) < 3 or words[0].lower() not in {"buy", "sell"}:
            raise UsageError(T("approvals.test_how"))
        pair = self._read_pair(words[1], person.quote).symbol
        value = _worth(words[2], decimal_sign_of(person.language))
        policy = (await self._policies.of(desk)).version.policy
        try:
            require_within(policy, pair, value, ZERO)
        except Refused as error:
            return views.preview(policy, pair, value, (), error.text)
        names = await self._names_of(await self._policies.approvers(desk, policy))
        return views.preview(policy, pair, value, names, None)


def _worth(word: str, sign: DecimalSign) -> Decimal:
    try:
        return read_number(word.lower().removesuffix("usdt").removesuffix("u"), sign)
    except (Ambiguous, NotANumber):
        raise UsageError(T("approvals.test_how")) from None


def _sign(person: Person, incoming: Incoming) -> DecimalSign:
    """Buttons always carry a decimal point."""
    return "." if incoming.press_id else decimal_sign_of(person.language)
