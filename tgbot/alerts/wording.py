"""Conditions and what was measured of them, in words. Pure."""

from decimal import Decimal
from typing import assert_never

from tgbot.alerts.rules.conditions import Averages, Beyond, Move, Part, Rsi, Volume, parts_of
from tgbot.alerts.rules.crossing import Armed, Crossing
from tgbot.alerts.store import Alert
from tgbot.core.money import HUNDRED, for_display
from tgbot.core.reply import Percent, T
from tgbot.markets.charts.request import print_interval

DIGITS = 4


def condition(alert: Alert | Armed) -> T:
    """What it waits for."""
    if not alert.condition:
        return T.of(f"alerts.condition_{alert.kind}", level=alert.level)
    first, *others = [_part(part) for part in parts_of(alert.condition)]
    return T.of("alerts.condition_and", first=first, second=others[0]) if others else first


def measured(crossing: Crossing) -> list[T]:
    """The figures that made it fire, beside the price."""
    parts = zip(parts_of(crossing.alert.condition), crossing.values, strict=True)
    return [line for part, value in parts if value is not None and (line := _figure(part, value)) is not None]


def _part(part: Part) -> T:
    match part:
        case Beyond(kind, level):
            return T.of(f"alerts.condition_{kind}", level=level)
        case Move(share, window):
            return T.of("alerts.condition_move", share=Percent(share * HUNDRED), window=window)
        case Rsi(interval, kind, level):
            bound = T.of(f"alerts.condition_{kind}", level=level)
            return T.of("alerts.condition_rsi", interval=print_interval(interval), bound=bound)
        case Averages(fast, slow, interval):
            return T.of("alerts.condition_ma", interval=print_interval(interval), fast=str(fast), slow=str(slow))
        case Volume(times, interval):
            return T.of("alerts.condition_volume", interval=print_interval(interval), times=times)
        case _:
            assert_never(part)


def _figure(part: Part, value: Decimal) -> T | None:
    match part:
        case Beyond():
            return None
        case Move(_, window):
            return T.of("alerts.measured_move", move=Percent(value * HUNDRED, signed=True), window=window)
        case Rsi():
            return T.of("alerts.measured_rsi", value=for_display(value, DIGITS))
        case Averages():
            return T("alerts.measured_ma_up" if value > 0 else "alerts.measured_ma_down")
        case Volume():
            return T.of("alerts.measured_volume", times=for_display(value, DIGITS))
        case _:
            assert_never(part)
