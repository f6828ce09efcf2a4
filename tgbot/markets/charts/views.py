"""The card of a chart: what stands beneath the picture, and its buttons."""

from tgbot.core.market import Interval, SymbolRule
from tgbot.core.money import HUNDRED
from tgbot.core.reply import Button, Percent, Reply, T
from tgbot.markets.charts.chart import Chart, Theme
from tgbot.markets.charts.price_axis import axis_for
from tgbot.markets.charts.request import print_interval
from tgbot.markets.views import deal_buttons, pair_buttons, refresh

OFFERED = (Interval.MINUTE_15, Interval.HOUR_1, Interval.HOUR_4, Interval.DAY_1)
INTERVALS_A_ROW = 4


def redraw(symbol: str, interval: str, theme: Theme) -> str:
    """The data of a button that puts a chart into the place of its message; empty parts are left out."""
    return f"redraw:{' '.join(part for part in (symbol, interval, _spoken(theme)) if part)}"


def chart_card(rule: SymbolRule, chart: Chart, picture: bytes) -> Reply:
    first, last = chart.candles[0], chart.candles[-1]
    change = Percent((last.close - first.open) / first.open * HUNDRED, signed=True)
    span = last.at - first.at + chart.interval.length
    lines = [
        T.of("markets.chart", pair=rule.symbol, last=last.close, change=change, span=span),
        T.of(
            "markets.chart_range",
            high=max(candle.high for candle in chart.candles),
            low=min(candle.low for candle in chart.candles),
        ),
    ]
    if not rule.is_trading:
        lines.append(T.of("markets.suspended"))
    if hidden := _count_hidden(chart):
        lines.append(T.of("markets.chart_hidden", count=hidden))
    return Reply(tuple(lines), _card_buttons(chart), picture=picture)


def no_candles(symbol: str, interval: Interval, theme: Theme, count: int) -> Reply:
    text = T.of("markets.chart_empty", pair=symbol, span=count * interval.length)
    return Reply((text,), (interval_buttons(symbol, OFFERED, theme),))


def which_chart(popular: tuple[str, ...], interval: str, theme: Theme) -> Reply:
    return Reply((T.of("markets.which_chart"),), pair_buttons(popular, lambda symbol: redraw(symbol, interval, theme)))


def every_interval(symbol: str, theme: Theme) -> tuple[tuple[Button, ...], ...]:
    all_of_them = tuple(Interval)
    return (
        interval_buttons(symbol, all_of_them[:INTERVALS_A_ROW], theme),
        interval_buttons(symbol, all_of_them[INTERVALS_A_ROW:], theme),
    )


def interval_buttons(
    symbol: str, intervals: tuple[Interval, ...], theme: Theme, shown: Interval | None = None
) -> tuple[Button, ...]:
    """The one that is `shown` is marked."""
    return tuple(
        Button(
            T.of("markets.shown" if interval is shown else "markets.offered", name=print_interval(interval)),
            redraw(symbol, print_interval(interval), theme),
        )
        for interval in intervals
    )


def _card_buttons(chart: Chart) -> tuple[tuple[Button, ...], ...]:
    symbol, interval, theme = chart.symbol, print_interval(chart.interval), chart.theme
    return (
        interval_buttons(symbol, OFFERED, theme, chart.interval),
        (
            refresh(redraw(symbol, interval, theme)),
            Button(T(f"markets.theme_{theme.other}"), redraw(symbol, interval, theme.other)),
        ),
        deal_buttons(symbol),
        (Button(T.of("markets.alert"), f"alert:{symbol}"),),
    )


def _count_hidden(chart: Chart) -> int:
    prices = axis_for(chart.candles, chart.marks.lines)
    return sum(not prices.shows(line.price) for line in chart.marks.lines)


def _spoken(theme: Theme) -> str:
    """Nothing for the theme that is taken anyway."""
    return "" if theme is Theme.DARK else theme
