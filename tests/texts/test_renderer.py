import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.reply import Button, Code, Percent, RenderedButton, Reply, T, Table
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.markup import LONGEST_VALUE, clean, without_markup
from tgbot.texts.notation import Reader
from tgbot.texts.renderer import Renderer

ANN = Reader("en", "Europe/London")
BORIS = Reader("ru", "Europe/Moscow")
TEXTS = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "say.value"
msgstr "<b>{value}</b>"

msgid "say.both"
msgstr "{first} & {second}"

msgid "common.seconds"
msgstr "{amount} s"

msgid "common.minutes"
msgstr "{amount} min"

msgid "common.hours"
msgstr "{amount} h"

msgid "common.days"
msgstr "{amount} d"
""".replace(" & ", " &amp; ")


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    locales: Path = tmp_path_factory.mktemp("locales")
    folder = locales / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "say.po").write_text(TEXTS, encoding="utf-8")
    return Renderer(Catalogue(locales))


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (Decimal("67000.10"), "67,000.1", "67\u00a0000,1"),
        (Decimal("0.00000001"), "0.00000001", "0,00000001"),
        (Decimal("1E+3"), "1,000", "1\u00a0000"),
        (Decimal("-1234567.123456789012345678901234567"), "-1,234,567.123456789012345678901234567", None),
        (Decimal("0E-8"), "0", "0"),
        (1500, "1,500", "1\u00a0500"),
        (Percent(Decimal("1.5")), "1.5%", "1,5\u00a0%"),
        (Percent(Decimal("1.5"), signed=True), "+1.5%", "+1,5\u00a0%"),
        (Percent(Decimal("-0.004"), signed=True), "0%", "0\u00a0%"),
        (Percent(Decimal("0.005")), "0.01%", "0,01\u00a0%"),
        (Percent(Decimal("12.3456"), places=4), "12.3456%", "12,3456\u00a0%"),
        (datetime(2026, 11, 22, 23, 5, tzinfo=UTC), "22 Nov 23:05", "23 нояб. 02:05"),
        (timedelta(seconds=45), "45 s", "45 s"),
        (timedelta(minutes=12), "12 min", "12 min"),
        (timedelta(hours=1, minutes=30, seconds=5), "1 h 30 min", None),
        (timedelta(days=2), "2 d", "2 d"),
        (timedelta(0), "0 s", "0 s"),
        (T.of("say.value", value=Decimal("1.5")), "1.5", "1,5"),
        ("a < b & c", "a < b & c", None),
        (Code("id <1>"), "id <1>", None),
    ],
)
def test_values_are_written_as_the_reader_writes_them(
    renderer: Renderer, value: Decimal, english: str, russian: str | None
) -> None:
    assert renderer.plain(T.of("say.value", value=value), ANN) == english
    if russian is not None:
        assert renderer.plain(T.of("say.value", value=value), BORIS) == russian


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_no_digit_of_a_number_is_lost(renderer: Renderer, value: Decimal) -> None:
    english = renderer.plain(T.of("say.value", value=value), ANN)
    assert Decimal(english.replace(",", "")) == value
    assert "E" not in english


class Seen(HTMLParser):
    """What a Telegram client shows: the text, and the tags it honours."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


@given(value=st.text(max_size=200))
def test_a_value_is_shown_literally_and_is_never_markup(renderer: Renderer, value: str) -> None:
    rendered = renderer.render(
        Reply((T.of("say.value", value=value), T.of("say.both", first=value, second=Code(value)))), ANN
    )
    seen = Seen(rendered.html)
    assert seen.tags == ["b", "code"]
    assert seen.text == f"{clean(value)}\n{clean(value)} & {clean(value)}"
    assert rendered.plain == seen.text
    assert Seen(without_markup(rendered).html).text == rendered.plain


@given(text=st.text())
def test_a_value_cannot_hide_or_turn_round_what_stands_beside_it(text: str) -> None:
    shown = clean(text)
    assert not [character for character in shown if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert len(shown) <= LONGEST_VALUE


def test_tricks_are_taken_out() -> None:
    assert clean("buy\u202e001\u202c now\u200b!\x00\nConfirm") == "buy001 now! Confirm"


def test_a_table_is_one_block_that_holds_no_markup(renderer: Renderer) -> None:
    table = Table((("<b>BTC</b>", Decimal("1.5")), ("ETH", T.of("say.value", value=3))))
    assert renderer.render(Reply((table,)), ANN).html == "<pre>&lt;b&gt;BTC&lt;/b&gt; 1.5\nETH          3</pre>"


def test_labels_are_plain(renderer: Renderer) -> None:
    button = Button(T.of("say.value", value="R&D"), "go:1")
    link = Button(T.of("say.value", value="Open"), url="https://example.com/?a=1&b=2")
    assert renderer.render(Reply((), ((button, link),)), ANN).buttons == (
        (RenderedButton("R&D", "go:1"), RenderedButton("Open", url="https://example.com/?a=1&b=2")),
    )


@pytest.mark.parametrize(
    "reader", [Reader("xx-yy-zz", "Nowhere/Land"), Reader("", ""), Reader("../en", "../etc/passwd")]
)
def test_an_unknown_language_or_zone_is_read_as_english_in_utc(renderer: Renderer, reader: Reader) -> None:
    at = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)
    text = T.of("say.both", first=at, second=Decimal("1234.5"))
    assert renderer.plain(text, reader) == "22 Nov 23:05 & 1,234.5"
