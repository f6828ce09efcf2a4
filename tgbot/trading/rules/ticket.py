"""From a request to an order that KuCoin will take, or a refusal that names the nearest one it would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import NoReturn

from tgbot.core.errors import Refused
from tgbot.core.market import SymbolRule, Tick
from tgbot.core.money import HUNDRED, ONE, ZERO, ceil_to, floor_to, is_multiple
from tgbot.core.orders import OrderSpec, OrderType, Side, StopLeg, Wait
from tgbot.core.reply import Button, T
from tgbot.trading.rules.amounts import Amount, Unit, in_words, spelled
from tgbot.trading.rules.conditions import market_then, wait_of
from tgbot.trading.rules.exits import Exits, exits_of
from tgbot.trading.rules.grammar import OrderRequest, PriceWish, choice
from tgbot.trading.rules.market import Market

EXACT = 80  # digits: a price times a size has more than the 28 of the usual context
LEAST_SHOWN = 20  # an iceberg shows at least one part in twenty


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is sent on Confirm (`spec`, and what it waits for outside the book), and what to expect of it: `size` is
    base, `funds` and `fee` are quote, the fee coming on top of `funds` on a buy and out of them on a sell. `reference`
    is the market's price that all of it rests on, `price` the one that is expected or, for a limit order, set. `impact`
    is the per cent by which the book moves the average against the best price; `None` for a limit order, or when the
    book shown to us is too thin to tell."""

    spec: OrderSpec
    reference: Decimal
    price: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_rate: Decimal
    impact: Decimal | None
    free_after: Decimal
    free_currency: str
    wait: Wait | None = None
    exits: Exits | None = None


def decide(request: OrderRequest, amount: Amount, market: Market) -> Ticket:
    """Raises `Refused`. A number that the person wrote is never rounded, except that a limit order for an amount of
    quote buys or sells what that amount comes to; shares of a balance are rounded downwards. Whether the account can
    pay for it is left to `require_funds`: not everybody who asks may learn that."""
    if not market.rule.is_trading:
        raise Refused(T.of("trading.pair_suspended", pair=market.rule.symbol))
    with localcontext(prec=EXACT):
        wait = wait_of(request, market)
        then = market_then(market, wait)
        price = _limit_price(request, then)
        wanted = _from_share(request, amount, then, price) if amount.unit is Unit.PERCENT else amount
        _require_possible(request, wanted, then, price)
        spec = _spec(request, wanted, then, price)
        _require_limits(request, wanted, spec, wait, then)
        ticket = estimate(spec, market, wait)
        return replace(ticket, exits=exits_of(request, ticket.price, ticket.size, market.rule))


def require_funds(request: OrderRequest, ticket: Ticket, market: Market) -> None:
    """Raises `Refused`, with the numbers."""
    if ticket.free_after >= ZERO:
        return
    rule, is_buy = market.rule, request.side is Side.BUY
    free, step = (market.free_quote, rule.quote_increment) if is_buy else (market.free_base, rule.base_increment)
    with localcontext(prec=EXACT):
        needed = ceil_to(free - ticket.free_after, step)
    text = T.of("trading.no_funds", needed=needed, free=floor_to(free, step), currency=ticket.free_currency)
    everything = choice(request.side, request.with_amount("max"), T("trading.take_max"))
    _refuse(text, [everything] if free > ZERO else [])


def estimate(spec: OrderSpec, now: Market, wait: Wait | None = None) -> Ticket:
    """What to expect of an order, whether or not it fits."""
    with localcontext(prec=EXACT):
        market = market_then(now, wait)
        rule, is_buy = market.rule, spec.side is Side.BUY
        average, impact = (spec.price, None) if spec.price is not None else _average(spec, market)
        size = (
            spec.size if spec.size is not None else _to_step((spec.funds or ZERO) / average, rule.base_increment, spec)
        )
        funds = spec.funds if spec.funds is not None else size * average
        rate = _fee_rate(spec, market)
        free, currency = (market.free_quote, rule.quote) if is_buy else (market.free_base, rule.base)
        return Ticket(
            spec=spec,
            reference=reference_of(spec, wait, now.tick),
            price=average,
            size=size,
            funds=funds,
            fee=funds * rate,
            fee_rate=rate,
            impact=impact,
            free_after=free - _needed(spec, size, funds, market),
            free_currency=currency,
            wait=wait,
        )


def reference_of(spec: OrderSpec, wait: Wait | None, tick: Tick) -> Decimal:
    """The price that an order rests on: what a market order meets first, and the last one for all others."""
    if spec.price is not None or wait is not None:
        return tick.price
    return (tick.ask if spec.side is Side.BUY else tick.bid) or tick.price


