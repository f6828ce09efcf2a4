"""What is missing from an alert, asked for with buttons. Pure.

A button carries the whole alert as one would type it. Only a note may be too long for that; then it stays behind in the
draft, and the button's verb says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.request import AlertRequest, condition
from tgbot.core.money import HUNDRED, plain
from tgbot.core.reply import Button, Percent, Reply, T

LONGEST_DATA = 64
STEPS = (1, 2, 5, 10)  # per cent
PAIRS_A_ROW = 2
SIDES = {Kind.ABOVE: (1,), Kind.BELOW: (-1,), Kind.CROSS: (1, -1), None: (1, -1)}


def go_on_with(request: AlertRequest) -> str:
    """The data of a button that goes on with this request."""
    data = f"alert_on:{request.written()}"
    if len(data.encode()) <= LONGEST_DATA:
        return data
    return f"alert_noted:{replace(request, note='').written()}"


def which_pair(request: AlertRequest, symbols: Sequence[str]) -> Reply:
    return Reply((T("alerts.which_pair"),), (*_pair_rows(request, symbols), _drop()))


def none_yet(symbols: Sequence[str]) -> Reply:
    """In place of an empty list."""
    return Reply((T("alerts.none_yet"),), _pair_rows(AlertRequest(), symbols))


def which_number(request: AlertRequest) -> Reply:
    """Its level has two readings."""
    readings = tuple(
        Button(T.of("alerts.reading", level=level), go_on_with(replace(request, levels=(level,))))
        for level in request.levels
    )
    return Reply((T.of("alerts.which_number", pair=request.pair),), (readings, _drop()))


def which_way(request: AlertRequest, price: Decimal) -> Reply:
    """It has a level without a sign."""
    ways = tuple(Button(T(f"alerts.way_{kind}"), go_on_with(replace(request, kind=kind))) for kind in Kind)
    text = T.of("alerts.which_way", pair=request.pair, price=price, level=request.levels[0])
    return Reply((text,), (ways, _drop()))


def which_level(request: AlertRequest, price: Decimal, price_increment: Decimal) -> Reply:
    """Levels around the present price, above it on the left."""
    rows = tuple(
        tuple(_level_button(request, side * step, price, price_increment) for side in SIDES[request.kind])
        for step in STEPS
    )
    example = condition(AlertRequest(move=Decimal(STEPS[-1]) / HUNDRED), price, price_increment)[1]
    text = T.of("alerts.which_level", pair=request.pair, price=price, example=plain(example))
    return Reply((text,), (*rows, _drop()))


def _pair_rows(request: AlertRequest, symbols: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    buttons = [
        Button(T.of("markets.pair", pair=symbol), go_on_with(replace(request, pair=symbol))) for symbol in symbols
    ]
    return tuple(tuple(buttons[start : start + PAIRS_A_ROW]) for start in range(0, len(buttons), PAIRS_A_ROW))


def _level_button(request: AlertRequest, step: int, price: Decimal, price_increment: Decimal) -> Button:
    share = Decimal(step) / HUNDRED
    kind, level = condition(AlertRequest(move=share), price, price_increment)
    label = T.of("alerts.level", step=Percent(Decimal(step), signed=True), level=level)
    return Button(label, go_on_with(replace(request, kind=request.kind or kind, levels=(level,))))


def _drop() -> tuple[Button, ...]:
    return (Button(T("common.cancel"), "alert_drop"),)
