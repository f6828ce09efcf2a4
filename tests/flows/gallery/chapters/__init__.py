"""Journeys, one a sheet; each begins with nothing but the bot running."""

from collections.abc import Awaitable, Callable

from tests.flows.gallery.chapters import alerts, beginnings, desks, guards, keys, orders, outcomes, rare
from tests.flows.gallery.traveller import Traveller

Chapter = Callable[[Traveller], Awaitable[None]]

CHAPTERS: dict[str, Chapter] = {
    "begin": beginnings.begin,
    "help": beginnings.read_help,
    "settings": beginnings.set_up,
    "prices": beginnings.look_at_prices,
    "not-acted-on": beginnings.be_misunderstood,
    "trade": orders.trade,
    "orders": orders.follow,
    "stops-and-exits": orders.wait_for_prices,
    "refusals": orders.be_refused,
    "outcomes": outcomes.hear_outcomes,
    "advice": outcomes.be_told_no,
    "elsewhere": outcomes.trade_elsewhere,
    "exits-in-trouble": outcomes.lose_exits,
    "backup": outcomes.put_back,
    "rare": rare.hear_rare_words,
    "limits-and-freeze": guards.limit,
    "notices-and-quiet": guards.be_quiet,
    "alerts": alerts.be_told,
    "alerts-list": alerts.keep_a_list,
    "alerts-computed": alerts.compute,
    "news": alerts.read_news,
    "watches": alerts.watch,
    "keys": keys.link,
    "keys-refused": keys.be_refused,
    "keys-in-trouble": keys.lose_trust,
    "desk": desks.set_up,
    "desk-decisions": desks.decide,
    "desk-rules": desks.rule,
    "desk-refusals": desks.be_refused,
}
