"""HTML as the Bot API takes it: a dozen tags, four named references, everything else refused.

Custom emoji and times are not known here.
"""

import re
from dataclasses import dataclass, field
from html import unescape

from tgbot.playground.entities import Entity, in_order, utf16_length

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);")
_ATTRIBUTE = re.compile(r"\s+([a-zA-Z-]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_START_TAG = re.compile(rf"<([a-zA-Z0-9-]+)((?:{_ATTRIBUTE.pattern})*)\s*>")
_END_TAG = re.compile(r"</\s*([a-zA-Z0-9-]*)\s*>")
_TAG_NAME = re.compile(r"</?([^\s>/]*)")
_TEXT = re.compile(r"[^<&]+")


class BadHtml(ValueError):
    """The message says what and at which byte, as the Bot API does behind "can't parse entities: "."""


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text, trimmed as Telegram trims it, and its entities with UTF-16 offsets.

    Raises `BadHtml` for unknown, unclosed and crossed tags.
    """
    reader = _Reader(source)
    reader.read()
    return _trimmed("".join(reader.plain), _without_nested_code(reader.entities))


def trim(text: str) -> str:
    """A text without markup as Telegram stores it."""
    return text.strip()


@dataclass(slots=True)
class _OpenTag:
    name: str
    begin: int
    kind: str
    url: str = ""
    language: str = ""


@dataclass(slots=True)
class _Reader:
    """Goes through the source once. `length` is that of the plain text so far."""

    source: str
    at: int = 0
    length: int = 0
    plain: list[str] = field(default_factory=list)
    open_tags: list[_OpenTag] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def read(self) -> None:
        while self.at < len(self.source):
            self._read_piece()
        if self.open_tags:
            raise BadHtml(f'Can\'t find end tag corresponding to start tag "{self.open_tags[-1].name}"')

    def _read_piece(self) -> None:
        if text := _TEXT.match(self.source, self.at):
            self._append(text[0], text.end())
        elif reference := _REFERENCE.match(self.source, self.at):
            self._append(unescape(reference[0]), reference.end())
        elif self.source[self.at] == "&":
            self._append("&", self.at + 1)
        elif self.source.startswith("</", self.at):
            self._close()
        else:
            self._open()

    def _append(self, text: str, end: int) -> None:
        self.plain.append(text)
        self.length += utf16_length(text)
        self.at = end

    def _open(self) -> None:
        tag = _START_TAG.match(self.source, self.at)
        name = self._tag_name()
        if name not in _KINDS:
            raise BadHtml(f'Unsupported start tag "{name}" at byte offset {self._byte()}')
        if tag is None:
            raise BadHtml(f'Unclosed start tag "{name}" at byte offset {self._byte()}')
        self.open_tags.append(self._opened(name, tag[2]))
        self.at = tag.end()

    def _opened(self, name: str, attributes: str) -> _OpenTag:
        given = {key.lower(): unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(attributes)}
        css_class = given.get("class", "")
        if name == "span" and css_class != "tg-spoiler":
            raise BadHtml(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte()}')
        is_foldable = name == "blockquote" and "expandable" in given
        return _OpenTag(
            name,
            self.length,
            "expandable_blockquote" if is_foldable else _KINDS[name],
            url=given.get("href", ""),
            language=css_class.removeprefix("language-") if css_class.startswith("language-") else "",
        )

    def _close(self) -> None:
        tag = _END_TAG.match(self.source, self.at)
        if tag is None:
            raise BadHtml(f"Unclosed end tag at byte offset {self._byte()}")
        if not self.open_tags:
            raise BadHtml(f"Unexpected end tag at byte offset {self._byte()}")
        opened = self.open_tags.pop()
        if tag[1] and tag[1].lower() != opened.name:
            raise BadHtml(
                f"Unmatched end tag at byte offset {self._byte()}, "
                f'expected "</{opened.name}>", found "</{tag[1].lower()}>"'
            )
        self._finish(opened)
        self.at = tag.end()

    def _finish(self, opened: _OpenTag) -> None:
        outer = self.open_tags[-1] if self.open_tags else None
        if opened.name == "code" and outer is not None and outer.name == "pre":
            outer.language = opened.language
            return
        entity: Entity = {"type": opened.kind, "offset": opened.begin, "length": self.length - opened.begin}
        if opened.name == "pre" and opened.language:
            entity["language"] = opened.language
        if opened.name == "a":
            entity["url"] = opened.url
        if entity["length"] and entity.get("url") != "":
            self.entities.append(entity)

    def _tag_name(self) -> str:
        found = _TAG_NAME.match(self.source, self.at)
        return found[1].lower() if found else ""

    def _byte(self) -> int:
        return len(self.source[: self.at].encode())


def _without_nested_code(entities: list[Entity]) -> list[Entity]:
    """Nothing is nested in code: Telegram shows it as it is."""
    code = [entity for entity in entities if entity["type"] in {"code", "pre"}]
    return [entity for entity in entities if not any(_is_inside(entity, outer) for outer in code)]


def _is_inside(entity: Entity, outer: Entity) -> bool:
    begins: bool = outer["offset"] <= entity["offset"]
    ends: bool = entity["offset"] + entity["length"] <= outer["offset"] + outer["length"]
    return entity is not outer and begins and ends


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """White space is cut at both ends and entities with it."""
    front = utf16_length(text) - utf16_length(text.lstrip())
    kept = text.strip()
    end = utf16_length(kept)
    return kept, in_order([cut for entity in entities if (cut := _cut(entity, front, end))])


def _cut(entity: Entity, front: int, end: int) -> Entity | None:
    begin = max(entity["offset"] - front, 0)
    stop = min(entity["offset"] + entity["length"] - front, end)
    return entity | {"offset": begin, "length": stop - begin} if begin < stop else None
