"""What is missing from an alert, asked for with buttons. Pure.

In a group nobody hears what is typed next, so there the question says how to write it all at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tgbot.alerts.rules.answers import CHOICES, Offer, changing, going_on
from tgbot.alerts.rules.conditions import SIGNS
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.request import AlertRequest, condition
from tgbot.alerts.store import Alert
from tgbot.alerts.views import what
from tgbot.core.money import HUNDRED, plain
from tgbot.core.reply import Button, Percent, Reply, T

STEPS = (1, 2, 5, 10)  # per cent
PAIRS_A_ROW = 2
SIDES = {Kind.ABOVE: (1,), Kind.BELOW: (-1,), Kind.CROSS: (1, -1), None: (1, -1)}


def which_pair(request: AlertRequest, symbols: Sequence[str], *, is_private: bool) -> Reply:
    text = T("alerts.which_pair" if is_private else "alerts.which_pair_here")
    return Reply((text,), (*_pair_rows(request, symbols), _drop()))


def none_yet(symbols: Sequence[str]) -> Reply:
    """In place of an empty list."""
    return Reply((T("alerts.none_yet"),), _pair_rows(AlertRequest(), symbols))


def which_number(request: AlertRequest) -> Reply:
    """Its level has two readings."""
    text = T.of("alerts.which_number", pair=request.pair)
    return Reply((text,), (_readings(request, going_on(request)), _drop()))


def which_way(request: AlertRequest, price: Decimal) -> Reply:
    """It has a level without a sign."""
    offer = going_on(request)
    ways = tuple(Button(T(f"alerts.way_{kind}"), offer(replace(request, kind=kind), SIGNS[kind])) for kind in SIGNS)
    text = T.of("alerts.which_way", pair=request.pair, price=price, level=request.levels[0])
    return Reply((text,), (ways, _drop()))


def which_level(request: AlertRequest, price: Decimal, price_increment: Decimal, *, is_private: bool) -> Reply:
    """Levels around the present price, above it on the left."""
    rows = _level_rows(request, price, price_increment, going_on(request))
    key = "alerts.which_level" if is_private else "alerts.which_level_here"
    text = T.of(key, pair=request.pair, price=price, example=_example(price, price_increment))
    return Reply((text,), (*rows, _drop()))


def which_change(
    alert: Alert, request: AlertRequest, price: Decimal, price_increment: Decimal, *, is_private: bool
) -> Reply:
    """What an alert is to become: `request` is what is known of it already."""
    offer = changing(alert.short, request)
    keep = (Button(T("common.cancel"), "alert_keep"),)
    if len(request.levels) > 1:
        return Reply((T.of("alerts.which_number", pair=alert.symbol),), (_readings(request, offer), keep))
    text = T.of("alerts.which_change_here", what=what(alert), price=price)
    if is_private:
        example = _example(price, price_increment)
        text = T.of("alerts.which_change", what=what(alert), price=price, example=example)
    return Reply((text,), (*_level_rows(request, price, price_increment, offer), keep))


def _readings(request: AlertRequest, offer: Offer) -> tuple[Button, ...]:
    return tuple(
        Button(T.of("alerts.reading", level=level), offer(replace(request, levels=(level,)), choice))
        for choice, level in zip(CHOICES, request.levels, strict=True)
    )


def _level_rows(
    request: AlertRequest, price: Decimal, price_increment: Decimal, offer: Offer
) -> tuple[tuple[Button, ...], ...]:
    def button(step: int) -> Button:
        share = Decimal(step) / HUNDRED
        side, level = condition(AlertRequest(move=share), price, price_increment)
        kind = request.kind or side
        label = T.of("alerts.level", step=Percent(Decimal(step), signed=True), level=level)
        return Button(label, offer(replace(request, kind=kind, levels=(level,)), f"{SIGNS[kind]} {plain(level)}"))

    return tuple(tuple(button(side * step) for side in SIDES[request.kind]) for step in STEPS)


def _example(price: Decimal, price_increment: Decimal) -> str:
    return plain(condition(AlertRequest(move=Decimal(STEPS[-1]) / HUNDRED), price, price_increment)[1])


def _pair_rows(request: AlertRequest, symbols: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    offer = going_on(request)
    buttons = [
        Button(T.of("markets.pair", pair=symbol), offer(replace(request, pair=symbol), symbol)) for symbol in symbols
    ]
    return tuple(tuple(buttons[start : start + PAIRS_A_ROW]) for start in range(0, len(buttons), PAIRS_A_ROW))


def _drop() -> tuple[Button, ...]:
    return (Button(T("common.cancel"), "alert_drop"),)
