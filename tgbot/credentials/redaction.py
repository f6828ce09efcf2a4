"""What never reaches the disk: the texts of a key entry, and anything that looks like a key, wherever it is pasted.

Entry is recognised as the updates arrive, not as they are handled: a person may send `/connect` and all three secrets
before the first of them is handled. It outlives the question in the dialogue: until somebody has told the person that
their time is over, their next text is still a secret.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tgbot.core.routing import Tombstone

RawUpdate = Mapping[str, Any]


# A KuCoin API key is 24 hex digits, its secret a UUID.
_KEY_LIKE = re.compile(
    r"(?<![0-9a-z])([0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])", re.IGNORECASE
)
REDACTED = "[redacted]"
_CONNECT = re.compile(r"/connect(@\w+)?", re.IGNORECASE)
_COMMAND = re.compile(r"/([A-Za-z0-9_]+)")
_KEPT = ("message_id", "date", "edit_date", "chat", "from", "sender_chat", "message_thread_id", "is_topic_message")
_MARKS = ("forward_origin", "via_bot", "is_automatic_forward")  # not written by its sender; no text in them
_QUOTES = {"reply_to_message", "quote", "external_reply", "pinned_message"}


class Redaction:
    """Knows who is entering keys right now, and holds each secret in memory until its handler takes it.

    `is_command` knows the names of our commands: anything else that begins with a slash may be a passphrase.
    """

    def __init__(self, is_command: Callable[[str], bool]) -> None:
        self._is_command = is_command
        self._entering: set[int] = set()
        self._texts: dict[int, str] = {}

    def __call__(self, raw: RawUpdate) -> RawUpdate:
        """The update as it may be stored: itself without what it quotes, or a tombstone that says why its text is
        gone. Reads whatever it is given, also what Telegram would never send."""
        self.notice(raw)
        name = _message_in(raw)
        if name is None:
            return _without_text(raw)
        message = raw[name]
        if reason := self._reason(message, is_edit=name.startswith("edited")):
            if reason is Tombstone.ENTRY:
                self._texts[raw["update_id"]] = _text(message)
            kept = _only(message, (*_KEPT, *_MARKS)) | {"text": REDACTED}
            return _without_keys({"update_id": raw["update_id"], "tombstone": reason, name: kept})
        return _without_keys({**raw, name: _without_quotes(message)})

    def notice(self, raw: RawUpdate) -> None:
        """Whoever asks to enter a key sends secrets from here on; a copied command asks for nothing."""
        message, press = raw.get("message"), raw.get("callback_query")
        if _is_private(message) and _CONNECT.fullmatch(_text(message).strip()) and not _only(message, _MARKS):
            self.begin(_sender(message))
        elif str(_field(press, "data")).partition(":")[0] == "connect":
            self.begin(_sender(press))

    def take(self, update_id: int) -> str | None:
        """The text behind a tombstone, once; empty for a picture; `None` after a restart."""
        return self._texts.pop(update_id, None)

    def forget(self, update_id: int) -> None:
        """The update is handled, whether its text was taken or not."""
        self._texts.pop(update_id, None)

    def begin(self, person_id: int) -> None:
        self._entering.add(person_id)

    def end(self, person_id: int) -> None:
        self._entering.discard(person_id)

    def _reason(self, message: RawUpdate, *, is_edit: bool) -> Tombstone | None:
        if _command(message) == "connect" and not _CONNECT.fullmatch(_text(message).strip()):
            return Tombstone.LEAK  # whatever stands behind the command is a key or a part of one
        is_entry = _sender(message) in self._entering and _is_private(message)
        if is_entry and not self._is_command(_command(message)):
            return Tombstone.ENTRY
        if any(_KEY_LIKE.search(text) for text in _texts_in(_without_quotes(message))):
            return Tombstone.LEAK
        return Tombstone.EDITED if is_edit else None


def _message_in(raw: RawUpdate) -> str | None:
    """The name under which the update carries a message, whatever kinds Telegram may yet invent."""
    return next((name for name, value in raw.items() if isinstance(_field(value, "message_id"), int)), None)


def _without_text(raw: RawUpdate) -> RawUpdate:
    """An update without a message of its own. A press keeps its data and the buttons, which are ours, but of the
    message above them only its place."""
    press = raw.get("callback_query")
    if isinstance(press, Mapping):
        return {**raw, "callback_query": {**press, "message": _only(press.get("message"), (*_KEPT, "reply_markup"))}}
    return _without_keys(raw)


def _without_keys(raw: RawUpdate) -> RawUpdate:
    """Its number only, if anything in it still looks like a key."""
    if any(_KEY_LIKE.search(text) for text in _texts_in(raw)):
        return {"update_id": raw["update_id"], "tombstone": Tombstone.LEAK}
    return raw


def _without_quotes(message: RawUpdate) -> RawUpdate:
    """A message may carry another one, which may have been a secret."""
    return {field: value for field, value in message.items() if field not in _QUOTES}


def _only(message: object, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: message[field] for field in fields if field in message} if isinstance(message, Mapping) else {}


def _texts_in(value: object) -> Iterator[str]:
    """Every string in it, however deep."""
    rest = [value]
    while rest:
        match rest.pop():
            case str() as text:
                yield text
            case Mapping() as fields:
                rest += fields.values()
            case list() as items:
                rest += items


def _field(value: object, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    return value.get(name) if isinstance(value, Mapping) else None


def _sender(value: object) -> int:
    """Zero, which is nobody, if it does not say."""
    sender = _field(_field(value, "from"), "id")
    return sender if isinstance(sender, int) else 0


def _is_private(message: object) -> bool:
    return bool(_field(_field(message, "chat"), "type") == "private")


def _text(message: object) -> str:
    text = _field(message, "text")
    return text if isinstance(text, str) else ""


def _command(message: object) -> str:
    found = _COMMAND.match(_text(message))
    return found[1].lower() if found else ""
