from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hint:
    """A card beside the chat. Each of `values` is shown with its name, a button that copies it and one that puts it
    into the message field; `text` may name /commands, which a tap sends."""

    title: str
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
