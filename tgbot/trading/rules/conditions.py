"""What an order waits for outside the book, read from what was asked for and from the market."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tgbot.core.errors import Refused
from tgbot.core.money import HUNDRED, ZERO, floor_to
from tgbot.core.orders import Direction, OrderSpec, Side, StopLeg, Trigger, Wait
from tgbot.core.reply import T
from tgbot.trading.rules.grammar import OrderRequest, PriceWish, choice
from tgbot.trading.rules.market import Market

STOP_SLIP = Decimal(1)  # per cent below its stop, at which the stop side of an OCO still sells


def wait_of(request: OrderRequest, market: Market) -> Wait | None:
    """Raises `Refused`. The direction of a stop is told by the market: a price above it is waited for from below, one
    below it from above; the market's own says nothing."""
    if request.stop is not None:
        return _stop(request, request.stop, market)
    if request.side is Side.BUY or request.stop_loss is None:
        return None
    price = _stop_loss(request, request.stop_loss, market)
    if request.take_profit is None:
        return Trigger(price, Direction.DOWN)
    return StopLeg(price, stop_limit(price, market.rule.price_increment))


def stop_limit(price: Decimal, step: Decimal) -> Decimal:
    """At which price the stop side of an OCO that sells goes into the book: KuCoin takes no market order there."""
    return max(floor_to(price * (HUNDRED - STOP_SLIP) / HUNDRED, step), step)


def market_then(market: Market, wait: Wait | None) -> Market:
    """That of the moment in which the order is expected to be placed."""
    return market.when_at(wait.price) if isinstance(wait, Trigger) else market


def is_reached(spec: OrderSpec, wait: Wait, last: Decimal) -> bool:
    """Whether an order placed now would be triggered at once."""
    if isinstance(wait, Trigger):
        return wait.is_met(last)
    return not wait.price < last < (spec.price or ZERO)


def rests_on_market(request: OrderRequest) -> bool:
    """Whether it would be another order at another price: where none was written, or one relative to the market."""
    if request.stop is not None:
        return request.stop.percent is not None
    wishes = [request.limit, request.stop_loss if request.side is Side.SELL else None]
    written = [wish for wish in wishes if wish is not None]
    return not written or any(wish.percent is not None for wish in written)


def _stop(request: OrderRequest, wish: PriceWish, market: Market) -> Trigger:
    price, last = market.level(wish), market.tick.price
    _require_step(request, price, market, lambda near: replace(request, stop=near))
    if price == last:
        raise Refused(T.of("trading.stop_at_market", price=price, pair=market.rule.symbol))
    return Trigger(price, Direction.UP if price > last else Direction.DOWN)


def _stop_loss(request: OrderRequest, wish: PriceWish, market: Market) -> Decimal:
    price = market.level(wish)
    _require_step(request, price, market, lambda near: replace(request, stop_loss=near))
    if price >= market.tick.price:
        raise Refused(T.of("trading.sl_not_below", price=price, last=market.tick.price))
    return price


def _require_step(
    request: OrderRequest, price: Decimal, market: Market, changed: Callable[[PriceWish], OrderRequest]
) -> None:
    near = market.round_level(price)
    if price == near:
        return
    offer = choice(request.side, changed(PriceWish(level=near)), T.of("trading.take_price", price=near))
    text = T.of("trading.price_increment", price=price, step=market.rule.price_increment)
    raise Refused(text, [[offer]] if offer else [])
