"""What never reaches the disk: the texts of a key entry, and anything that looks like a key, wherever it is pasted.

Entry is recognised as the updates arrive, not as they are handled: a person may send `/connect` and all three secrets
before the first of them is handled.
"""

import re
from collections.abc import Mapping
from typing import Any

from tgbot.core.routing import Tombstone

RawUpdate = Mapping[str, Any]


# A KuCoin API key is 24 hex digits, its secret a UUID.
_KEY_LIKE = re.compile(
    r"(?<![0-9a-z])([0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])", re.IGNORECASE
)
REDACTED = "[redacted]"
_COMMAND = re.compile(r"/([A-Za-z0-9_]+)")
_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post", "business_message")
_KEPT = ("message_id", "date", "edit_date", "chat", "from", "sender_chat", "message_thread_id", "forward_origin")


class Redaction:
    """Knows who is entering keys right now, and holds each secret in memory until its handler takes it."""

    def __init__(self) -> None:
        self._entering: set[int] = set()
        self._texts: dict[int, str] = {}

    def __call__(self, raw: RawUpdate) -> RawUpdate:
        """The update as it may be stored: itself, or a tombstone that says why its text is gone."""
        self._notice_entry(raw)
        name = next((name for name in _MESSAGES if name in raw), None)
        if name is None:
            return raw
        message = raw[name]
        text = message.get("text") or message.get("caption") or ""
        if reason := self._reason(message, text, is_edit=name.startswith("edited")):
            if reason is Tombstone.ENTRY:
                self._texts[raw["update_id"]] = text
            return _tombstone(raw, name, reason)
        return {**raw, name: _without_quotes(message)}

    def take(self, update_id: int) -> str | None:
        """The text behind a tombstone, once; `None` after a restart."""
        return self._texts.pop(update_id, None)

    def begin(self, person_id: int) -> None:
        self._entering.add(person_id)

    def end(self, person_id: int) -> None:
        self._entering.discard(person_id)

    def _notice_entry(self, raw: RawUpdate) -> None:
        message, press = raw.get("message"), raw.get("callback_query")
        if message and _is_private(message) and _command(message) == "connect":
            self.begin(message["from"]["id"])
        elif press and str(press.get("data", "")).partition(":")[0] == "connect":
            self.begin(press["from"]["id"])

    def _reason(self, message: RawUpdate, text: str, *, is_edit: bool) -> Tombstone | None:
        sender = message.get("from", {}).get("id")
        if sender in self._entering and _is_private(message) and not _command(message):
            return Tombstone.ENTRY
        if _KEY_LIKE.search(text):
            return Tombstone.LEAK
        return Tombstone.EDITED if is_edit else None


def _tombstone(raw: RawUpdate, name: str, reason: Tombstone) -> RawUpdate:
    message = {field: value for field, value in raw[name].items() if field in _KEPT} | {"text": REDACTED}
    return {"update_id": raw["update_id"], "tombstone": reason, name: message}


def _without_quotes(message: RawUpdate) -> RawUpdate:
    """A reply carries the message it answers, which may have been a secret."""
    return {field: value for field, value in message.items() if field not in {"reply_to_message", "quote"}}


def _is_private(message: RawUpdate) -> bool:
    return bool(message["chat"]["type"] == "private")


def _command(message: RawUpdate) -> str:
    found = _COMMAND.match(str(message.get("text", "")))
    return found[1].lower() if found else ""
