"""Shapes and texts on one picture. Shapes are drawn at twice the size and averaged down, so that thin things look the
same wherever they fall; texts come afterwards, at their size."""

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SCALE = 2
COLOURS = 256  # with an index of one byte a picture takes a third
FONT = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"


class Pen:
    """Takes pixels of the finished picture. First all shapes, then `finish_shapes`, then boxes and texts upon them."""

    def __init__(self, width: int, height: int, background: str) -> None:
        self._scale = SCALE
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), background)
        self._draw = ImageDraw.Draw(self._image)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """However thin, it is there."""
        x, y = round(left * self._scale), round(top * self._scale)
        end = max(x, round(right * self._scale) - 1), max(y, round(bottom * self._scale) - 1)
        self._draw.rectangle((x, y, *end), colour)

    def upright(self, x: float, top: float, bottom: float, colour: str) -> None:
        """A line one pixel wide, on whole pixels: halves on two of them would be pale."""
        self.box(int(x), top, int(x) + 1, bottom, colour)

    def level(self, y: float, left: float, right: float, colour: str, height: int = 1) -> None:
        self.box(left, int(y), right, int(y) + height, colour)

    def triangle(self, tip: tuple[float, float], height: float, colour: str) -> None:
        """Below its tip, or above it where `height` is negative."""
        x, y = tip
        half = abs(height) * 0.7
        corners = ((x, y), (x - half, y + height), (x + half, y + height))
        self._draw.polygon([(round(x * self._scale), round(y * self._scale)) for x, y in corners], colour)

    def finish_shapes(self) -> None:
        self._image = self._image.reduce(SCALE)
        self._draw = ImageDraw.Draw(self._image)
        self._scale = 1

    def text(self, x: float, y: float, text: str, size: int, colour: str, anchor: str) -> None:
        """`anchor` is Pillow's: `lm` left and middle, `mm`, `rm`."""
        self._draw.text((x, y), text, colour, font_of(size), anchor)

    def png(self) -> bytes:
        file = BytesIO()
        self._image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
        return file.getvalue()


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The font that travels with us: machines differ in theirs. It knows no Chinese, Hindi or Thai."""
    return ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)
