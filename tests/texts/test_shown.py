"""Every text is to be seen on a sheet of the gallery, or it is said why not.

The sheets' list is written by the run that takes them (`python3 dev.py gallery`), so a new card without a picture is
noticed here, without a browser.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.flows.gallery.shown import GALLERY, read_list
from tgbot.texts.catalogue import Catalogue

UNSEEN = Path(__file__).with_name("unseen.txt")


def unseen() -> dict[str, str]:
    """Texts that no sheet shows, and why."""
    return dict(_read(UNSEEN.read_text(encoding="utf-8").splitlines()))


def _read(lines: list[str]) -> Iterator[tuple[str, str]]:
    reason = ""
    for line in filter(None, lines):
        if line.startswith("# "):
            reason = line.removeprefix("# ")
        else:
            yield line, reason


def test_every_text_is_on_a_sheet_or_it_is_said_why_not(catalogue: Catalogue) -> None:
    missing = catalogue.keys("en") - read_list().keys() - unseen().keys()
    assert sorted(missing) == [], "run `python3 dev.py gallery`, or name them in unseen.txt with a reason"


def test_what_is_said_to_be_on_no_sheet_exists_and_is_on_none(catalogue: Catalogue) -> None:
    assert sorted(unseen().keys() - catalogue.keys("en")) == []
    assert sorted(unseen().keys() & read_list().keys()) == []
    assert all(unseen().values()), "a reason stands above"


def test_every_sheet_of_the_list_is_there_in_every_language(catalogue: Catalogue) -> None:
    sheets = {sheet for of_text in read_list().values() for sheet in of_text}
    pictures = {f"{sheet}-{language}.png" for sheet in sheets for language in catalogue.languages}
    assert pictures == {file.name for file in GALLERY.glob("*.png")}
