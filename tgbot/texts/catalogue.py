"""The texts of all languages, read from gettext `.po` files without a compile step.

`locales/<language>/LC_MESSAGES/<domain>.po`; a msgid is a symbolic key, `domain.name`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from pathlib import Path

from babel.messages.pofile import read_po

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One form, or as many as the language has plural forms, in gettext's order."""

    forms: tuple[str, ...]
    plural: Callable[[int], int]

    def form(self, count: int | None) -> str:
        if count is None or len(self.forms) == 1:
            return self.forms[0]
        return self.forms[self.plural(abs(count))]


class Catalogue:
    """`folder` is `locales/`. Raises `FileNotFoundError` if the fallback language is not there."""

    def __init__(self, folder: Path) -> None:
        self._texts = {language.name: _read_language(language) for language in folder.iterdir() if language.is_dir()}
        if FALLBACK not in self._texts:
            raise FileNotFoundError(folder / FALLBACK)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self._texts)

    def keys(self, language: str) -> frozenset[str]:
        return frozenset(self._texts[language])

    def find(self, language: str, key: str) -> Text | None:
        """The text in `language` (`pt-br` falls back to `pt`), else in English."""
        for candidate in (language.lower(), language.lower().partition("-")[0], FALLBACK):
            if text := self._texts.get(candidate, {}).get(key):
                return text
        return None


@cache  # once a process, however many bots live in it
def _read_language(folder: Path) -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for file in sorted((folder / "LC_MESSAGES").glob("*.po")):
        texts |= _read_domain(file, folder.name)
    return texts


def _read_domain(file: Path, language: str) -> dict[str, Text]:
    with file.open("rb") as stream:
        catalog = read_po(stream, locale=language, domain=file.stem, abort_invalid=True)
    plural = c2py(catalog.plural_expr)
    texts: dict[str, Text] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if key and forms and all(forms):
            texts[key] = Text(forms, plural)
    return texts
