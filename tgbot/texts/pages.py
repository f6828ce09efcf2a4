"""Messages longer than Telegram takes, cut so that every part is whole by itself. Pure."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tgbot.core.reply import Rendered
from tgbot.texts.markup import strip_tags

# Telegram counts UTF-16 units of what a reader sees, and passes over the markup of what comes after so many tags.
LONGEST = 4096
MOST_TAGS = 100
_PIECE = re.compile(r"</?[a-z][^<>]*>|&[^;\s]+;|\n|[^<&\n]|[<&]")


def split(rendered: Rendered, longest: int = LONGEST) -> Sequence[Rendered]:
    """Parts of at most `longest` units, cut at ends of lines where there are any, with the buttons beneath the last.
    The same text is always cut in the same places. What fits, and what stands beneath a picture, stays as it is."""
    if rendered.picture is not None or _fits(rendered, longest):
        return [rendered]
    pages = [page for page in _pages(rendered.html, longest) if strip_tags(page).strip()]
    parts = [Rendered(page, strip_tags(page)) for page in pages]
    return [*parts[:-1], replace(parts[-1], buttons=rendered.buttons)]


def shortened(rendered: Rendered, remark: str) -> Rendered:
    """The beginning, and `remark` (HTML) as its last line, where the whole is too long for one message."""
    parts = split(rendered)
    if len(parts) == 1:
        return rendered
    beginning = split(rendered, LONGEST - _units(strip_tags(remark)) - 1)[0]
    cut = f"{beginning.html}\n{remark}"
    return Rendered(cut, strip_tags(cut), rendered.buttons)


def _fits(rendered: Rendered, longest: int) -> bool:
    return _units(rendered.plain) <= longest and rendered.html.count("<") <= 2 * MOST_TAGS


@dataclass(frozen=True, slots=True)
class _Piece:
    """A tag, an end of line, or one character as it is written in HTML."""

    text: str

    @property
    def is_tag(self) -> bool:
        return len(self.text) > 1 and self.text.startswith("<")

    @property
    def units(self) -> int:
        return 0 if self.is_tag else _units(html.unescape(self.text))


class _Page:
    def __init__(self, open_tags: list[str]) -> None:
        self._open = open_tags
        self._text = list(open_tags)
        self.units = 0
        self.tags = len(open_tags)

    def add(self, piece: _Piece) -> None:
        self._text.append(piece.text)
        self.units += piece.units
        if piece.text.startswith("</"):
            self._open.pop()
        elif piece.is_tag:
            self._open.append(piece.text)
            self.tags += 1

    def close(self) -> tuple[str, list[str]]:
        """Its HTML, and the tags with which the next one has to begin."""
        ends = (re.sub(r"<([a-z-]+).*", r"</\1>", tag) for tag in reversed(self._open))
        return "".join((*self._text, *ends)), list(self._open)


def _pages(source: str, longest: int) -> Iterator[str]:
    page = _Page([])
    for line in _lines(source):
        units, tags = sum(piece.units for piece in line), sum(piece.is_tag for piece in line)
        if page.units and (page.units + 1 + units > longest or page.tags + tags > MOST_TAGS):
            text, open_tags = page.close()
            yield text
            page = _Page(open_tags)
        elif page.units:
            page.add(_Piece("\n"))
        for piece in line:
            if page.units + piece.units > longest:
                text, open_tags = page.close()
                yield text
                page = _Page(open_tags)
            page.add(piece)
    yield page.close()[0]


def _lines(source: str) -> Iterator[list[_Piece]]:
    line: list[_Piece] = []
    for match in _PIECE.finditer(source):
        if match[0] == "\n":
            yield line
            line = []
        else:
            line.append(_Piece(match[0]))
    yield line


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