def _limit_price(request: OrderRequest, market: Market) -> Decimal | None:
    """`None` for a market order. A relative price is rounded away from the market: buys down, sells up."""
    wish = request.limit
    if wish is None:
        return None
    step = market.rule.price_increment
    round_away = floor_to if request.side is Side.BUY else ceil_to
    if wish.level is not None:
        price = wish.level
    else:
        price = round_away(market.tick.price * (HUNDRED + (wish.percent or ZERO)) / HUNDRED, step)
    if request.price is None and price <= market.tick.price:
        raise Refused(T.of("trading.tp_not_above", price=price, last=market.tick.price))
    _require_within_band(request, price, market)
    if price < step or not is_multiple(price, step):
        near = max(round_away(price, step), step)
        _refuse(T.of("trading.price_increment", price=price, step=step), [_with_price(request, near)])
    return price


def _require_within_band(request: OrderRequest, price: Decimal, market: Market) -> None:
    """KuCoin protects a taker from too bad a price; how far away from the market an order may rest is not limited."""
    rule = market.rule
    if rule.price_limit_rate <= ZERO:
        return
    if request.side is Side.BUY:
        most = max(market.best(Side.BUY), market.tick.price) * (ONE + rule.price_limit_rate)
        near, is_within, key = floor_to(most, rule.price_increment), price <= most, "trading.price_too_high"
    else:
        least = min(market.best(Side.SELL), market.tick.price) * (ONE - rule.price_limit_rate)
        near, is_within, key = ceil_to(least, rule.price_increment), price >= least, "trading.price_too_low"
    if not is_within:
        _refuse(T.of(key, price=price, limit=near, pair=rule.symbol), [_with_price(request, near)])


def _from_share(request: OrderRequest, share: Amount, market: Market, price: Decimal | None) -> Amount:
    """A share of what is free, the fee set aside."""
    rule, part = market.rule, share.value / HUNDRED
    free, currency = (market.free_quote, rule.quote) if request.side is Side.BUY else (market.free_base, rule.base)
    if free <= ZERO:
        raise Refused(T.of("trading.nothing_free", currency=currency))
    if request.side is Side.SELL:
        return Amount(floor_to(free * part, rule.base_increment), Unit.BASE)
    funds = free * part / (ONE + _hold_rate(market))
    if price is not None:
        return Amount(floor_to(funds / price, rule.base_increment), Unit.BASE)
    return Amount(floor_to(funds, rule.quote_increment), Unit.QUOTE)


def _require_possible(request: OrderRequest, amount: Amount, market: Market, price: Decimal | None) -> None:
    """The number itself: not above what KuCoin ever takes, and a whole number of its steps."""
    rule = market.rule
    if amount.unit is Unit.BASE:
        most, step, currency = rule.base_max, rule.base_increment, rule.base
    else:
        most, step, currency = rule.quote_max, rule.quote_increment, rule.quote
    if amount.value > most:
        _refuse_too_large(request, Amount(floor_to(most, step), amount.unit), amount, rule)
    if is_multiple(amount.value, step):
        return
    text = T.of("trading.too_precise", amount=amount.value, currency=currency, step=step)
    least = _least(request, amount.unit, market, price)
    near = max(floor_to(amount.value, step), least.value)
    _refuse(text, [_with_amount(request, Amount(near, amount.unit), rule)])


def _spec(request: OrderRequest, amount: Amount, market: Market, price: Decimal | None) -> OrderSpec:
    symbol, is_base = market.rule.symbol, amount.unit is Unit.BASE
    if price is None:
        size, funds = (amount.value, None) if is_base else (None, amount.value)
        return OrderSpec(symbol, request.side, OrderType.MARKET, size=size, funds=funds)
    return OrderSpec(
        symbol=symbol,
        side=request.side,
        type=OrderType.LIMIT,
        size=amount.value if is_base else floor_to(amount.value / price, market.rule.base_increment),
        price=price,
        time_in_force=request.time_in_force,
        cancel_after=request.cancel_after,
        post_only=request.post_only,
        hidden=request.hidden,
        iceberg=request.iceberg is not None,
        visible_size=request.iceberg,
    )


def _require_limits(request: OrderRequest, wanted: Amount, spec: OrderSpec, wait: Wait | None, market: Market) -> None:
    """KuCoin's smallest and largest size and value. What is offered instead is in the unit that the person chose."""
    rule = market.rule
    price = spec.price
    if price is not None and isinstance(wait, StopLeg):
        price = min(price, wait.limit)
    least = _least(request, wanted.unit, market, price)
    if spec.size is None:
        if wanted.value < least.value:
            _refuse_too_small(request, least, wanted, rule)
        return
    price = price if price is not None else market.best(spec.side)
    if spec.size < _least_size(price, rule):
        _refuse_too_small(request, least, wanted, rule)
    most_size = floor_to(rule.base_max, rule.base_increment)
    if spec.size > most_size:
        _refuse_too_large(request, _in_unit(wanted.unit, most_size, price, rule, floor_to), wanted, rule)
    if spec.visible_size is not None:
        _require_visible(request, spec.size, spec.visible_size, rule)


