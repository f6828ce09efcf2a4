"""How orders look. The first words of an outcome never vary, so that people learn them."""

from dataclasses import replace

from tgbot.core.desks import card_of
from tgbot.core.errors import ExchangeRejected, NotSent, Reason
from tgbot.core.money import ZERO
from tgbot.core.notices import Kind
from tgbot.core.orders import OrderType, StopLeg, TimeInForce
from tgbot.core.reply import Button, Code, Reply, T
from tgbot.delivery.outbox import Notice, Priority
from tgbot.trading.doubts import looked_up_button
from tgbot.trading.rules.exits import is_followed
from tgbot.trading.rules.settlement import DONE, GIVEN_UP, PENDING, UNSETTLED, WORKING, State
from tgbot.trading.store import Intent
from tgbot.trading.tickets import fresh_button
from tgbot.trading.views.words import exits_in_words, fill_line, footer, no_in_words, what


def card(intent: Intent) -> str:
    """The name of the message that shows this intent."""
    return f"order:{intent.id}"


def notice(intent: Intent, reply: Reply, priority: Priority) -> Notice:
    """Puts `reply` in place of what shows this intent. Where that is not a ticket it is an answer: to the message of
    its entry if it is an exit, which nobody has tapped for, and in a group to what was decided there."""
    answered = card_of(intent.id) if intent.is_of_a_group else None
    if intent.entry_id:
        answered = f"order:{intent.entry_id}"
    return Notice(
        intent.chat_id, reply, priority, card=card(intent), reply_to_card=answered, thread_id=intent.thread_id
    )


def news(intent: Intent, reply: Reply) -> Notice:
    """The same once more as an answer to it, for whoever looks elsewhere by now."""
    return Notice(
        intent.chat_id,
        Reply(reply.lines),
        Priority.FILL,
        reply_to_card=card(intent),
        thread_id=intent.thread_id,
        kind=Kind.FILL,
    )


def placed(intent: Intent) -> Reply:
    lines = (T.of("trading.placed", **what(intent)), *exit_lines(intent), footer(intent))
    return Reply(lines, _working_buttons(intent))


def unknown(intent: Intent) -> Reply:
    lines = (T.of("trading.unknown", **what(intent)), T("trading.unknown_why"), footer(intent))
    return Reply(lines, _working_buttons(intent))


def not_sent(intent: Intent, error: NotSent) -> Reply:
    why = T.of("trading.not_sent_why", code=error.code, message=error.message)
    return Reply((T.of("trading.not_sent", **what(intent)), why, footer(intent)), _again(intent))


def rejected(intent: Intent, error: ExchangeRejected) -> Reply:
    lines = [T.of("trading.rejected", **what(intent)), T.of("trading.rejected_why", why=no_in_words(intent, error))]
    if error.reason in _ADVICE and not intent.is_of_a_group:
        lines.append(T(_ADVICE[error.reason]))
    is_last = not is_followed(error.reason, is_oco=isinstance(intent.wait, StopLeg))
    return Reply((*lines, footer(intent)), _again(intent, is_last=is_last))


def goes_on(reply: Reply) -> Reply:
    """The same of an exit in place of which the bot sends another."""
    return replace(reply, lines=(*reply.lines[:-1], T("trading.exit_goes_on"), reply.lines[-1]))


def outcome(intent: Intent, *, before: State | None = None) -> Reply:
    """The order as it now is, in place of its ticket. `before`: what it was said to be until now, which may turn out to
    have been wrong."""
    lines = [T.of(f"trading.{_headline(intent)}", **what(intent))]
    if before in GIVEN_UP:
        lines.append(T("trading.turned_up"))
    if before in DONE:
        lines.append(T("trading.was_not_over"))
    if intent.wait is not None and intent.state in WORKING:
        lines.append(T("trading.triggered"))
    if intent.filled_size > ZERO:
        lines.append(_fill_line(intent))
    if intent.state in PENDING:
        lines += exit_lines(intent)
    if intent.state in _WHY:
        lines.append(T(_WHY[intent.state]))
    buttons = _working_buttons(intent) if intent.state in PENDING else _afterwards(intent)
    return Reply((*lines, footer(intent)), buttons)


def overtaken(ticket: Intent, ended: Intent) -> Reply:
    """In place of a ticket for the rest of an order, as that has turned out to be."""
    if ended.state is State.FILLED:
        why = "trading.rest_is_nothing"
    else:
        why = "trading.rest_is_alive" if ended.state in PENDING else "trading.rest_is_less"
    lines = (T.of("trading.ticket_overtaken", id=ticket.short), T.of(why, id=ended.short), footer(ticket))
    return Reply(lines, () if ended.state is State.FILLED else ((fresh_button(ticket),),))


