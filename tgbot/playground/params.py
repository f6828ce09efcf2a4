"""What a request carries, whichever way it was sent: query, form, multipart or JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tgbot.playground.errors import bad_request

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
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_request(f"invalid {name} specified")
        return value

    def flag(self, name: str) -> bool:
        return self.values.get(name) in {True, "True"}

    def listed(self, name: str) -> list[Any]:
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name} JSON object")
        return value

    def fields(self, name: str) -> dict[str, Any]:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise bad_request(f"can't parse {name} JSON object")
        return value


def _read(name: str, value: object) -> object:
    if name in _PLAIN or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
