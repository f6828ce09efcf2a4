"""Balances of one account and the journal of what moved in them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tgbot.core.money import ZERO, ceil_to, floor_to
from tgbot.core.orders import Balance

# KuCoin keeps balances finer than a currency's published precision: its own example of an account.balance frame shows
# USDT, published with 8 decimals, with 12 (`21.133773386762`).
QUANTUM = Decimal("1E-12")

HOLD = "trade.hold"
SETTLED = "trade.setted"  # KuCoin's spelling


class InsufficientBalance(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. `after` is the balance it left; `event` is KuCoin's relationEvent."""

    after: Balance
    available_change: Decimal
    hold_change: Decimal
    event: str


class Ledger:
    def __init__(self, balances: Mapping[str, Balance]) -> None:
        self._balances = dict(balances)
        self.entries: list[Entry] = []

    def balance(self, currency: str) -> Balance:
        return self._balances.get(currency) or Balance(currency, ZERO, ZERO)

    def hold(self, currency: str, amount: Decimal) -> None:
        """Set aside for an order; `InsufficientBalance` and nothing moved if there is not that much."""
        if self.balance(currency).available < amount:
            raise InsufficientBalance
        self._move(currency, -amount, amount, HOLD)

    def release(self, currency: str, amount: Decimal) -> None:
        """What an order no longer needs becomes available again."""
        if amount:
            self._move(currency, amount, -amount, HOLD)

    def spend(self, currency: str, amount: Decimal) -> None:
        """Out of what was set aside."""
        self._move(currency, ZERO, -amount, SETTLED)

    def receive(self, currency: str, amount: Decimal) -> None:
        self._move(currency, amount, ZERO, SETTLED)

    def _move(self, currency: str, available: Decimal, hold: Decimal, event: str) -> None:
        before = self.balance(currency)
        after = Balance(currency, before.available + available, before.hold + hold)
        self._balances[currency] = after
        self.entries.append(Entry(after, available, hold, event))


def charge(value: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """What a buyer pays for `value`: the funds and, on top, the fee; together rounded up once."""
    funds = ceil_to(value, QUANTUM)
    return funds, ceil_to(value * (1 + rate), QUANTUM) - funds


def proceeds(value: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """What a seller gets for `value`: the funds and, taken off them, the fee; the net is rounded down once."""
    funds = floor_to(value, QUANTUM)
    return funds, funds - floor_to(value * (1 - rate), QUANTUM)
