"""What is known of an account's balances, put together from lists and changes in whatever order they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from tgbot.core.orders import Balance, BalanceChange


@dataclass(frozen=True, slots=True)
class KnownBalance:
    """As it was at that moment of KuCoin's time."""

    available: Decimal
    hold: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """`listed_at`: everything was listed then; nothing of before counts any more. A balance that is newer than the list
    may be zero, and has to be remembered as such until the next list."""

    listed_at: datetime | None = None
    balances: Mapping[str, KnownBalance] = field(default_factory=dict)

    @property
    def as_of(self) -> datetime | None:
        """The newest moment of which something is known; of which everything is, only where there was a list."""
        if self.listed_at is None:
            return None
        return max([self.listed_at, *(known.at for known in self.balances.values())])

    @property
    def all(self) -> list[Balance]:
        return [Balance(currency, known.available, known.hold) for currency, known in self.balances.items()]


def changed(known: Known, change: BalanceChange) -> Known:
    """With one balance as it became; what comes late or twice changes nothing."""
    before = known.balances.get(change.currency)
    newest = known.listed_at if before is None else before.at
    if newest is not None and change.at <= newest:
        return known
    became = KnownBalance(change.available, change.hold, change.at)
    return replace(known, balances={**known.balances, change.currency: became})


def listed(known: Known, balances: Sequence[Balance], at: datetime) -> Known:
    """With all of them as they were at that moment: what is not among them is gone, unless it has come since."""
    if known.listed_at is not None and at <= known.listed_at:
        return known
    then = {balance.currency: KnownBalance(balance.available, balance.hold, at) for balance in balances}
    since = {currency: one for currency, one in known.balances.items() if one.at > at}
    return Known(at, then | since)
