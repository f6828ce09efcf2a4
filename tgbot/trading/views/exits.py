"""What is said of exits that live in the bot."""

from dataclasses import replace
from decimal import Decimal

from tgbot.core.errors import ExchangeRejected, UserError
from tgbot.core.money import ZERO, plain
from tgbot.core.notices import Kind
from tgbot.core.reply import Reply, T
from tgbot.delivery.outbox import Notice, Priority
from tgbot.trading.rules.exits import Refusal
from tgbot.trading.rules.grammar import OrderRequest, choice
from tgbot.trading.rules.settlement import PENDING
from tgbot.trading.store import Intent
from tgbot.trading.views.words import no_in_words


def notice(entry: Intent, reply: Reply, dedup_key: str | None = None) -> Notice:
    """An answer to the message of the entry."""
    return Notice(
        entry.chat_id,
        reply,
        Priority.FILL,
        reply_to_card=f"order:{entry.id}",
        dedup_key=dedup_key,
        thread_id=entry.thread_id,
        kind=Kind.ACCOUNT,
    )


def waits(entry: Intent, error: ExchangeRejected | UserError) -> Reply:
    """A group is not told what is the matter with somebody's key or limits."""
    if isinstance(error, ExchangeRejected):
        why = T.of("trading.rejected_why", why=no_in_words(entry, error))
    else:
        why = T("trading.desk_unusable") if entry.is_of_a_group else error.text
    return Reply((T.of("trading.exit_waits", id=entry.short), why))


def given_up(entry: Intent, size: Decimal, request: OrderRequest) -> Reply:
    """In private with a button that asks for the same as an order of its own."""
    text = T.of("trading.exit_given_up", id=entry.short, size=size, base=entry.spec.symbol.split("-")[0])
    offer = choice(request.side, request, T("trading.fresh_ticket"))
    return Reply((text,), ((offer,),) if offer and not entry.is_of_a_group else ())


def too_little(entry: Intent, size: Decimal) -> Reply:
    base = entry.spec.symbol.split("-")[0]
    return Reply((T.of("trading.exit_too_little", id=entry.short, size=size, base=base),))


def profit_left_out(entry: Intent, stop: Intent, price: Decimal, refusal: Refusal) -> Reply:
    """`refusal` is that of the OCO whose place the stop has taken."""
    pair = entry.spec.symbol
    text = T.of(
        "trading.exit_no_profit",
        id=entry.short,
        price=price,
        size=stop.spec.size or ZERO,
        base=pair.split("-")[0],
        why=no_in_words(entry, refusal),
        again=f"/alert {pair} {plain(price)}",
    )
    return Reply((text,))


def no_more(reply: Reply, entry: Intent) -> Reply:
    """What is said of an exit that was asked to end, where the bot sends no other in its place."""
    return replace(reply, lines=(*reply.lines, *taken_back(entry).lines))


def taken_back(entry: Intent) -> Reply:
    key = "trading.exit_no_more_ever" if entry.state in PENDING else "trading.exit_no_more"
    return Reply((T.of(key, id=entry.short),))


def dropped(entry: Intent) -> Reply:
    return Reply((T.of("trading.exit_dropped", id=entry.short),))