def _least(request: OrderRequest, unit: Unit, market: Market, price: Decimal | None) -> Amount:
    """The smallest amount in this unit that KuCoin takes; `price` is that of a limit order."""
    rule = market.rule
    if price is None and unit is Unit.QUOTE:
        return Amount(ceil_to(max(rule.quote_min, rule.min_funds), rule.quote_increment), unit)
    price = price if price is not None else market.best(request.side)
    return _in_unit(unit, _least_size(price, rule), price, rule, ceil_to)


def _least_size(price: Decimal, rule: SymbolRule) -> Decimal:
    return ceil_to(max(rule.base_min, rule.min_funds / price), rule.base_increment)


def _in_unit(
    unit: Unit, size: Decimal, price: Decimal, rule: SymbolRule, to_step: Callable[[Decimal, Decimal], Decimal]
) -> Amount:
    if unit is Unit.BASE:
        return Amount(size, unit)
    return Amount(to_step(size * price, rule.quote_increment), unit)


def _require_visible(request: OrderRequest, size: Decimal, visible: Decimal, rule: SymbolRule) -> None:
    least = ceil_to(max(size / LEAST_SHOWN, rule.base_min), rule.base_increment)
    if least <= visible <= size and is_multiple(visible, rule.base_increment):
        return
    near = min(max(floor_to(visible, rule.base_increment), least), size)
    text = T.of("trading.iceberg_shows", visible=visible, least=least, most=size, step=rule.base_increment)
    _refuse(text, [choice(request.side, replace(request, iceberg=near), T.of("trading.take_iceberg", visible=near))])


def _needed(spec: OrderSpec, size: Decimal, funds: Decimal, market: Market) -> Decimal:
    """What KuCoin sets aside for the order, out of what is free: quote for a buy, base for a sell."""
    return funds * (ONE + _hold_rate(market)) if spec.side is Side.BUY else size


def _fee_rate(spec: OrderSpec, market: Market) -> Decimal:
    """The rate at worst: only an order that cannot take is sure to be a maker, and hidden ones always pay as takers."""
    if spec.post_only and not spec.hidden and not spec.iceberg:
        return market.fees.maker * market.rule.maker_coefficient
    return market.fees.taker * market.rule.taker_coefficient


def _hold_rate(market: Market) -> Decimal:
    """Until an order is filled nobody knows which fee it will pay, so the higher one is set aside."""
    maker = market.fees.maker * market.rule.maker_coefficient
    return max(maker, market.fees.taker * market.rule.taker_coefficient, ZERO)


def _average(spec: OrderSpec, market: Market) -> tuple[Decimal, Decimal | None]:
    """Walks the book until the order is filled. What the book does not show is taken at its last level, and then the
    impact is unknown."""
    best = market.best(spec.side)
    levels = market.book.asks if spec.side is Side.BUY else market.book.bids
    rest = wanted = (spec.size if spec.size is not None else spec.funds) or ZERO
    size = funds = ZERO
    price = best
    for level in levels:
        price = level.price
        take = min(level.size, rest if spec.size is not None else rest / price)
        size, funds = size + take, funds + take * price
        rest = wanted - (size if spec.size is not None else funds)
        if take < level.size:
            break
    is_whole = rest <= wanted / 1_000_000
    if not is_whole:
        more = rest if spec.size is not None else rest / price
        size, funds = size + more, funds + more * price
    average = funds / size
    return average, abs(average - best) / best * HUNDRED if is_whole else None


def _to_step(size: Decimal, step: Decimal, spec: OrderSpec) -> Decimal:
    """At worst: a buy gets less, a sell gives more."""
    return floor_to(size, step) if spec.side is Side.BUY else ceil_to(size, step)


def _refuse_too_small(request: OrderRequest, least: Amount, wanted: Amount, rule: SymbolRule) -> NoReturn:
    currency = rule.base if wanted.unit is Unit.BASE else rule.quote
    text = T.of("trading.too_small", amount=wanted.value, least=least.value, currency=currency)
    _refuse(text, [_with_amount(request, least, rule)])


def _refuse_too_large(request: OrderRequest, most: Amount, wanted: Amount, rule: SymbolRule) -> NoReturn:
    currency = rule.base if wanted.unit is Unit.BASE else rule.quote
    text = T.of("trading.too_large", amount=wanted.value, most=most.value, currency=currency)
    _refuse(text, [_with_amount(request, most, rule)])


def _with_amount(request: OrderRequest, amount: Amount, rule: SymbolRule) -> Button | None:
    return choice(request.side, request.with_amount(spelled(amount, rule)), in_words(amount, rule))


def _with_price(request: OrderRequest, price: Decimal) -> Button | None:
    label, wish = T.of("trading.take_price", price=price), PriceWish(level=price)
    changed = replace(request, take_profit=wish) if request.price is None else replace(request, price=wish)
    return choice(request.side, changed, label)


def _refuse(text: T, offers: Sequence[Button | None]) -> NoReturn:
    row = [offer for offer in offers if offer is not None]
    raise Refused(text, [row] if row else [])
