"""How tickets look, and what is asked before there can be one."""

from dataclasses import replace
from decimal import Decimal

from tgbot.core.market import SymbolRule
from tgbot.core.money import HUNDRED, plain
from tgbot.core.orders import OrderSpec, Side, StopLeg, TimeInForce
from tgbot.core.reply import Button, Code, Percent, Reply, T, Value
from tgbot.trading.amending import Amended
from tgbot.trading.rules.amounts import is_dollar_like
from tgbot.trading.rules.exits import levels
from tgbot.trading.rules.grammar import OrderRequest, PriceWish, choice
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import Intent
from tgbot.trading.tickets import Shown
from tgbot.trading.views import orders
from tgbot.trading.views.orders import card
from tgbot.trading.views.words import badge, currency, estimate, wished

SHARES = ("25%", "50%", "75%", "100%")
FUNDS = ("10u", "50u", "100u", "500u")


def ticket(shown: Shown, *leads: T) -> Reply:
    intent, numbers, rule = shown.intent, shown.ticket, shown.rule
    lines = [
        *leads,
        T.of(f"trading.ticket_{intent.spec.side}", pair=rule.symbol, kind=kind(intent), badge=badge(intent)),
        T.of(
            "trading.ticket_size",
            size=_size(intent.spec, numbers.size),
            base=rule.base,
            funds=_funds(intent.spec, numbers.funds),
            quote=rule.quote,
        ),
        *wait_lines(intent),
        _price_line(shown),
        *option_lines(intent.spec),
        *_exit_lines(shown),
        T.of("trading.ticket_fee", fee=estimate(numbers.fee), quote=rule.quote, rate=_exact(numbers.fee_rate)),
    ]
    if numbers.impact is not None:
        lines.append(T.of("trading.ticket_impact", impact=Percent(numbers.impact)))
    lines.append(T.of("trading.ticket_free", free=estimate(numbers.free_after), currency=numbers.free_currency))
    if intent.is_locked:
        size = shown.size_to_type
        code = Code(plain(size.value))
        lines.append(T.of("trading.ticket_locked", size=code, currency=currency(size, rule), id=intent.short))
    else:
        lines.append(T.of("trading.ticket_footer", id=intent.short))
    return Reply(tuple(lines), _ticket_buttons(intent), card=card(intent))


def requoted(shown: Shown) -> Reply:
    return ticket(shown, T("trading.requoted"))


def renewed(shown: Shown, old: Intent) -> Reply:
    """A message of its own where the old one tells what became of an order. Whoever has changed between paper and
    KuCoin in the meantime reads so first."""
    leads = [] if shown.intent.mode is old.mode else [T(f"trading.now_{shown.intent.mode}")]
    return replace(ticket(shown, *leads), is_new=old.state is not State.TICKET)


def amended(done: Amended) -> Reply:
    """In a message of its own: that of the old order tells what became of it."""
    lead = T.of("trading.amended", id=done.old.short)
    if done.shown is not None and done.request is not None:
        how = T.of("trading.amend_how", command=Code(f"/{done.request.side} {done.request.to_text()}"))
        return replace(ticket(done.shown, lead, how), is_new=True)
    if done.refusal is not None:
        return Reply((lead, done.refusal.text), done.refusal.buttons, is_new=True)
    return orders.cancelled(done.old)


def choose_amount(request: OrderRequest, rule: SymbolRule, *, is_new: bool) -> Reply:
    """Somebody wants to trade this pair but has not said how much."""
    request = replace(request, pair=rule.symbol)
    amounts = (FUNDS, SHARES) if request.side is Side.BUY and is_dollar_like(rule) else (SHARES,)
    rows = [
        [choice(request.side, request.with_amount(amount), T.of("trading.amount", amount=amount)) for amount in row]
        for row in amounts
    ]
    fitting = [tuple(offer for offer in row if offer is not None) for row in rows]
    lines = [T.of(f"trading.how_much_{request.side}", pair=rule.symbol)]
    if not any(fitting):
        lines.append(T.of("trading.type_it", command=Code(f"/{request.side} {request.with_amount('100%').to_text()}")))
    return Reply(tuple(lines), (*(row for row in fitting if row), _close()), is_new=is_new)


def choose_pair(side: Side, pairs: tuple[str, ...]) -> Reply:
    buttons = [Button(T.of("markets.pair", pair=pair), f"{side}:{pair}") for pair in pairs]
    rows = [tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2)]
    return Reply((T(f"trading.which_pair_{side}"),), (*rows, _close()))


def _price_line(shown: Shown) -> T:
    numbers, quote = shown.ticket, shown.rule.quote
    price = numbers.spec.price
    if price is None:
        return T.of("trading.ticket_price", price=estimate(numbers.price), quote=quote)
    distance = (price - numbers.reference) / numbers.reference * HUNDRED
    return T.of("trading.ticket_limit", price=price, quote=quote, distance=Percent(distance, signed=True))


def _ticket_buttons(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    edit = Button(T("common.edit"), f"ticket_edit:{intent.short}")
    drop = Button(T("common.cancel"), f"ticket_drop:{intent.short}")
    if intent.is_locked:
        return ((edit, drop),)
    return ((Button(T("common.confirm"), f"ticket_ok:{intent.short}"),), (edit, drop))


def option_lines(spec: OrderSpec) -> list[T]:
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


def kind(intent: Intent) -> T:
    if isinstance(intent.wait, StopLeg):
        return T("trading.kind_oco")
    stop = "stop_" if intent.wait is not None else ""
    return T(f"trading.kind_{stop}{intent.spec.type}")


def _exit_lines(shown: Shown) -> list[T]:
    exits = shown.intent.exits
    if exits is None:
        return []
    profit, loss = levels(exits, shown.ticket.price, shown.rule)
    lines = [
        T.of(f"trading.ticket_exit_{name}", price=estimate(level), quote=shown.rule.quote, wish=_away(shown, wish))
        for name, level, wish in (("tp", profit, exits.take_profit), ("sl", loss, exits.stop_loss))
        if level is not None and wish is not None
    ]
    return [*lines, T("trading.ticket_exit_how")]


def _away(shown: Shown, wish: PriceWish) -> Value:
    """In the words of the wish; how far it is, where those are the price itself."""
    if wish.level is None:
        return wished(wish)
    return Percent((wish.level - shown.ticket.price) / shown.ticket.price * HUNDRED, signed=True)


def wait_lines(intent: Intent) -> list[T]:
    wait, last = intent.wait, intent.reference
    if wait is None:
        return []
    distance = Percent((wait.price - last) / last * HUNDRED, signed=True)
    if isinstance(wait, StopLeg):
        line = T.of("trading.ticket_stop_leg", trigger=wait.price, distance=distance, limit=wait.limit)
    else:
        line = T.of(f"trading.ticket_stop_{wait.direction}", trigger=wait.price, distance=distance)
    return [line, T(f"trading.ticket_waits_{intent.mode}")]


def _size(spec: OrderSpec, size: Decimal) -> T | Decimal:
    """What is sent is exact; what follows from it is about so much."""
    return size if spec.size is not None else T.of("trading.about", value=estimate(size))


def _funds(spec: OrderSpec, funds: Decimal) -> T | Decimal:
    return funds if spec.funds is not None else T.of("trading.about", value=estimate(funds))


def _exact(rate: Decimal) -> Percent:
    return Percent(rate * HUNDRED, places=4)


def _close() -> tuple[Button, ...]:
    return (Button(T("common.cancel"), "close"),)


def dropped() -> Reply:
    return Reply((T("trading.dropped"),))
