"""What can be seen in the picture of a chart: facts about its pixels, whatever the taste of the day."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageColor

from tests.clock import START
from tgbot.core.market import Candle, Interval
from tgbot.core.orders import Side
from tgbot.markets.charts.chart import Chart, Line, LineKind, Marks, Theme, Trade
from tgbot.markets.charts.drawing import TEXT, draw
from tgbot.markets.charts.frame import (
    FLOOR,
    HEIGHT,
    LABEL_HEIGHT,
    LEFT,
    PRICE_FLOOR,
    TAG_HEIGHT,
    TOP,
    VOLUME_TOP,
    WIDEST_SLOT,
    WIDTH,
    Frame,
    lay_out,
)
from tgbot.markets.charts.palette import PALETTES, Palette
from tgbot.markets.charts.pen import font_of

DARK, LIGHT = PALETTES[Theme.DARK], PALETTES[Theme.LIGHT]
Box = tuple[float, float, float, float]


def candle(
    place: int, opened: object, close: object, volume: object = 1, low: object = "", high: object = ""
) -> Candle:
    opened, close = Decimal(str(opened)), Decimal(str(close))
    low, high = Decimal(str(low or min(opened, close))), Decimal(str(high or max(opened, close)))
    return Candle(START + timedelta(hours=place), opened, high, low, close, Decimal(str(volume)))


def chart_of(*candles: Candle, **more: object) -> Chart:
    return Chart("BTC-USDT", Interval.HOUR_1, candles, **more)  # type: ignore[arg-type]  # the fields of Chart


def frame_of(chart: Chart) -> Frame:
    return lay_out(chart, font_of(TEXT).getlength)


def picture_of(chart: Chart) -> Image.Image:
    return Image.open(BytesIO(draw(chart))).convert("RGB")


def spots(picture: Image.Image, colour: str, box: Box) -> list[tuple[int, int]]:
    """Where within left, top, right, bottom this colour is, give or take what the palette rounds."""
    left, top, right, bottom = map(round, box)
    part = picture.crop((left, top, right, bottom))
    difference = ImageChops.difference(part, Image.new("RGB", part.size, colour))
    red, green, blue = difference.split()
    most = ImageChops.lighter(red, ImageChops.lighter(green, blue)).tobytes()
    return [(left + place % part.width, top + place // part.width) for place, off in enumerate(most) if off <= 10]


def columns(chart: Chart, picture: Image.Image, colour: str) -> set[int]:
    """Places, counted from the newest candle at 0, where candles have this colour."""
    frame = frame_of(chart)
    found = spots(picture, colour, (LEFT, TOP, frame.right, PRICE_FLOOR))
    return {int((frame.right - x) // frame.slot) for x, _ in found}


@pytest.mark.parametrize("theme", list(Theme))
def test_a_rising_candle_is_coloured_as_such_in_its_place_and_the_others_are_not(theme: Theme) -> None:
    falls = [candle(place, 110 - place, 109 - place) for place in range(10)]
    chart = chart_of(*falls[:6], candle(6, 100, 104), *falls[7:], theme=theme)
    picture, palette = picture_of(chart), PALETTES[theme]
    assert columns(chart, picture, palette.up) == {3}
    assert columns(chart, picture, palette.down) >= {0, 1, 2, 4, 5, 6, 7, 8, 9}


def test_a_body_reaches_from_open_to_close_and_a_wick_from_low_to_high() -> None:
    chart = chart_of(candle(0, 100, 120, low=90, high=130), candle(1, 95, 94))
    frame, picture = frame_of(chart), picture_of(chart)
    left, right = frame.right - 2 * frame.slot, frame.right - frame.slot
    green = Counter(y for _, y in spots(picture, DARK.up, (left, TOP, right, PRICE_FLOOR)))
    thin, thick = set(green), {y for y, across in green.items() if across > frame.slot / 2}
    assert extent(thick) == pytest.approx((frame.y(Decimal(120)), frame.y(Decimal(100))), abs=2)
    assert extent(thin) == pytest.approx((frame.y(Decimal(130)), frame.y(Decimal(90))), abs=2)


def extent(heights: set[int]) -> tuple[int, int]:
    return min(heights), max(heights)


def test_volume_stands_on_the_floor_as_high_as_its_share_of_the_most() -> None:
    chart = chart_of(candle(0, 1, 2, volume=100), candle(1, 2, 1, volume=50), candle(2, 1, 2, volume=0))
    frame, picture = frame_of(chart), picture_of(chart)
    whole = (LEFT, VOLUME_TOP, frame.right, FLOOR)
    assert extent({y for _, y in spots(picture, DARK.up_volume, whole)}) == (VOLUME_TOP, FLOOR - 1)
    assert extent({y for _, y in spots(picture, DARK.down_volume, whole)}) == ((VOLUME_TOP + FLOOR) / 2, FLOOR - 1)


@pytest.mark.parametrize("price", ["0.00000123", "5", "1093456789"])
def test_a_market_that_stood_still_is_a_stroke_in_the_middle(price: str) -> None:
    chart = chart_of(*(candle(place, price, price, volume=0) for place in range(30)))
    strokes = spots(picture_of(chart), DARK.up, (LEFT, TOP, frame_of(chart).right, PRICE_FLOOR))
    assert strokes
    assert all(abs(y - (TOP + PRICE_FLOOR) / 2) <= 2 for _, y in strokes)


def test_a_single_candle_stands_beside_its_price_no_wider_than_a_finger() -> None:
    chart = chart_of(candle(0, 100, 102))
    frame = frame_of(chart)
    middle = frame.y(Decimal(101))
    body = {x for x, _ in spots(picture_of(chart), DARK.up, (LEFT, middle - 5, frame.axis, middle + 5))}
    assert min(body) >= frame.right - WIDEST_SLOT
    assert len(body) == pytest.approx(WIDEST_SLOT * 0.7, abs=2)


def test_where_nothing_was_traded_there_is_a_gap() -> None:
    chart = chart_of(candle(0, 100, 105), candle(9, 104, 99))
    assert columns(chart, picture_of(chart), DARK.up) == {9}
    assert frame_of(chart).slots == 10


def test_what_waits_is_a_line_with_its_name_and_its_price() -> None:
    lines = tuple(Line(kind, Decimal(104 + 4 * index)) for index, kind in enumerate(LineKind))
    chart = chart_of(candle(0, 100, 120), candle(1, 120, 100), marks=Marks(lines))
    frame, picture = frame_of(chart), picture_of(chart)
    assert {label.line for label in frame.labels if label.line} == set(lines)
    assert {tag.kind for tag in frame.tags} == set(LineKind)
    for line in lines:
        y, colour = frame.y(line.price), DARK.lines[line.kind]
        dashes = {x for x, _ in spots(picture, colour, (LEFT, y - 1, frame.axis, y + 1))}
        assert len(dashes) == pytest.approx((frame.axis - LEFT) * 10 / 18, rel=0.2)
        assert spots(picture, colour, (frame.axis + 2, y - 12, WIDTH - 2, y + 12))


def test_an_arrow_points_up_at_a_purchase_and_down_at_a_sale() -> None:
    candles = [candle(place, 100, 110) for place in range(20)]
    bought = Trade(Side.BUY, Decimal(102), START + timedelta(hours=5, minutes=59))
    sold = Trade(Side.SELL, Decimal(108), START + timedelta(hours=12))
    chart = chart_of(*candles, marks=Marks(trades=(bought, sold)))
    frame, picture = frame_of(chart), picture_of(chart)
    for trade, way in ((bought, 1), (sold, -1)):
        x, y = frame.x(trade.at), frame.y(trade.price)
        inside = spots(picture, DARK.ink, (x - 2, min(y, y + way * 16), x + 2, max(y, y + way * 16)))
        assert len(inside) > 30
        assert (
            spots(picture, DARK.ink, (x - 2, min(y - way * 2, y - way * 20), x + 2, max(y - way * 2, y - way * 20)))
            == []
        )


def test_a_trade_of_which_no_candle_tells_yet_stands_at_the_newest() -> None:
    chart = chart_of(candle(0, 100, 110), candle(1, 110, 100))
    late, now = (Trade(Side.BUY, Decimal(105), START + timedelta(hours=hours)) for hours in (9, 1))
    assert draw(replace(chart, marks=Marks(trades=(late,)))) == draw(replace(chart, marks=Marks(trades=(now,))))


def test_trades_from_before_the_first_candle_are_left_out() -> None:
    chart = chart_of(candle(5, 100, 110), candle(6, 110, 100))
    old = Marks(trades=(Trade(Side.BUY, Decimal(105), START),))
    assert draw(replace(chart, marks=old)) == draw(chart)


def test_the_same_chart_gives_the_same_bytes_and_any_other_gives_others() -> None:
    chart = chart_of(*(candle(place, 100 + place % 7, 101 + place % 5) for place in range(30)))
    others = [
        replace(chart, symbol="ETH-USDT"),
        replace(chart, interval=Interval.HOUR_4),
        replace(chart, zone="Asia/Kolkata"),
        replace(chart, theme=Theme.LIGHT),
        replace(chart, marks=Marks((Line(LineKind.ALERT, Decimal(103)),))),
        replace(chart, candles=(*chart.candles[:-1], candle(29, 101, "102.5"))),
    ]
    drawn = [draw(each) for each in (chart, *others)]
    assert draw(chart) == drawn[0]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_what_is_written_can_be_read(palette: Palette) -> None:
    """Contrast as WCAG counts it: 4.5 for texts, 3 for shapes."""
    assert contrast(palette.ink, palette.background) >= 7
    for colour in (palette.up, palette.down, *palette.lines.values()):
        assert contrast(colour, palette.background) >= 3
        assert contrast(palette.on_colour, colour) >= 3


def test_every_picture_is_light_and_quickly_drawn() -> None:
    walk = [candle(i, 100 + i % 13, 100 + i % 11, 1 + i % 5, low=99, high=115 + i % 3) for i in range(200)]
    chart = chart_of(*walk)
    spent = []
    for _ in range(3):
        begun = time.process_time()
        picture = draw(chart)
        spent.append(time.process_time() - begun)
    assert min(spent) <= 0.15
    assert len(picture) <= 50_000


@st.composite
def charts(draw_value: st.DrawFn) -> Chart:
    """Prices of any size, gaps, markets that stand still, lines anywhere near."""
    scale = Decimal(10) ** draw_value(st.integers(-12, 12))
    places = draw_value(st.sets(st.integers(0, 199), min_size=1, max_size=40))
    numbers = st.integers(1, 10_000).map(lambda number: number * scale / 10_000)
    found = [_candle(place, draw_value(st.lists(numbers, min_size=4, max_size=4))) for place in sorted(places)]
    lines = draw_value(st.lists(st.builds(Line, st.sampled_from(list(LineKind)), numbers), max_size=12))
    moments = st.integers(0, 199 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
    trades = draw_value(st.lists(st.builds(Trade, st.sampled_from(list(Side)), numbers, moments), max_size=5))
    zone = draw_value(st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]))
    theme = draw_value(st.sampled_from(list(Theme)))
    return chart_of(*found, zone=zone, theme=theme, marks=Marks(tuple(lines), tuple(trades)))


def _candle(place: int, numbers: Sequence[Decimal]) -> Candle:
    low, opened, close, high = sorted(numbers)
    opened, close = (opened, close) if place % 2 else (close, opened)
    return replace(candle(place, opened, close, place % 3), low=low, high=high)


@settings(max_examples=25, deadline=None)
@given(charts())
def test_whatever_happened_the_picture_has_its_size_and_nothing_leaves_its_place(chart: Chart) -> None:
    picture, palette = picture_of(chart), PALETTES[chart.theme]
    assert picture.size == (WIDTH, HEIGHT)
    shapes = (palette.up, palette.down, palette.up_volume, palette.down_volume, *palette.lines.values())
    margins = [(0, 0, LEFT, HEIGHT), (0, 0, WIDTH, TOP - LABEL_HEIGHT), (0, FLOOR + 2, WIDTH, HEIGHT)]
    for colour in shapes:
        assert [spot for box in margins for spot in spots(picture, colour, box)] == []


@given(charts())
def test_labels_never_touch_and_never_leave_the_picture(chart: Chart) -> None:
    frame, length = frame_of(chart), font_of(TEXT).getlength
    for heights, least in (
        ([label.y for label in frame.labels], LABEL_HEIGHT),
        ([tag.y for tag in frame.tags], TAG_HEIGHT),
    ):
        assert all(abs(one - other) >= least for one, other in combinations(heights, 2))
        assert all(TOP <= height <= PRICE_FLOOR for height in heights)
    assert all(frame.axis + length(label.text) <= WIDTH for label in frame.labels)
    spans = [(x - length(text) / 2, x + length(text) / 2) for x, text in frame.time_labels]
    assert all(left >= 0 and right <= WIDTH for left, right in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert frame.axis >= WIDTH / 2


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(colour: str) -> Iterator[float]:
    for part in ImageColor.getrgb(colour)[:3]:
        share = part / 255
        yield share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4
