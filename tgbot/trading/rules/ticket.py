"""From a request to an order that KuCoin will take, or a refusal that names the nearest one it would."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import NoReturn

from tgbot.core.errors import Refused
from tgbot.core.market import Book, SymbolRule, Tick
from tgbot.core.money import HUNDRED, ONE, ZERO, ceil_to, floor_to, is_multiple
from tgbot.core.orders import Fees, OrderSpec, OrderType, Side
from tgbot.core.reply import Button, T
from tgbot.trading.rules.amounts import Amount, Unit, spelled
from tgbot.trading.rules.grammar import OrderRequest, PriceWish, choice


@dataclass(frozen=True, slots=True)
class Market:
    """All that is known when a ticket is made. `free_base` and `free_quote` are what the account can use now."""

    rule: SymbolRule
    tick: Tick
    book: Book
    fees: Fees
    free_base: Decimal
    free_quote: Decimal


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is sent on Confirm (`spec`), and what to expect of it: `size` is base, `funds` and `fee` are quote, the fee
    coming on top of `funds` on a buy and out of them on a sell. `impact` is the per cent by which the book moves the
    average against the best price; `None` for an order that rests, or when the book shown to us is too thin to tell."""

    spec: OrderSpec
    reference: Decimal
    size: Decimal
    funds: Decimal
    fee: Decimal
    fee_rate: Decimal
    impact: Decimal | None
    free_after: Decimal
    free_currency: str


def decide(request: OrderRequest, amount: Amount, market: Market) -> Ticket:
    """Raises `Refused`. A number that the person wrote is never rounded; shares of a balance are, downwards."""
    if not market.rule.is_trading:
        raise Refused(T.of("trading.pair_suspended", pair=market.rule.symbol))
    price = _limit_price(request, market)
    rate = _fee_rate(market, is_maker=request.post_only)
    wanted = _from_share(request, amount, market, price, rate) if amount.unit is Unit.PERCENT else amount
    _require_increment(request, wanted, market)
    spec = _spec(request, wanted, market, price)
    ticket = _estimate(spec, market, rate)
    _require_limits(request, ticket, market)
    _require_funds(request, ticket, market)
    return ticket


def _limit_price(request: OrderRequest, market: Market) -> Decimal | None:
    """`None` for a market order. A relative price is rounded away from the market: buys down, sells up."""
    if request.price is None:
        return None
    rule, last = market.rule, market.tick.price
    round_away = floor_to if request.side is Side.BUY else ceil_to
    if request.price.level is None:
        percent = request.price.percent or ZERO
        price = round_away(last * (HUNDRED + percent) / HUNDRED, rule.price_increment)
    else:
        price = request.price.level
    if not is_multiple(price, rule.price_increment):
        near = round_away(price, rule.price_increment)
        text = T.of("trading.price_increment", price=price, step=rule.price_increment)
        _refuse(text, [_with_price(request, near)])
    low, high = last * (ONE - rule.price_limit_rate), last * (ONE + rule.price_limit_rate)
    if not low <= price <= high:
        near = ceil_to(low, rule.price_increment) if price < low else floor_to(high, rule.price_increment)
        text = T.of("trading.price_band", price=price, low=low, high=high, pair=rule.symbol)
        _refuse(text, [_with_price(request, near)])
    return price


def _fee_rate(market: Market, *, is_maker: bool) -> Decimal:
    """The rate at worst: only a post-only order is sure to be a maker."""
    if is_maker:
        return market.fees.maker * market.rule.maker_coefficient
    return market.fees.taker * market.rule.taker_coefficient


def _from_share(request: OrderRequest, share: Amount, market: Market, price: Decimal | None, rate: Decimal) -> Amount:
    """A share of what is free, the fee set aside."""
    part = share.value / HUNDRED
    if request.side is Side.SELL:
        return Amount(floor_to(market.free_base * part, market.rule.base_increment), Unit.BASE)
    funds = market.free_quote * part / (ONE + rate)
    if price is not None:
        return Amount(floor_to(funds / price, market.rule.base_increment), Unit.BASE)
    return Amount(floor_to(funds, market.rule.quote_increment), Unit.QUOTE)


def _require_increment(request: OrderRequest, amount: Amount, market: Market) -> None:
    rule = market.rule
    step = rule.base_increment if amount.unit is Unit.BASE else rule.quote_increment
    if is_multiple(amount.value, step):
        return
    currency = rule.base if amount.unit is Unit.BASE else rule.quote
    text = T.of("trading.too_precise", amount=amount.value, currency=currency, step=step)
    near = floor_to(amount.value, step)
    _refuse(text, [_with_amount(request, near, amount.unit, rule)] if near > 0 else [])


