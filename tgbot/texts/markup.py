"""Telegram's HTML: what people and exchanges wrote can never become markup or play tricks on the eye."""

import html
import re
import unicodedata
from dataclasses import replace

from tgbot.core.reply import Rendered

LONGEST_VALUE = 300
_TAG = re.compile(r"</?[a-z][^<>]*>")


def clean(text: str) -> str:
    """On one line, without control, bidirectional and zero-width characters, at most `LONGEST_VALUE` characters."""
    visible = "".join(_visible(character) for character in text)
    return visible if len(visible) <= LONGEST_VALUE else visible[: LONGEST_VALUE - 1] + "…"


def escape(text: str) -> str:
    """`text` as a value within HTML."""
    return html.escape(clean(text), quote=False)


def strip_tags(markup: str) -> str:
    """What a reader sees of `markup`, in which every value has been escaped."""
    return html.unescape(_TAG.sub("", markup))


def without_markup(rendered: Rendered) -> Rendered:
    """The same words and buttons with nothing in them that a parser could refuse."""
    return replace(rendered, html=html.escape(rendered.plain, quote=False))


def _visible(character: str) -> str:
    if character in "\t\n\r\v\f\u0085\u2028\u2029":
        return " "
    # Cc controls, Cf formats (bidirectional, zero-width, soft hyphen, tags), Cs lone halves of UTF-16.
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs"} else character
