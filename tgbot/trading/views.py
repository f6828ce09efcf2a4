"""How tickets and orders look in the chat. The first words of an outcome never vary, so that people learn them."""

from decimal import Decimal

from tgbot.core.errors import ExchangeRejected, NotSent, Reason
from tgbot.core.money import ZERO, for_display
from tgbot.core.orders import Order, OrderSpec, OrderType, Side, TimeInForce
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Code, Percent, Reply, T
from tgbot.trading.orders import OpenOrders
from tgbot.trading.rules.settlement import PENDING, State
from tgbot.trading.store import Intent
from tgbot.trading.tickets import Shown

SHARES = ("25%", "50%", "75%", "100%")
FUNDS = ("10u", "50u", "100u", "500u")
DIGITS = 6  # of estimates; what is sent is always shown in full


def card(intent: Intent) -> str:
    """The name of the message that shows this intent."""
    return f"order:{intent.id}"


def ticket(shown: Shown, *, is_requoted: bool = False) -> Reply:
    intent, numbers, rule = shown.intent, shown.ticket, shown.rule
    lines = [T("trading.requoted")] if is_requoted else []
    lines += [
        T.of(f"trading.ticket_{intent.spec.side}", pair=rule.symbol, kind=_kind(intent.spec), badge=_badge(intent)),
        T.of(
            "trading.ticket_size",
            size=_size(intent.spec, numbers.size),
            base=rule.base,
            funds=_funds(intent.spec, numbers.funds),
            quote=rule.quote,
        ),
        T.of("trading.ticket_price", price=_estimate(numbers.reference), quote=rule.quote),
        *_option_lines(intent.spec),
        T.of("trading.ticket_fee", fee=_estimate(numbers.fee), quote=rule.quote, rate=Percent(numbers.fee_rate * 100)),
    ]
    if numbers.impact is not None:
        lines.append(T.of("trading.ticket_impact", impact=Percent(numbers.impact)))
    lines.append(T.of("trading.ticket_free", free=_estimate(numbers.free_after), currency=numbers.free_currency))
    if intent.is_locked:
        lines.append(T.of("trading.ticket_locked", size=Code(typed_size(intent.spec)), id=intent.short))
    else:
        lines.append(T.of("trading.ticket_footer", id=intent.short))
    return Reply(tuple(lines), _ticket_buttons(intent))


def typed_size(spec: OrderSpec) -> str:
    """What a person has to type to unlock a large ticket, in the notation of our buttons."""
    return format((spec.funds or spec.size or ZERO).normalize(), "f")


def choose_amount(side: Side, pair: str, options: str, *, is_new: bool) -> Reply:
    """Somebody wants to trade this pair but has not said how much."""
    amounts = (FUNDS, SHARES) if side is Side.BUY else (SHARES,)
    tail = f" {options}" if options else ""
    rows = tuple(
        tuple(Button(T.of("trading.amount", amount=amount), f"{side}:{pair} {amount}{tail}") for amount in row)
        for row in amounts
    )
    return Reply((T.of(f"trading.how_much_{side}", pair=pair),), (*rows, _close()), is_new=is_new)


def choose_pair(side: Side, pairs: tuple[str, ...]) -> Reply:
    buttons = [Button(T.of("markets.pair", pair=pair), f"{side}:{pair}") for pair in pairs]
    rows = [tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2)]
    return Reply((T(f"trading.which_pair_{side}"),), (*rows, _close()))


def placed(intent: Intent) -> Reply:
    return Reply((T.of("trading.placed", **_what(intent)), _footer(intent)), _working_buttons(intent))


def unknown(intent: Intent) -> Reply:
    return Reply((T.of("trading.unknown", **_what(intent)), T("trading.unknown_why"), _footer(intent)))


def not_sent(intent: Intent, error: NotSent) -> Reply:
    why = T.of("trading.not_sent_why", code=error.code, message=error.message)
    return Reply((T.of("trading.not_sent", **_what(intent)), why, _footer(intent)), _again(intent))


def rejected(intent: Intent, error: ExchangeRejected) -> Reply:
    lines = [
        T.of("trading.rejected", **_what(intent)),
        T.of("trading.rejected_why", code=error.code, message=error.message),
    ]
    if error.reason in _ADVICE:
        lines.append(T(_ADVICE[error.reason]))
    return Reply((*lines, _footer(intent)), _again(intent))


def outcome(intent: Intent, state: State) -> Reply:
    """The order as it now is, in place of its ticket."""
    lines = [T.of(f"trading.{state}", **_what(intent))]
    if intent.filled_size > ZERO:
        lines.append(_fill_line(intent))
    if state is State.NOT_PLACED:
        lines.append(T("trading.not_placed_why"))
    if state is State.INDETERMINATE:
        lines.append(T("trading.indeterminate_why"))
    is_failure = state is State.NOT_PLACED
    buttons = _working_buttons(intent) if state in PENDING else _again(intent) if is_failure else ()
    return Reply((*lines, _footer(intent)), buttons)


def news(intent: Intent, state: State) -> Reply:
    """What happened later, as a message that rings."""
    lines = [T.of(f"trading.{state}", **_what(intent))]
    if intent.filled_size > ZERO:
        lines.append(_fill_line(intent))
    return Reply((*lines, _footer(intent)), is_new=True)


def detail(intent: Intent) -> Reply:
    """`/order ID`."""
    reply = outcome(intent, intent.state) if intent.state is not State.TICKET else dropped()
    return Reply(
        (*reply.lines, T.of("trading.detail", at=intent.created_at, order_id=Code(intent.order_id or "–"))),
        reply.buttons,
    )


def dropped() -> Reply:
    return Reply((T("trading.dropped"),))


