"""Cards beside each other under what called them forth."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw

from tests.flows.gallery.shown import GALLERY
from tgbot.markets.charts.pen import font_of

Card = tuple[str, Image.Image]

COLUMNS = 4
GAP = 16
CAPTION = 26
CARD = 376  # the width of a sheet's column; wide enough for what a phone shows of a message
COLOURS = 32
TABLE, INK, TOAST = "#dfe6ee", "#2b3a4a", "#3a3f4a"
LINE = 40  # characters of a caption or a toast


def contact_sheet(cards: Sequence[Card]) -> Image.Image:
    """In columns of about the same height, read downwards."""
    blocks = [_captioned(caption, picture) for caption, picture in cards]
    total = sum(block.height + GAP for block in blocks)
    columns: list[list[Image.Image]] = [[]]
    height = 0
    for block in blocks:
        if height > total / COLUMNS and len(columns) < COLUMNS:
            columns.append([])
            height = 0
        columns[-1].append(block)
        height += block.height + GAP
    tallest = max(sum(block.height + GAP for block in column) for column in columns)
    sheet = Image.new("RGB", (len(columns) * (CARD + GAP) + GAP, tallest + GAP), TABLE)
    for number, column in enumerate(columns):
        top = GAP
        for block in column:
            sheet.paste(block, (GAP + number * (CARD + GAP), top))
            top += block.height + GAP
    return sheet


def toast(words: str) -> Image.Image:
    """What Telegram shows over the chat for a moment."""
    lines = wrap(words, LINE)
    picture = Image.new("RGB", (CARD, 20 * len(lines) + 20), TOAST)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((14, 10 + 20 * number), line, "#ffffff", font_of(14))
    return picture


def save(name: str, picture: Image.Image) -> None:
    GALLERY.mkdir(exist_ok=True)
    file = GALLERY / f"{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    shown = file.relative_to(Path.cwd())
    print(f"{shown}: {picture.width}x{picture.height}, {file.stat().st_size // 1024} kB")  # noqa: T201 - a script


def _captioned(caption: str, picture: Image.Image) -> Image.Image:
    words = "".join(sign for sign in caption if ord(sign) < 0x2300)  # the font has no pictograms
    if len(words) > LINE:
        words = f"{words[: LINE - 1]}…"
    block = Image.new("RGB", (CARD, picture.height + CAPTION), TABLE)
    ImageDraw.Draw(block).text((0, 4), words, INK, font_of(14))
    block.paste(picture.crop((0, 0, min(CARD, picture.width), picture.height)), (0, CAPTION))
    return block
