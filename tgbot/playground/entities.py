"""Entities that Telegram finds by itself, and the units in which it counts: UTF-16."""

import re
from typing import Any

Entity = dict[str, Any]

_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/<])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))"
    r"|(?P<url>(?:https?://[^\s<>\"]+[^\s<>\".,;:!?)])|(?<![\w@.])(?:[\w-]+\.)+(?:com|org|net|io|me)\b(?:/[^\s<>\"]*)?)"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.\w{2,}\b)"
    r"|(?P<mention>(?<![\w@])@\w{4,32}\b)"
    r"|(?P<hashtag>(?<![\w#])#(?=\w*[^\W\d])\w+)"
    r"|(?P<cashtag>(?<![\w$])\$[A-Z]{1,8}\b)"
)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def detect(text: str) -> list[Entity]:
    """Commands, links, addresses, mentions, hashtags and cashtags, in order."""
    return [
        {"type": found.lastgroup, "offset": utf16_length(text[: found.start()]), "length": utf16_length(found[0])}
        for found in _FOUND.finditer(text)
    ]


def with_detected(text: str, given: list[Entity]) -> list[Entity]:
    """`given` and what Telegram finds outside of code and links, in the order in which it lists them."""
    closed = [entity for entity in given if entity["type"] in {"code", "pre", "text_link"}]
    found = [entity for entity in detect(text) if not any(overlap(entity, other) for other in closed)]
    return in_order(given + found)


def in_order(entities: list[Entity]) -> list[Entity]:
    """By place; of two that begin together the longer one first."""
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def overlap(one: Entity, other: Entity) -> bool:
    """Whether two entities share at least one unit of text."""
    begins_before_end: bool = one["offset"] < other["offset"] + other["length"]
    ends_after_begin: bool = other["offset"] < one["offset"] + one["length"]
    return begins_before_end and ends_after_begin
