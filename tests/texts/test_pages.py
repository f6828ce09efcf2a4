from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.reply import Rendered, RenderedButton
from tgbot.playground.html import parse_html
from tgbot.texts.markup import strip_tags
from tgbot.texts.pages import LONGEST, MOST_TAGS, shortened, split

BUTTONS = ((RenderedButton("Confirm", "go"),),)

words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=40
)
tagged = st.builds(
    lambda tag, word: f"<{tag}>{escape(word, quote=False)}</{tag}>", st.sampled_from(["b", "i", "u"]), words
)
lines = st.lists(st.one_of(words.map(lambda word: escape(word, quote=False)), tagged), min_size=1, max_size=5).map(
    " ".join
)
blocks = st.one_of(
    lines, st.lists(lines, min_size=1, max_size=8).map(lambda rows: f"<blockquote>{chr(10).join(rows)}</blockquote>")
)
texts = st.lists(blocks, min_size=1, max_size=20).map("\n".join)


def rendered(html: str) -> Rendered:
    return Rendered(html, strip_tags(html), BUTTONS)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(texts, st.integers(20, 120))
def test_any_text_comes_in_parts_that_telegram_takes_and_that_make_up_the_whole(html: str, longest: int) -> None:
    parts = split(rendered(html), longest)
    for part in parts:
        plain, entities = parse_html(part.html)
        assert units(part.plain) <= longest
        assert len(entities) <= MOST_TAGS
        assert plain == part.plain.strip()
    assert "".join("".join(part.plain.split()) for part in parts) == "".join(strip_tags(html).split())
    assert split(rendered(html), longest) == parts


@given(texts, st.integers(20, 120))
def test_every_character_keeps_its_markup(html: str, longest: int) -> None:
    whole = marked(html)
    assert [mark for part in split(rendered(html), longest) for mark in marked(part.html)] == whole


def marked(html: str) -> list[tuple[str, frozenset[str]]]:
    """The characters that are no space, each with what it is within."""
    plain, entities = parse_html(html)
    coded = plain.encode("utf-16-le")
    found = []
    at = 0
    for character in plain:
        kinds = frozenset(e["type"] for e in entities if e["offset"] <= at < e["offset"] + e["length"])
        at += units(character)
        if not character.isspace():
            found.append((character, kinds))
    assert at == len(coded) // 2
    return found


def test_what_fits_is_one_part_and_buttons_stand_beneath_the_last() -> None:
    fits = rendered("x" * LONGEST)
    assert split(fits) == [fits]
    first, last = split(rendered("x" * LONGEST + "\ny"))
    assert (first.buttons, last) == ((), Rendered("y", "y", BUTTONS))


def test_it_is_cut_at_the_end_of_a_line() -> None:
    parts = split(rendered("\n".join(["<b>12345</b> 789"] * 5)), 20)
    assert [part.plain.split("\n") for part in parts] == [["12345 789", "12345 789"]] * 2 + [["12345 789"]]


def test_emoji_count_twice_as_telegram_counts_them() -> None:
    assert [part.plain for part in split(rendered("💰" * 10), 8)] == ["💰" * 4, "💰" * 4, "💰" * 2]


@pytest.mark.parametrize("count", [LONGEST, LONGEST + 1, 3 * LONGEST])
def test_what_must_be_one_message_is_shortened_and_says_so(count: int) -> None:
    short = shortened(rendered("<pre>" + "x" * count + "</pre>"), "<i>more</i>")
    assert units(short.plain) <= LONGEST
    assert short.plain.endswith("\nmore") is (count > LONGEST)
    assert short.buttons == BUTTONS
    parse_html(short.html)
