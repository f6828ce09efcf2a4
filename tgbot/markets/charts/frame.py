"""Where everything lies in the picture, in pixels from the top left. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from tgbot.markets.charts.chart import Chart, Line, LineKind
from tgbot.markets.charts.price_axis import PriceAxis, axis_for, written
from tgbot.markets.charts.time_axis import label_times

WIDTH, HEIGHT = 1080, 900
LEFT = 12
TOP, PRICE_FLOOR = 84, 682
VOLUME_TOP, FLOOR = 698, 830
WIDEST_SLOT = 48
GAP = 14  # between the newest candle and the price axis: room for half an arrow
MARGIN = 12  # on both sides of a price label
LABEL_HEIGHT, TAG_HEIGHT = 50, 40
MOST_STEPS = 7

Width = Callable[[str], float]
Placed = TypeVar("Placed", "Label", "Tag")


@dataclass(frozen=True, slots=True)
class Label:
    """Of one price on the axis: of a `line`, of the last price, or of a round price."""

    y: float
    text: str
    line: Line | None = None
    is_last: bool = False

    @property
    def is_round(self) -> bool:
        return self.line is None and not self.is_last


@dataclass(frozen=True, slots=True)
class Tag:
    """What a line is, at its left end."""

    y: float
    kind: LineKind


@dataclass(frozen=True, slots=True)
class Frame:
    """`right` is where the newest candle ends, `axis` where the prices begin. Neither labels nor tags touch each other;
    every line and round price is drawn all the same."""

    prices: PriceAxis
    round_prices: tuple[Decimal, ...]
    lines: tuple[Line, ...]
    axis: float
    right: float
    slot: float
    start: datetime
    length: timedelta
    slots: int
    labels: tuple[Label, ...]
    tags: tuple[Tag, ...]
    time_labels: tuple[tuple[float, str], ...]

    def x(self, at: datetime) -> float:
        """The middle of the candle in which `at` falls; what is later belongs to the newest one."""
        place = min((at - self.start) // self.length, self.slots - 1)
        return _middle(self.right, self.slot, self.slots - place)

    def y(self, price: Decimal) -> float:
        return _height(self.prices, price)


def lay_out(chart: Chart, width: Width) -> Frame:
    """`width` measures a text of the axes."""
    prices = axis_for(chart.candles, chart.marks.lines)
    round_prices = prices.steps(MOST_STEPS)
    lines = _by_importance(line for line in chart.marks.lines if prices.shows(line.price))
    labels = _price_labels(chart, prices, round_prices, lines)
    tags = _apart((Tag(_height(prices, line.price), line.kind) for line in lines), TAG_HEIGHT)
    axis = WIDTH - max(width(label.text) for label in labels) - 2 * MARGIN
    right = axis - GAP
    start, length = chart.candles[0].at, chart.interval.length
    slots = (chart.candles[-1].at - start) // length + 1
    slot = min((right - LEFT) / slots, WIDEST_SLOT)
    times = [(start + length * place).astimezone(ZoneInfo(chart.zone)) for place in range(slots)]
    named = [
        (_middle(right, slot, slots - place), text) for place, text in label_times(times, slot, width, chart.language)
    ]
    return Frame(
        prices=prices,
        round_prices=round_prices,
        lines=lines,
        axis=axis,
        right=right,
        slot=slot,
        start=start,
        length=length,
        slots=slots,
        labels=labels,
        tags=tags,
        time_labels=tuple((x, text) for x, text in named if _is_inside(x, width(text))),
    )


def _by_importance(lines: Iterable[Line]) -> tuple[Line, ...]:
    order = list(LineKind)
    return tuple(sorted(lines, key=lambda line: order.index(line.kind)))


def _price_labels(
    chart: Chart, prices: PriceAxis, round_prices: Sequence[Decimal], lines: Sequence[Line]
) -> tuple[Label, ...]:
    """Those that fit, the most important first: the last price, lines, round prices."""
    last = chart.candles[-1].close
    step = round_prices[1] - round_prices[0] if len(round_prices) > 1 else None
    wanted = [
        Label(_height(prices, last), written(last, chart.language), is_last=True),
        *(Label(_height(prices, line.price), written(line.price, chart.language), line) for line in lines),
        *(Label(_height(prices, price), written(price, chart.language, step)) for price in round_prices),
    ]
    return _apart(wanted, LABEL_HEIGHT)


def _apart(things: Iterable[Placed], height: float) -> tuple[Placed, ...]:
    """Without what would overlap something before it."""
    kept: list[Placed] = []
    for thing in things:
        if all(abs(thing.y - other.y) >= height for other in kept):
            kept.append(thing)
    return tuple(kept)


def _is_inside(middle: float, width: float) -> bool:
    return LEFT <= middle - width / 2 <= WIDTH - LEFT - width


def _height(prices: PriceAxis, price: Decimal) -> float:
    return TOP + float(prices.share(price)) * (PRICE_FLOOR - TOP)


def _middle(right: float, slot: float, places_left: int) -> float:
    """Of the candle that has so many places up to the axis, its own included."""
    return right - (places_left - 0.5) * slot
