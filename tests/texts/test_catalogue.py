from pathlib import Path

import pytest

from tgbot.core.reply import Reply, T
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

RUSSIAN_PLURALS = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
)


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    write(tmp_path, "en", "nplurals=2; plural=(n != 1);", GREETING.format("Hello") + ORDERS.format("", "s", ""))
    write(tmp_path, "ru", RUSSIAN_PLURALS, THREE_ORDERS)
    write(tmp_path, "pt", "nplurals=2; plural=(n > 1);", GREETING.format("Olá"))
    return tmp_path


GREETING = 'msgid "shop.hello"\nmsgstr "{}"\n\n'
ORDERS = 'msgid "shop.orders"\nmsgid_plural "shop.orders"\nmsgstr[0] "{{count}} order"\nmsgstr[1] "{{count}} orders"\n'
THREE_ORDERS = """msgid "shop.orders"
msgid_plural "shop.orders"
msgstr[0] "{count} ордер"
msgstr[1] "{count} ордера"
msgstr[2] "{count} ордеров"
"""


def write(locales: Path, language: str, plurals: str, texts: str) -> None:
    folder = locales / language / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plurals}\\n"\n\n'
    (folder / "shop.po").write_text(head + texts, encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [
        ("en", 1, "1 order"),
        ("en", 0, "0 orders"),
        ("ru", 1, "1 ордер"),
        ("ru", 3, "3 ордера"),
        ("ru", 11, "11 ордеров"),
        ("ru", 21, "21 ордер"),
        ("ru", 5, "5 ордеров"),
    ],
)
def test_counted_things_take_the_plural_form_of_their_language(
    locales: Path, language: str, count: int, text: str
) -> None:
    renderer = Renderer(Catalogue(locales))
    assert renderer.text(T.of("shop.orders", count=count), Reader(language, "UTC")) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("pt", "Olá"), ("pt-br", "Olá"), ("PT-BR", "Olá"), ("ru", "Hello"), ("xx", "Hello"), ("", "Hello")],
)
def test_a_language_falls_back_to_its_family_and_then_to_english(locales: Path, language: str, text: str) -> None:
    assert Renderer(Catalogue(locales)).plain(T("shop.hello"), Reader(language, "UTC")) == text


def test_a_missing_text_shows_its_key(locales: Path) -> None:
    rendered = Renderer(Catalogue(locales)).render(Reply((T("shop.none"), T("shop.orders"))), Reader("en", "UTC"))
    assert rendered.html == "shop.none\n{count} order"


def test_without_english_there_is_no_catalogue(tmp_path: Path) -> None:
    write(tmp_path, "ru", RUSSIAN_PLURALS, THREE_ORDERS)
    with pytest.raises(FileNotFoundError):
        Catalogue(tmp_path)