def _spec(request: OrderRequest, amount: Amount, market: Market, price: Decimal | None) -> OrderSpec:
    is_base = amount.unit is Unit.BASE
    if price is None:
        return OrderSpec(
            symbol=market.rule.symbol,
            side=request.side,
            type=OrderType.MARKET,
            size=amount.value if is_base else None,
            funds=None if is_base else amount.value,
        )
    return OrderSpec(
        symbol=market.rule.symbol,
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


def _estimate(spec: OrderSpec, market: Market, rate: Decimal) -> Ticket:
    rule = market.rule
    best = market.tick.ask if spec.side is Side.BUY else market.tick.bid
    reference = spec.price if spec.price is not None else best
    average, impact = (reference, None) if spec.price is not None else _average(spec, market, best)
    size = spec.size if spec.size is not None else floor_to((spec.funds or ZERO) / average, rule.base_increment)
    funds = spec.funds if spec.funds is not None else _to_step(size * average, rule.quote_increment)
    fee = funds * rate
    if spec.side is Side.BUY:
        free_after, currency = market.free_quote - funds - fee, rule.quote
    else:
        free_after, currency = market.free_base - size, rule.base
    return Ticket(spec, reference, size, funds, fee, rate, impact, free_after, currency)


def _average(spec: OrderSpec, market: Market, best: Decimal) -> tuple[Decimal, Decimal | None]:
    """Walks the book until the order is filled; what it does not show is taken at its last level, impact unknown."""
    levels = market.book.asks if spec.side is Side.BUY else market.book.bids
    wanted = spec.size if spec.size is not None else spec.funds
    size = funds = ZERO
    for level in levels:
        done = size if spec.size is not None else funds
        room = (wanted or ZERO) - done
        take = min(level.size, room if spec.size is not None else room / level.price)
        size, funds = size + take, funds + take * level.price
        if take < level.size:
            break
    if size == ZERO:
        return best, None
    average = funds / size
    done = size if spec.size is not None else funds
    is_whole = abs((wanted or ZERO) - done) <= (wanted or ZERO) / 1_000_000
    return average, abs(average - best) / best * HUNDRED if is_whole else None


def _require_limits(request: OrderRequest, ticket: Ticket, market: Market) -> None:
    """KuCoin's smallest and largest size, funds and value. The nearest button is one step inside."""
    rule = market.rule
    least_size = ceil_to(max(rule.base_min, rule.min_funds / ticket.reference), rule.base_increment)
    least_funds = ceil_to(max(rule.quote_min, rule.min_funds), rule.quote_increment)
    if ticket.spec.funds is not None:
        bounds = (ticket.funds, least_funds, rule.quote_max, Unit.QUOTE, rule.quote)
    else:
        bounds = (ticket.size, least_size, rule.base_max, Unit.BASE, rule.base)
    value, least, most, unit, currency = bounds
    if value < least:
        text = T.of("trading.too_small", amount=value, least=least, currency=currency)
        _refuse(text, [_with_amount(request, least, unit, rule)])
    if value > most:
        text = T.of("trading.too_large", amount=value, most=most, currency=currency)
        _refuse(text, [_with_amount(request, most, unit, rule)])
    if request.iceberg is not None and request.iceberg * 20 < ticket.size:
        raise Refused(T.of("trading.iceberg_small", visible=request.iceberg, least=ticket.size / 20))


def _require_funds(request: OrderRequest, ticket: Ticket, market: Market) -> None:
    rule = market.rule
    is_buy = request.side is Side.BUY
    needed = ticket.funds + ticket.fee if is_buy else ticket.size
    free, currency = (market.free_quote, rule.quote) if is_buy else (market.free_base, rule.base)
    if needed <= free:
        return
    text = T.of("trading.no_funds", needed=needed, free=free, currency=currency)
    everything = choice(request.side, request.with_amount("max"), T("trading.take_max"))
    _refuse(text, [everything] if free > 0 else [])


def _to_step(value: Decimal, step: Decimal) -> Decimal:
    """For showing an estimate only: rounded half up."""
    return (value / step).quantize(ONE, ROUND_HALF_UP) * step


def _with_amount(request: OrderRequest, value: Decimal, unit: Unit, rule: SymbolRule) -> Button | None:
    currency = rule.base if unit is Unit.BASE else rule.quote
    label = T.of("trading.take_amount", amount=value, currency=currency)
    return choice(request.side, request.with_amount(spelled(value, unit, rule)), label)


def _with_price(request: OrderRequest, price: Decimal) -> Button | None:
    label = T.of("trading.take_price", price=price)
    return choice(request.side, replace(request, price=PriceWish(level=price)), label)


def _refuse(text: T, offers: Sequence[Button | None]) -> NoReturn:
    row = [offer for offer in offers if offer is not None]
    raise Refused(text, [row] if row else [])
