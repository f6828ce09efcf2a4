"""Which texts the sheets show. The list stands beside them and is written by the run that has taken them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tgbot.core.reply import Rendered, Reply, T
from tgbot.texts.markup import strip_tags
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

GALLERY = Path(__file__).parents[3] / "docs" / "gallery"
LIST = GALLERY / "shown.txt"


class Overheard:
    """The keys of everything that was put into words, by the words."""

    def __init__(self) -> None:
        self._keys: dict[str, set[str]] = {}
        self._spoken: set[str] | None = None

    def keys(self, words: str) -> frozenset[str]:
        """Of a message; nothing, if it is none of ours or was cut."""
        return frozenset(self._keys.get(words.strip(), ()))

    @contextmanager
    def speaking(self) -> Iterator[set[str]]:
        """Within a message the texts in it belong to it."""
        if self._spoken is not None:
            yield self._spoken
            return
        self._spoken = set()
        try:
            yield self._spoken
        finally:
            self._spoken = None

    def note(self, words: str, keys: Iterable[str]) -> None:
        self._keys.setdefault(words.strip(), set()).update(keys)


@contextmanager
def overhearing() -> Iterator[Overheard]:
    """Whatever any bot of this process says meanwhile."""
    heard = Overheard()
    say, put = Renderer.render, Renderer.text

    def render(self: Renderer, reply: Reply, reader: Reader) -> Rendered:
        with heard.speaking() as keys:
            rendered = say(self, reply, reader)
            heard.note(rendered.plain, keys)
        return rendered

    def text(self: Renderer, text: T, reader: Reader) -> str:
        with heard.speaking() as keys:
            keys.add(text.key)
            markup = put(self, text, reader)
            heard.note(strip_tags(markup), keys)
        return markup

    _replace(render=render, text=text)
    try:
        yield heard
    finally:
        _replace(render=say, text=put)


def _replace(**methods: Any) -> None:
    for name, method in methods.items():
        setattr(Renderer, name, method)


def read_list() -> dict[str, list[str]]:
    """The sheets on which each text is to be seen."""
    if not LIST.exists():
        return {}
    lines = (line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return {key: sheets.split() for key, _, sheets in (line.partition(" ") for line in lines)}


def write_list(taken: Mapping[str, Iterable[str]], known: Iterable[str]) -> None:
    """`taken` are the texts of the sheets that were taken now; what is said of `known` ones that were not stays."""
    stays = {
        key: [sheet for sheet in sheets if sheet in set(known) and sheet not in taken]
        for key, sheets in read_list().items()
    }
    for sheet, keys in taken.items():
        for key in keys:
            stays.setdefault(key, []).append(sheet)
    lines = [f"{key} {' '.join(sorted(sheets))}\n" for key, sheets in sorted(stays.items()) if sheets]
    head = "# Texts and the sheets that show them; written by `python3 dev.py gallery`.\n"
    LIST.write_text(head + "".join(lines), encoding="utf-8")
