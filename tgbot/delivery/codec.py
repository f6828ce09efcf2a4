"""A reply as JSON text and back, without loss, so that it can wait in the outbox. Its picture and its card stay
beside the text.

Text, whole numbers and lists stand for themselves; everything else is an object of one member, `{kind: content}`.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tgbot.core.errors import Malformed
from tgbot.core.reply import Button, Code, Percent, Reply, T, Table

_MICROSECOND = timedelta(microseconds=1)

_PACK: dict[type, tuple[str, Callable[[Any], object]]] = {
    Decimal: ("decimal", str),
    datetime: ("moment", datetime.isoformat),
    timedelta: ("span", lambda span: span // _MICROSECOND),
    Percent: ("percent", lambda percent: [percent.value, percent.signed, percent.places]),
    Code: ("code", lambda code: code.text),
    T: ("text", lambda text: [text.key, list(text.values.items())]),
    Table: ("table", lambda table: table.rows),
    Button: ("button", lambda button: [button.label, button.data, button.url]),
    Reply: (
        "reply",
        lambda reply: [
            reply.lines,
            reply.buttons,
            reply.is_silent,
            reply.is_new,
            reply.brief,
            reply.only_for,
            reply.asked_by,
        ],
    ),
}

_UNPACK: dict[str, Callable[[Any], object]] = {
    "decimal": Decimal,
    "moment": datetime.fromisoformat,
    "span": lambda microseconds: timedelta(microseconds=microseconds),
    "percent": lambda fields: Percent(*fields),
    "code": Code,
    "text": lambda fields: T(fields[0], dict(fields[1])),
    "table": lambda rows: Table(_tuples(rows)),
    "button": lambda fields: Button(*fields),
    "reply": lambda fields: _reply(*fields),
}


def encode(reply: Reply) -> str:
    return json.dumps(reply, default=_pack, ensure_ascii=False, separators=(",", ":"))


def decode(text: str, picture: bytes | None = None) -> Reply:
    """Raises `Malformed` for what `encode` has not written."""
    try:
        reply = json.loads(text, object_hook=_unpack)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise Malformed("unreadable payload") from error
    if not isinstance(reply, Reply):
        raise Malformed("unreadable payload")
    return replace(reply, picture=picture)


def _pack(value: object) -> dict[str, object]:
    kind, pack = _PACK[type(value)]
    return {kind: pack(value)}


def _unpack(document: dict[str, object]) -> object:
    ((kind, content),) = document.items()
    return _UNPACK[kind](content)


def _reply(
    lines: list[Any],
    buttons: list[list[Any]],
    is_silent: bool,
    is_new: bool,
    brief: T | None = None,
    only_for: int | None = None,
    asked_by: int | None = None,
) -> Reply:
    """What an earlier release has written lacks the last of them."""
    return Reply(tuple(lines), _tuples(buttons), is_silent, is_new, brief=brief, only_for=only_for, asked_by=asked_by)


def _tuples(rows: list[list[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in rows)
