"""The catalogues that ship: complete, alike in all languages, and exactly what the code asks for."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.texts.source import Uses, uses_of_texts
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue, Text

LANGUAGES = ("en", "ru")
TAGS = {"b", "i", "u", "s", "code", "pre", "blockquote"}
LABELS = {
    "common.confirm": "Confirm",
    "common.cancel": "Cancel",
    "common.edit": "Edit",
    "common.approve": "Approve",
    "common.reject": "Reject",
    "common.refresh": "Refresh",
    "common.chart": "Chart",
    "common.buy": "Buy",
    "common.sell": "Sell",
    "common.try_on_paper": "Try on paper",
    "common.connect_kucoin": "Connect KuCoin",
    "common.help": "Help",
}


@pytest.fixture(scope="module")
def uses() -> Uses:
    return uses_of_texts({file.stem for file in folder("locales").glob("*/LC_MESSAGES/*.po")})


def test_every_language_has_every_text(catalogue: Catalogue) -> None:
    assert catalogue.languages == set(LANGUAGES)
    assert catalogue.keys("ru") ^ catalogue.keys("en") == set()


def test_a_text_lives_in_the_file_of_its_domain(catalogue: Catalogue) -> None:
    for language in LANGUAGES:
        for file in (folder("locales") / language / "LC_MESSAGES").glob("*.po"):
            keys = re.findall(r'^msgid "(.+)"$', file.read_text(encoding="utf-8"), re.MULTILINE)
            assert [key for key in keys if not re.fullmatch(rf"{file.stem}\.[a-z0-9_]+", key)] == []
            assert sorted(set(keys)) == sorted(keys), f"a key twice in {file.name}, {language}"


def test_placeholders_are_the_same_in_every_language(catalogue: Catalogue) -> None:
    english, russian = (placeholders(catalogue, language) for language in LANGUAGES)
    assert {key: (names, russian.get(key)) for key, names in english.items() if names != russian.get(key)} == {}


def test_markup_is_what_telegram_accepts(catalogue: Catalogue) -> None:
    wrong = [(key, form) for key, text in every_text(catalogue) for form in text.forms if complaint(form)]
    assert wrong == []


def test_every_plural_form_is_there(catalogue: Catalogue) -> None:
    for key in catalogue.keys("en"):
        english, russian = (catalogue.find(language, key) for language in LANGUAGES)
        assert english is not None
        assert russian is not None
        assert (len(english.forms), len(russian.forms)) in {(1, 1), (2, 3)}, key


def test_every_text_in_the_code_exists(catalogue: Catalogue, uses: Uses) -> None:
    missing = {key: place for key, place in uses.keys.items() if key not in catalogue.keys("en")}
    vain = {
        pattern: place
        for pattern, place in uses.patterns.items()
        if not any(re.fullmatch(pattern, key) for key in catalogue.keys("en"))
    }
    assert missing | vain == {}


def test_every_text_that_exists_is_in_the_code(catalogue: Catalogue, uses: Uses) -> None:
    unused = {
        key
        for key in catalogue.keys("en") - uses.keys.keys() - LABELS.keys()
        if not any(re.fullmatch(pattern, key) for pattern in uses.patterns)
    }
    assert unused == set()


def test_every_text_is_given_the_values_it_shows(catalogue: Catalogue, uses: Uses) -> None:
    shown = placeholders(catalogue, "en")
    lacking = [
        (key, place, shown[key] - names) for key, place, names in uses.values if key in shown and shown[key] - names
    ]
    assert lacking == []


def test_labels_that_others_rely_on_are_there(catalogue: Catalogue) -> None:
    for key, word in LABELS.items():
        text = catalogue.find("en", key)
        assert text is not None
        assert re.fullmatch(rf"(\W+ )?{word}", text.forms[0]), key


def every_text(catalogue: Catalogue) -> Iterator[tuple[str, Text]]:
    for language in LANGUAGES:
        for key in sorted(catalogue.keys(language)):
            text = catalogue.find(language, key)
            assert text is not None
            yield f"{language} {key}", text


def placeholders(catalogue: Catalogue, language: str) -> dict[str, set[str]]:
    return {
        name.removeprefix(f"{language} "): set(re.findall(r"\{(\w+)\}", " ".join(text.forms)))
        for name, text in every_text(catalogue)
        if name.startswith(f"{language} ")
    }


def complaint(markup: str) -> str:
    """What Telegram's parser would refuse, or nothing."""
    tags = Tags()
    tags.feed(markup)
    tags.close()
    if re.search(r"&(?!amp;|lt;|gt;)", markup) or re.search(r"<(?!/?[a-z])", markup):
        return "not escaped"
    return tags.complaint or ("not closed" if tags.open else "")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.complaint = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag not in TAGS or (attrs and (tag, attrs) != ("blockquote", [("expandable", None)])):
            self.complaint = f"<{tag}> is not for us"

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.complaint = f"</{tag}> closes nothing"


@pytest.mark.parametrize(
    "markup", ["<b>x", "x</b>", "<b><i>x</b></i>", "<p>x</p>", "a & b", "1 < 2", '<b class="x">x</b>']
)
def test_the_check_of_markup_sees_what_is_wrong(markup: str) -> None:
    assert complaint(markup)


def test_the_check_of_markup_accepts_what_is_right() -> None:
    assert not complaint("<b>1 &lt; 2</b> <blockquote expandable>a <i>b</i></blockquote> <code>{id}</code>")
