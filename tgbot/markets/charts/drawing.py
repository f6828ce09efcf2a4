"""A chart as a PNG. It holds numbers and dates; what has to be said in words stands beneath it."""

from tgbot.core.market import Candle
from tgbot.core.money import ZERO
from tgbot.core.orders import Side
from tgbot.core.periods import print_period
from tgbot.markets.charts.chart import Chart, Trade
from tgbot.markets.charts.frame import (
    FLOOR,
    HEIGHT,
    LABEL_HEIGHT,
    LEFT,
    MARGIN,
    TAG_HEIGHT,
    TOP,
    VOLUME_TOP,
    WIDTH,
    Frame,
    Label,
    Tag,
    lay_out,
)
from tgbot.markets.charts.palette import PALETTES, Palette
from tgbot.markets.charts.pen import Pen, font_of

BODY = 0.7  # of a candle's place
DASH, PAUSE = 10, 8
ARROW = 18
TITLE, TEXT, TAG = 42, 36, 30


def draw(chart: Chart) -> bytes:
    """The same chart gives the same bytes. Takes too long for an event loop."""
    frame, palette = lay_out(chart, font_of(TEXT).getlength), PALETTES[chart.theme]
    pen = Pen(WIDTH, HEIGHT, palette.background)
    _draw_grid(pen, frame, palette)
    _draw_candles(pen, chart, frame, palette)
    _draw_marks(pen, chart, frame, palette)
    pen.finish_shapes()
    _write(pen, chart, frame, palette)
    return pen.png()


def _draw_grid(pen: Pen, frame: Frame, palette: Palette) -> None:
    for price in frame.round_prices:
        pen.level(frame.y(price), LEFT, frame.axis, palette.grid)
    for x, _ in frame.time_labels:
        pen.upright(x, TOP, FLOOR, palette.grid)
    pen.level(FLOOR, LEFT, frame.axis, palette.grid)


def _draw_candles(pen: Pen, chart: Chart, frame: Frame, palette: Palette) -> None:
    most = max(candle.volume for candle in chart.candles)
    half = max(frame.slot * BODY, 1) / 2
    for candle in chart.candles:
        x, is_up = frame.x(candle.at), candle.close >= candle.open
        if candle.volume > ZERO:
            height = float(candle.volume / most) * (FLOOR - VOLUME_TOP)
            pen.box(x - half, FLOOR - height, x + half, FLOOR, palette.up_volume if is_up else palette.down_volume)
        colour = _colour(candle, palette)
        pen.upright(x, frame.y(candle.high), frame.y(candle.low), colour)
        top, bottom = frame.y(max(candle.open, candle.close)), frame.y(min(candle.open, candle.close))
        pen.box(x - half, top, x + half, max(bottom, top + 1), colour)


def _draw_marks(pen: Pen, chart: Chart, frame: Frame, palette: Palette) -> None:
    for line in frame.lines:
        _draw_dashes(pen, frame.y(line.price), frame, palette.lines[line.kind])
    last = chart.candles[-1]
    _draw_dashes(pen, frame.y(last.close), frame, _colour(last, palette))
    for trade in chart.marks.trades:
        if trade.at >= frame.start and frame.prices.shows(trade.price):
            _draw_trade(pen, trade, frame, palette)


def _draw_dashes(pen: Pen, y: float, frame: Frame, colour: str) -> None:
    for x in range(LEFT, round(frame.axis), DASH + PAUSE):
        pen.level(y - 1, x, min(x + DASH, frame.axis), colour, height=2)


def _draw_trade(pen: Pen, trade: Trade, frame: Frame, palette: Palette) -> None:
    """An arrow whose tip is at the price: from below for a purchase, from above for a sale. It has an edge, for it
    mostly lies upon candles of its own colour."""
    x, y = frame.x(trade.at), frame.y(trade.price)
    way = 1 if trade.side is Side.BUY else -1
    pen.triangle((x, y - way * 4), way * (ARROW + 8), palette.background)
    pen.triangle((x, y), way * ARROW, palette.ink)


def _write(pen: Pen, chart: Chart, frame: Frame, palette: Palette) -> None:
    pen.text(LEFT, TOP / 2, f"{chart.symbol}  {print_period(chart.interval.length)}", TITLE, palette.ink, "lm")
    for x, text in frame.time_labels:
        pen.text(x, (FLOOR + HEIGHT) / 2, text, TEXT, palette.ink, "mm")
    for label in frame.labels:
        _write_price(pen, label, chart, frame, palette)
    for tag in frame.tags:
        _write_tag(pen, tag, palette)


def _write_price(pen: Pen, label: Label, chart: Chart, frame: Frame, palette: Palette) -> None:
    ink = palette.ink
    if not label.is_round:
        ink = palette.on_colour
        colour = palette.lines[label.line.kind] if label.line else _colour(chart.candles[-1], palette)
        pen.box(frame.axis, label.y - LABEL_HEIGHT / 2, WIDTH, label.y + LABEL_HEIGHT / 2, colour)
    pen.text(frame.axis + MARGIN, label.y, label.text, TEXT, ink, "lm")


def _write_tag(pen: Pen, tag: Tag, palette: Palette) -> None:
    width = font_of(TAG).getlength(tag.kind) + MARGIN
    pen.box(LEFT, tag.y - TAG_HEIGHT / 2, LEFT + width, tag.y + TAG_HEIGHT / 2, palette.lines[tag.kind])
    pen.text(LEFT + width / 2, tag.y, tag.kind, TAG, palette.on_colour, "mm")


def _colour(candle: Candle, palette: Palette) -> str:
    return palette.up if candle.close >= candle.open else palette.down
