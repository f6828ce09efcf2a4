"""How lists of orders look."""

from collections.abc import Sequence
from dataclasses import replace

from tgbot.core.errors import ExchangeError
from tgbot.core.orders import Order
from tgbot.core.reply import Button, Reply, T
from tgbot.trading.elsewhere import Elsewhere, kind_of
from tgbot.trading.orders import Cancelled, ExitsThere, OpenOrders
from tgbot.trading.rules.grammar import button
from tgbot.trading.rules.settlement import PENDING, UNSETTLED, State, state_of
from tgbot.trading.store import Intent
from tgbot.trading.views.words import badge, exits_in_words, what, what_other

MOST_LINES = 30
MOST_BUTTONS = 10


def open_orders(orders: OpenOrders) -> Reply:
    count = len(orders.ours) + len(orders.others)
    if count == 0 and not orders.exits:
        return Reply((T("trading.no_orders"),), ((Button(T("common.refresh"), "orders"),),))
    lines = [_line(intent) for intent in orders.ours] + [_line_other(order) for order in orders.others]
    lines += [_line_exit(entry) for entry in orders.exits]
    alone = [entry for entry in orders.exits if entry.state not in PENDING]
    buttons = [
        button(f"order_cancel:{intent.short}", T.of("trading.cancel_one", id=intent.short))
        for intent in (*orders.ours, *alone)
    ]
    buttons += [
        button(
            f"other_cancel:{kind_of(order)} {order.symbol} {order.order_id}",
            T.of("trading.cancel_other", pair=order.symbol),
        )
        for order in orders.others
    ]
    rows = tuple((offer,) for offer in buttons[:MOST_BUTTONS] if offer is not None)
    last = (Button(T("common.refresh"), "orders"), Button(T("trading.cancel_all"), "orders_cancel"))
    title = T.of("trading.orders_title", count=count, badge=_badge(orders)) if count else T("trading.no_orders")
    return Reply((title, *_shortened(lines)), (*rows, last))


def cancelled_many(results: Cancelled) -> Reply:
    count = len(results.ours) + len(results.others)
    if count == 0 and not results.exits and not results.half:
        return Reply((T("trading.no_orders"),))
    done = sum(intent.state is State.CANCELLED for intent, _ in results.ours)
    done += sum(isinstance(now, Order) and now.is_cancelled for _, now in results.others)
    lines = [
        T.of("trading.cancelled_line", id=intent.short, outcome=_cancel_word(intent, error))
        for intent, error in results.ours
    ]
    lines += [
        T.of("trading.cancelled_line_other", **what_other(order), outcome=_end(now)) for order, now in results.others
    ]
    lines += [T.of("trading.exit_dropped", id=entry.short) for entry in results.exits]
    lines += [T.of("trading.exit_no_more", id=entry.short) for entry in results.half]
    return Reply((T.of("trading.cancelled_count", done=done, count=count), *_shortened(lines)))


def with_exits(reply: Reply, exits: ExitsThere, *, by_group: bool) -> Reply:
    """What is said of an entry, and how to cancel what may still sell what it has bought."""
    if not exits.sent:
        return reply
    lines = [T("trading.exit_sent"), *(_line(one) for one in exits.sent)]
    if exits.is_dropped:
        lines.insert(0, T.of("trading.exit_no_more", id=exits.entry.short))
    press = "desk_cancel" if by_group else "order_cancel"
    buttons = [(Button(T.of("trading.cancel_one", id=one.short), f"{press}:{one.short}"),) for one in exits.sent]
    return replace(reply, lines=(*reply.lines, *_shortened(lines)), buttons=(*reply.buttons, *buttons[:MOST_BUTTONS]))


def cancelled_other(pair: str, order: Elsewhere | None) -> Reply:
    if order is None:
        return Reply((T.of("trading.other_gone", pair=pair),))
    if isinstance(order, Order) and order.is_active:
        return Reply((T("trading.cancel_asked"),))
    return Reply((T.of("trading.other_ended", **what_other(order), outcome=_end(order)),))


def _badge(orders: OpenOrders) -> T | str:
    return badge(orders.ours[0]) if orders.ours else ""


def _line(intent: Intent) -> T:
    if intent.state in UNSETTLED:
        where = T("trading.whereabouts_unknown")
    elif intent.state is State.INDETERMINATE:
        where = T("trading.word_indeterminate")
    else:
        lives = "waits" if intent.state is State.WAITING else "lives"
        where = T(f"trading.{lives}_{intent.mode}")
    return T.of("trading.order_line", id=intent.short, **what(intent), filled=intent.filled_size, where=where)


def _line_exit(entry: Intent) -> T:
    exits = exits_in_words(entry.exits) if entry.exits else ""
    return T.of("trading.exit_line", id=entry.short, exits=exits, pair=entry.spec.symbol, badge=badge(entry))


def _line_other(order: Elsewhere) -> T:
    if isinstance(order, Order):
        return T.of("trading.order_line_other", **what_other(order), filled=order.filled_size)
    return T.of("trading.stop_line_other", **what_other(order))


def _shortened(lines: Sequence[T]) -> tuple[T, ...]:
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[:MOST_LINES], T.of("trading.and_more", count=len(lines) - MOST_LINES))


def _cancel_word(intent: Intent, error: ExchangeError | None) -> T:
    return _failure(error) if error is not None else T(f"trading.word_{intent.state}")


def _end(order: Elsewhere | ExchangeError | None) -> T:
    """What has become of an order made elsewhere."""
    if isinstance(order, ExchangeError):
        return _failure(order)
    if order is None:
        return T("trading.word_gone")
    if isinstance(order, Order):
        return T(f"trading.word_{state_of(order)}")
    return T(f"trading.word_{order.status}")


def _failure(error: ExchangeError) -> T:
    return T.of("trading.cancel_failed", code=error.code, message=error.message)