def out_of_sight(intent: Intent) -> Reply:
    """The account was disconnected before its order came to an end."""
    lines = (T.of("trading.indeterminate", **what(intent)), T("trading.out_of_sight_why"), footer(intent))
    return Reply(lines)


def _afterwards(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    if intent.state is State.NOT_PLACED:
        return _again(intent)
    if intent.state is State.INDETERMINATE and not intent.is_of_a_group:
        return tuple(tuple(row) for row in looked_up_button(intent))
    return ()


def gone(intent: Intent) -> Reply:
    """KuCoin had it outside the book, and has it nowhere any more."""
    lines = (T.of("trading.cancelled", **what(intent)), T("trading.stop_gone_why"), footer(intent))
    return Reply(lines)


def detail(intent: Intent) -> Reply:
    """`/order ID`."""
    if intent.state in {State.VOID, State.OVERTAKEN}:
        why = T.of(f"trading.ticket_{intent.state}", id=intent.short)
        return Reply((why, footer(intent)), ((fresh_button(intent),),))
    if intent.state in {State.TICKET, State.PROPOSED, State.DROPPED, State.REPLACED}:
        return Reply((T.of("trading.not_confirmed", **what(intent)), footer(intent)), ((fresh_button(intent),),))
    reply = outcome(intent)
    asked = T.of("trading.detail", at=intent.created_at, order_id=Code(intent.order_id or "–"))
    return Reply((*reply.lines, asked), reply.buttons)


def cancelled(intent: Intent) -> Reply:
    """What has become of an order that was asked to end: that it was asked proves nothing."""
    if intent.state not in PENDING:
        return detail(intent)
    reply = outcome(intent)
    why = "trading.cancel_unknown" if intent.state in UNSETTLED else "trading.cancel_asked"
    return Reply((reply.lines[0], T(why), *reply.lines[1:]), reply.buttons)


_ADVICE = {
    Reason.FUNDS: "trading.advice_funds",
    Reason.PERMISSION: "trading.advice_key",
    Reason.KEY: "trading.advice_key",
    Reason.IP: "trading.advice_ip",
    Reason.PRICE_BAND: "trading.advice_price",
    Reason.SUSPENDED: "trading.advice_suspended",
}


_WHY = {
    State.NOT_PLACED: "trading.not_placed_why",
    State.INDETERMINATE: "trading.indeterminate_why",
}


def _again(intent: Intent, *, is_last: bool = False) -> tuple[tuple[Button, ...], ...]:
    """An exit that the bot may go on with has no button: that would sell the same coins twice."""
    if intent.is_of_a_group or (intent.entry_id and not is_last):
        return ()
    return ((fresh_button(intent),),)


def _working_buttons(intent: Intent) -> tuple[tuple[Button, ...], ...]:
    """In a group one person's tap changes nothing but that an order is called back."""
    if intent.is_of_a_group:
        return ((Button(T("trading.cancel_order"), f"desk_cancel:{intent.short}"),),)
    cancel = Button(T("trading.cancel_order"), f"order_cancel:{intent.short}")
    refresh = Button(T("common.refresh"), f"order:{intent.short}")
    if intent.state in UNSETTLED:
        return ((refresh, cancel),)
    return ((refresh, Button(T("common.edit"), f"order_edit:{intent.short}")), (cancel,))


def _headline(intent: Intent) -> State:
    """An order that never rests is not cancelled by anybody when a part of it finds nobody."""
    never_rests = intent.spec.type is OrderType.MARKET or intent.spec.time_in_force is TimeInForce.IOC
    if intent.state is State.CANCELLED and intent.filled_size > ZERO and never_rests:
        return State.PARTIAL
    return intent.state


def exit_lines(intent: Intent) -> list[T]:
    """What is to sell again what this order buys."""
    if intent.exits is None:
        return []
    return [T.of("trading.then_exit", exits=exits_in_words(intent.exits))]


def _fill_line(intent: Intent) -> T:
    remaining = (intent.spec.size or intent.filled_size) - intent.filled_size
    key = "trading.fill"
    if intent.state is State.CANCELLED:
        key = "trading.fill_cancelled"
    elif intent.state in PENDING and remaining > ZERO:
        key = "trading.fill_rest"
    return fill_line(
        key,
        intent.spec.symbol,
        intent.filled_size,
        intent.filled_funds,
        intent.fee,
        intent.fee_currency,
        remaining,
    )
