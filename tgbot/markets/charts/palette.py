"""Colours. Up and down differ in brightness too, for those who do not see the difference between red and green."""

from dataclasses import dataclass

from tgbot.markets.charts.chart import LineKind, Theme


@dataclass(frozen=True, slots=True)
class Palette:
    background: str
    grid: str
    ink: str
    on_colour: str
    up: str
    down: str
    up_volume: str
    down_volume: str
    lines: dict[LineKind, str]


PALETTES = {
    Theme.DARK: Palette(
        background="#11161f",
        grid="#262f3d",
        ink="#c6cfdd",
        on_colour="#0b0e14",
        up="#2fc9a0",
        down="#f0525f",
        up_volume="#1c5a50",
        down_volume="#682f3a",
        lines={
            LineKind.LIQUIDATION: "#e879f9",
            LineKind.BUY: "#7dd3fc",
            LineKind.SELL: "#fdba74",
            LineKind.ALERT: "#facc15",
        },
    ),
    Theme.LIGHT: Palette(
        background="#ffffff",
        grid="#dfe4eb",
        ink="#2b3442",
        on_colour="#ffffff",
        up="#0a9a78",
        down="#d92d3f",
        up_volume="#a9dccf",
        down_volume="#f3b8be",
        lines={
            LineKind.LIQUIDATION: "#a21caf",
            LineKind.BUY: "#0369a1",
            LineKind.SELL: "#c2570c",
            LineKind.ALERT: "#a16207",
        },
    ),
}
