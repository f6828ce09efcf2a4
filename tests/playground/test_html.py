from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.playground.entities import utf16_length
from tgbot.playground.html import BadHtml, parse_html

TAGS = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "tg-spoiler": "spoiler", "code": "code"}
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@st.composite
def pieces(draw: st.DrawFn) -> tuple[str, str]:
    """HTML and the text that it stands for."""
    text = draw(words)
    html = escape(text)
    tag = draw(st.sampled_from([*TAGS, ""]))
    return (f"<{tag}>{html}</{tag}>" if tag else html), text


@given(st.lists(pieces()))
def test_text_survives_escaping_and_tags(parts: list[tuple[str, str]]) -> None:
    text, _ = parse_html("".join(html for html, _ in parts))
    assert text == "".join(plain for _, plain in parts).strip()


@given(st.lists(pieces()))
def test_entities_lie_within_the_text_in_order_and_are_not_empty(parts: list[tuple[str, str]]) -> None:
    text, entities = parse_html("".join(html for html, _ in parts))
    assert all(entity["length"] > 0 <= entity["offset"] for entity in entities)
    assert all(entity["offset"] + entity["length"] <= utf16_length(text) for entity in entities)
    assert [entity["offset"] for entity in entities] == sorted(entity["offset"] for entity in entities)


@given(words, words, st.sampled_from(sorted(TAGS)))
def test_an_entity_covers_exactly_what_its_tag_encloses(before: str, inside: str, tag: str) -> None:
    text, entities = parse_html(f"a{escape(before)}<{tag}>b{escape(inside)}c</{tag}>d")
    units = text.encode("utf-16-le")
    [entity] = entities
    covered = units[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le")
    assert (entity["type"], covered) == (TAGS[tag], "b" + inside + "c")


@given(st.text(st.sampled_from("<>/&;ab= \"'x1#tg-spoilercode\n")))
def test_anything_is_either_read_or_refused(source: str) -> None:
    try:
        text, _ = parse_html(source)
    except BadHtml:
        return
    assert text == text.strip()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a <br> b", 'Unsupported start tag "br" at byte offset 2'),
        ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
        ("ä<p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>never closed", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>crossed</b></i>", 'Unmatched end tag at byte offset 13, expected "</i>", found "</b>"'),
        ("too many</b>", "Unexpected end tag at byte offset 8"),
        ("<b", 'Unclosed start tag "b" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_bad_html_is_refused_with_the_place(source: str, complaint: str) -> None:
    with pytest.raises(BadHtml) as caught:
        parse_html(source)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<B>x</B>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("<b>x</>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("😀<b>x</b>", "😀x", [{"type": "bold", "offset": 2, "length": 1}]),
        ('<a href="https://kucoin.com/?a=1&amp;b=2">k</a>', "k", [
            {"type": "text_link", "offset": 0, "length": 1, "url": "https://kucoin.com/?a=1&b=2"},
        ]),
        ("<a>nowhere</a>", "nowhere", []),
        ('<pre><code class="language-python">x = 1</code></pre>', "x = 1", [
            {"type": "pre", "offset": 0, "length": 5, "language": "python"},
        ]),
        ("<code>a<b>c</b></code>", "ac", [{"type": "code", "offset": 0, "length": 2}]),
        ("<blockquote expandable>q</blockquote>", "q", [{"type": "expandable_blockquote", "offset": 0, "length": 1}]),
        ('<span class="tg-spoiler">s</span>', "s", [{"type": "spoiler", "offset": 0, "length": 1}]),
        ("<b>a<i>b</i></b>", "ab", [
            {"type": "bold", "offset": 0, "length": 2},
            {"type": "italic", "offset": 1, "length": 1},
        ]),
        ("<b></b>x", "x", []),
        (" <b> x</b>  \n", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("&lt;&#65;&#x42;&quot;&nbsp;&", '<AB"&nbsp;&', []),
    ],
)  # fmt: skip
def test_tags_become_entities(source: str, text: str, entities: list[dict[str, object]]) -> None:
    assert parse_html(source) == (text, entities)
