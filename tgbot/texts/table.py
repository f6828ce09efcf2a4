"""Rows in fixed width that fit a phone held upright."""

import unicodedata
from collections.abc import Sequence

WIDEST = 34
NARROWEST_FIRST = 6
GAP = 1


def lay_out(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of at most `WIDEST` columns: the first column left-aligned, the others right-aligned.

    What does not fit is never cut, save the first column: rows too wide are stacked, a cell longer than a line is
    wrapped. A row without cells is left out.
    """
    rows = [row for row in rows if row]
    if not rows:
        return []
    widths = [max(width(row[place]) for row in rows if place < len(row)) for place in range(max(map(len, rows)))]
    others = sum(GAP + other for other in widths[1:])
    room = WIDEST - others
    if room < min(widths[0], NARROWEST_FIRST):
        return [line for row in rows for line in _stacked(row)]
    widths[0] = min(widths[0], room)
    return [_line(row, widths) for row in rows]


def width(text: str) -> int:
    """Columns on the screen: East Asian characters and emoji are two wide, combining marks none."""
    return sum(_columns(character) for character in text)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = _cut(row[0], widths[0])
    cells = [first + " " * (widths[0] - width(first))]
    cells += [" " * (column - width(cell)) + cell for cell, column in zip(row[1:], widths[1:], strict=False)]
    return (" " * GAP).join(cells).rstrip()


def _stacked(row: Sequence[str]) -> list[str]:
    lines = _wrapped(row[0])
    for cell in row[1:]:
        lines += [" " * (WIDEST - width(part)) + part for part in _wrapped(cell)]
    return lines


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for character in text:
        if width(lines[-1] + character) > WIDEST:
            lines.append("")
        lines[-1] += character
    return lines


def _cut(text: str, columns: int) -> str:
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + "…"


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