def open_orders(orders: OpenOrders) -> Reply:
    count = len(orders.ours) + len(orders.others)
    if count == 0:
        return Reply((T("trading.no_orders"),), ((Button(T("common.refresh"), "orders"),),))
    lines = [T.of("trading.orders_title", count=count)]
    buttons: list[tuple[Button, ...]] = []
    for intent in orders.ours:
        lines.append(T.of("trading.order_line", id=intent.short, **_what(intent), filled=intent.filled_size))
        buttons.append((Button(T.of("trading.cancel_one", id=intent.short), f"order_cancel:{intent.short}"),))
    for order in orders.others:
        lines.append(T.of("trading.order_line_other", **_what_other(order), filled=order.filled_size))
        pair = order.symbol
        buttons.append((Button(T.of("trading.cancel_other", pair=pair), f"other_cancel:{pair} {order.order_id}"),))
    last = (Button(T("common.refresh"), "orders"), Button(T("trading.cancel_all"), "orders_cancel"))
    return Reply(tuple(lines), (*buttons[:10], last))


def cancelled_many(results: list[Intent], others: int) -> Reply:
    if not results and not others:
        return Reply((T("trading.no_orders"),))
    lines = [T.of("trading.cancelled_count", count=len(results) + others)]
    lines += [T.of("trading.cancelled_line", id=i.short, outcome=T(f"trading.word_{i.state}")) for i in results]
    return Reply(tuple(lines))


def cancelled_other(order: Order | None) -> Reply:
    if order is not None and order.is_active:
        return Reply((T("trading.cancel_asked"),))
    return Reply((T("trading.cancelled_external"),))


_ADVICE = {
    Reason.FUNDS: "trading.advice_funds",
    Reason.PERMISSION: "trading.advice_key",
    Reason.KEY: "trading.advice_key",
    Reason.IP: "trading.advice_ip",
    Reason.PRICE_BAND: "trading.advice_price",
    Reason.SUSPENDED: "trading.advice_suspended",
}


def _ticket_buttons(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    edit = Button(T("common.edit"), f"ticket_edit:{intent.short}")
    drop = Button(T("common.cancel"), f"ticket_drop:{intent.short}")
    if intent.is_locked:
        return ((edit, drop),)
    return ((Button(T("common.confirm"), f"ticket_ok:{intent.short}"),), (edit, drop))


def _working_buttons(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    cancel = Button(T("trading.cancel_order"), f"order_cancel:{intent.short}")
    return ((Button(T("common.refresh"), f"order:{intent.short}"), cancel),)


def _again(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    return ((Button(T("trading.fresh_ticket"), f"ticket_fresh:{intent.short}"),),)


def _close() -> tuple[Button, ...]:
    return (Button(T("common.cancel"), "close"),)


def _what(intent: Intent) -> dict[str, T | str | Decimal]:
    """The order in words: side, amount and, for a limit order, price."""
    spec = intent.spec
    base, quote = spec.symbol.split("-")
    amount = T.of("trading.amount_of", amount=spec.size, currency=base) if spec.size is not None else None
    funds = T.of("trading.funds_of", funds=spec.funds or ZERO, quote=quote, base=base)
    price = T.of("trading.at_price", price=spec.price) if spec.price is not None else T("trading.at_market")
    return {
        "side": T(f"trading.side_{spec.side}"),
        "amount": amount or funds,
        "price": price,
        "pair": spec.symbol,
        "badge": _badge(intent),
    }


def _what_other(order: Order) -> dict[str, T | str | Decimal]:
    base = order.symbol.split("-")[0]
    price = T.of("trading.at_price", price=order.price) if order.type is OrderType.LIMIT else T("trading.at_market")
    amount = T.of("trading.amount_of", amount=order.size, currency=base)
    return {"side": T(f"trading.side_{order.side}"), "amount": amount, "price": price, "pair": order.symbol}


def _fill_line(intent: Intent) -> T:
    base, quote = intent.spec.symbol.split("-")
    average = for_display(intent.filled_funds / intent.filled_size, 9)
    remaining = (intent.spec.size or intent.filled_size) - intent.filled_size
    return T.of(
        "trading.fill_rest" if remaining > ZERO and intent.state in PENDING else "trading.fill",
        size=intent.filled_size,
        base=base,
        average=average,
        quote=quote,
        funds=_estimate(intent.filled_funds),
        fee=_estimate(intent.fee),
        fee_currency=intent.fee_currency,
        remaining=remaining,
    )


def _option_lines(spec: OrderSpec) -> list[T]:
    options = [T("trading.option_post")] if spec.post_only else []
    if spec.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
        options.append(T(f"trading.option_{spec.time_in_force.lower()}"))
    if spec.cancel_after is not None:
        options.append(T.of("trading.option_gtt", span=spec.cancel_after))
    if spec.hidden:
        options.append(T("trading.option_hidden"))
    if spec.visible_size is not None:
        options.append(T.of("trading.option_iceberg", visible=spec.visible_size))
    return options


def _kind(spec: OrderSpec) -> T:
    return T(f"trading.kind_{spec.type}")


def _size(spec: OrderSpec, size: Decimal) -> T | Decimal:
    """What is sent is exact; what follows from it is about so much."""
    return size if spec.size is not None else T.of("trading.about", value=_estimate(size))


def _funds(spec: OrderSpec, funds: Decimal) -> T | Decimal:
    return funds if spec.funds is not None else T.of("trading.about", value=_estimate(funds))


def _estimate(value: Decimal) -> Decimal:
    return for_display(value, DIGITS)


def _badge(intent: Intent) -> T | str:
    return T("trading.paper_badge") if intent.mode is Mode.PAPER else ""


def _footer(intent: Intent) -> T:
    return T.of("trading.footer", id=intent.short)
