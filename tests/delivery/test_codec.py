from dataclasses import replace
from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.errors import Malformed
from tgbot.core.reply import Button, Code, Percent, Reply, T, Table, Value
from tgbot.delivery.codec import decode, encode

texts = st.text(max_size=20).filter(lambda text: text.isprintable())
decimals = st.decimals(allow_nan=False, allow_infinity=False)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
flat_values: st.SearchStrategy[Value] = st.one_of(
    texts,
    st.integers(),
    decimals,
    moments,
    st.timedeltas(),
    st.builds(Percent, decimals, st.booleans(), st.integers(0, 8)),
    st.builds(Code, texts),
)


def keyed(values: st.SearchStrategy[Value]) -> st.SearchStrategy[T]:
    return st.builds(T, texts, st.dictionaries(texts, values, max_size=3))


values: st.SearchStrategy[Value] = st.recursive(flat_values, keyed, max_leaves=5)
words = keyed(values)
rows = st.lists(st.lists(values, max_size=3).map(tuple), max_size=3).map(tuple)
buttons = st.lists(st.lists(st.builds(Button, words, texts, texts), max_size=2).map(tuple), max_size=2).map(tuple)
replies = st.builds(
    Reply,
    st.lists(st.one_of(words, st.builds(Table, rows)), max_size=3).map(tuple),
    buttons,
    st.booleans(),
    st.booleans(),
)


@given(replies)
def test_a_reply_comes_back_as_it_was(reply: Reply) -> None:
    assert decode(encode(reply)) == reply


@given(replies)
def test_a_picture_stays_beside_the_text(reply: Reply) -> None:
    drawn = replace(reply, picture=b"PNG")
    assert encode(drawn) == encode(reply)
    assert decode(encode(drawn), b"PNG") == drawn


def test_trailing_zeros_and_kinds_are_kept() -> None:
    reply = Reply((T.of("a.b", price=Decimal("1.500"), count=3, span=timedelta(microseconds=1)),))
    (line,) = decode(encode(reply)).lines
    assert isinstance(line, T)
    assert {name: str(value) for name, value in line.values.items()} == {
        "price": "1.500",
        "count": "3",
        "span": "0:00:00.000001",
    }


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"reply":[]}', '{"what":1}', '{"decimal":"x"}', "1", '{"a":1,"b":2}']
)
def test_what_we_have_not_written_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode(text)
