"""What a request carries, whichever way it was sent: query, form, multipart or JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tgbot.playground.errors import ApiError, bad_request

_PLAIN = frozenset(
    [
        "text",
        "caption",
        "parse_mode",
        "callback_query_id",
        "inline_query_id",
        "file_id",
        "url",
        "secret_token",
        "name",
        "description",
        "short_description",
        "language_code",
        "photo",
        "document",
        "action",
        "start_parameter",
    ]
)

_SHAPES = {
    "commands": ("commands", "expected an Array of BotCommand"),
    "ephemeral_message_parameters": (
        "ephemeral message parameters",
        "can't parse ephemeral message parameters: expected an Object",
    ),
    "media": ("input media", "can't parse InputMedia: expected an Object"),
    "menu_button": ("menu button", "can't parse menu button: MenuButton must be an Object"),
    "message_ids": ("message_ids", "expected an Array of message identifiers"),
    "reaction": ("reaction types", "expected an Array of ReactionType"),
    "reply_markup": ("reply keyboard markup", "object expected as reply markup"),
    "reply_parameters": ("reply parameters", "object expected as reply parameters"),
    "results": ("inline query results", "expected an Array of inline query results"),
    "scope": ("BotCommandScope", "can't parse BotCommandScope: BotCommandScope must be an Object"),
}
"""How Telegram calls a parameter that is no JSON, and what it says of JSON of the wrong kind."""


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes


class Params:
    """`values` holds numbers, booleans, lists and objects as such, also where a form carried them as text."""

    def __init__(self, values: Mapping[str, object], files: Mapping[str, Upload] | None = None) -> None:
        self.values: dict[str, Any] = {name: _read(name, value) for name, value in values.items() if value is not None}
        self.files = dict(files or {})

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """Empty when it is not there."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int = 0) -> int:
        """What is no whole number counts as 0, as with Telegram."""
        value = self.values.get(name, default)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def flag(self, name: str) -> bool:
        return self.values.get(name) in {True, "True"}

    def listed(self, name: str) -> list[Any]:
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise _unreadable(name, value)
        return value

    def fields(self, name: str) -> dict[str, Any]:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise _unreadable(name, value)
        return value


def _unreadable(name: str, value: object) -> ApiError:
    called, expected = _SHAPES.get(name, (name, f"can't parse {name} JSON object"))
    return bad_request(f"can't parse {called} JSON object" if isinstance(value, str) else expected)


def _read(name: str, value: object) -> object:
    if name in _PLAIN or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
