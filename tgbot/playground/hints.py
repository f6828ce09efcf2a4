from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hint:
    """A card above the chat. Each of `values` is shown with its name and a button that copies it; `text` may name
    /commands, which a tap sends."""

    title: str
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
