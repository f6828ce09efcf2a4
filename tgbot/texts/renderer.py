"""Keys and values become words in the reader's language."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from html import escape as escape_html

import structlog

from tgbot.core.reply import Button, Code, Rendered, RenderedButton, Reply, T, Table, Value
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.markup import clean, escape, strip_tags
from tgbot.texts.notation import Reader, written
from tgbot.texts.table import lay_out

log = structlog.get_logger()

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UNITS = ((86_400, "common.days"), (3_600, "common.hours"), (60, "common.minutes"), (1, "common.seconds"))


class Renderer:
    """Never raises for a text that is missing or lacks a value: the key or the placeholder is shown and logged."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def render(self, reply: Reply, reader: Reader) -> Rendered:
        html = "\n".join(self._line(line, reader) for line in reply.lines)
        buttons = tuple(tuple(self._button(button, reader) for button in row) for row in reply.buttons)
        return Rendered(html, strip_tags(html), buttons, reply.picture)

    def text(self, text: T, reader: Reader) -> str:
        """As Telegram's HTML."""
        found = self._catalogue.find(reader.language, text.key)
        if found is None:
            log.error("text_missing", key=text.key, language=reader.language)
            return escape(text.key)
        return self._fill(text, found.form(_count(text.values)), reader)

    def plain(self, text: T, reader: Reader) -> str:
        """Without markup, for labels and toasts."""
        return strip_tags(self.text(text, reader))

    def _line(self, line: T | Table, reader: Reader) -> str:
        return self._table(line, reader) if isinstance(line, Table) else self.text(line, reader)

    def _fill(self, text: T, template: str, reader: Reader) -> str:
        def value_of(match: re.Match[str]) -> str:
            name = match[1]
            if name in text.values:
                return self._value(text.values[name], reader)
            log.error("text_value_missing", key=text.key, name=name)
            return match[0]

        return _PLACEHOLDER.sub(value_of, template)

    def _value(self, value: Value, reader: Reader) -> str:
        match value:
            case T():
                return self.text(value, reader)
            case Code():
                return f"<code>{escape(value.text)}</code>"
            case timedelta():
                return self._duration(value, reader)
            case _:
                return escape(written(value, reader))

    def _duration(self, value: timedelta, reader: Reader) -> str:
        """The two largest units that are not zero: `45 s`, `1 h 30 min`."""
        rest = round(abs(value).total_seconds())
        parts: list[T] = []
        for seconds, key in _UNITS:
            amount, rest = divmod(rest, seconds)
            if amount:
                parts.append(T.of(key, amount=amount))
        return " ".join(self.text(part, reader) for part in parts[:2] or [T.of("common.seconds", amount=0)])

    def _table(self, table: Table, reader: Reader) -> str:
        rows = [[clean(strip_tags(self._value(cell, reader))) for cell in row] for row in table.rows]
        lines = "\n".join(lay_out(rows))
        return f"<pre>{escape_html(lines, quote=False)}</pre>"

    def _button(self, button: Button, reader: Reader) -> RenderedButton:
        return RenderedButton(self.plain(button.label, reader), button.data, button.url)


def _count(values: Mapping[str, Value]) -> int | None:
    count = values.get("count")
    return int(count) if isinstance(count, int | Decimal) else None
