"""What balances are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tgbot.core.money import ONE, ZERO
from tgbot.core.orders import Balance

DUST = Decimal(1)  # in USDT: what is worth less is folded into one line
BRIDGES = ("USDT", "BTC", "ETH", "KCS")
_DOLLARS = frozenset({"USDT", "USDC", "USD"})


@dataclass(frozen=True, slots=True)
class Holding:
    """`worth` is in the display currency, `None` where no price is known."""

    balance: Balance
    worth: Decimal | None


@dataclass(frozen=True, slots=True)
class Valuation:
    """The dearest first; `dust` counts what was folded and `dust_worth` is what it is worth together."""

    holdings: Sequence[Holding]
    total: Decimal
    currency: str
    dust: int
    dust_worth: Decimal


def value(balances: Sequence[Balance], prices: Mapping[str, Decimal], currency: str) -> Valuation:
    """`prices` by symbol, e.g. `BTC-USDT`. Display figures: divisions are not rounded here."""
    shown_in, unit = shown_unit(currency, prices)
    held = [Holding(b, _worth(b, prices, unit)) for b in balances if b.total > ZERO]
    dust = [h for h in held if h.worth is not None and h.worth * unit < DUST]
    kept = sorted((h for h in held if h not in dust), key=lambda h: (-(h.worth or ZERO), h.balance.currency))
    total = sum((h.worth for h in held if h.worth is not None), ZERO)
    return Valuation(kept, total, shown_in, len(dust), sum((h.worth or ZERO for h in dust), ZERO))


def shown_unit(currency: str, prices: Mapping[str, Decimal]) -> tuple[str, Decimal]:
    """The display currency and what one of it is worth in USDT; USDT itself where that is not known."""
    rate = usdt_rate(currency, prices)
    return (currency, rate) if rate else ("USDT", ONE)


def _worth(balance: Balance, prices: Mapping[str, Decimal], unit: Decimal) -> Decimal | None:
    rate = usdt_rate(balance.currency, prices)
    return balance.total * rate / unit if rate else None


def usdt_rate(currency: str, prices: Mapping[str, Decimal]) -> Decimal | None:
    """What one is worth in USDT, directly or over one other currency. Dollar coins count as one dollar."""
    if currency in _DOLLARS:
        return ONE
    for bridge in BRIDGES:
        if bridge == currency:
            continue
        over = ONE if bridge == "USDT" else prices.get(f"{bridge}-USDT")
        price = prices.get(f"{currency}-{bridge}")
        if price and over:
            return price * over
    inverse = prices.get(f"USDT-{currency}")
    return ONE / inverse if inverse else None
