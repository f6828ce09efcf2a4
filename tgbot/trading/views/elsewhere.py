"""How it looks when an order that was made elsewhere fills."""

from tgbot.core.money import ZERO
from tgbot.core.notices import Kind
from tgbot.core.orders import Order
from tgbot.core.people import Mode
from tgbot.core.reply import Reply, T
from tgbot.delivery.outbox import Notice, Priority
from tgbot.trading.rules.settlement import State, state_of
from tgbot.trading.views.words import fill_line, mode_badge, what_other
from tgbot.trading.watched import Watched


def notices(owner: int, watched: Watched, order: Order, mode: Mode) -> list[Notice]:
    """One message for each order, kept up to date. Its end also comes as an answer to that, if it has told of a part
    before: for whoever looks elsewhere by now."""
    card = f"other:{watched.key_id}:{watched.client_oid or watched.order_id}"
    told = Notice(owner, filled(order, mode), Priority.FILL, card=card, kind=Kind.FILL)
    if order.is_active or not watched.is_told:
        return [told]
    return [told, Notice(owner, filled(order, mode), Priority.FILL, reply_to_card=card, kind=Kind.FILL)]


def filled(order: Order, mode: Mode) -> Reply:
    state = state_of(order)
    key, remaining = "trading.fill", ZERO
    if state is State.CANCELLED:
        key = "trading.fill_cancelled"
    elif order.is_active and order.size > order.filled_size:
        key, remaining = "trading.fill_rest", order.size - order.filled_size
    fill = fill_line(key, order.symbol, order.filled_size, order.filled_funds, order.fee, order.fee_currency, remaining)
    footer = T.of("trading.footer_other", pair=order.symbol, badge=mode_badge(mode))
    return Reply((T.of(f"trading.{state}", **what_other(order)), fill, footer))
