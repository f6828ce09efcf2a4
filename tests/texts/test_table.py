from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tgbot.texts.table import WIDEST, lay_out, width

cells = st.text(alphabet=st.sampled_from("abc019.,-%日本🚀é\u0301 "), max_size=25)
tables = st.lists(st.lists(cells, max_size=4), max_size=5)


@given(tables)
def test_no_line_is_wider_than_a_phone(rows: list[list[str]]) -> None:
    assert all(width(line) <= WIDEST for line in lay_out(rows))


@given(st.lists(st.tuples(cells, st.integers().map(str), st.decimals().map(str)), max_size=5))
def test_numbers_are_never_cut(rows: list[tuple[str, str, str]]) -> None:
    shown = "".join(lay_out(rows)).replace(" ", "")
    assert all(number in shown for row in rows for number in row[1:])


def test_columns_are_aligned() -> None:
    assert lay_out([["BTC-USDT", "67,000.1", "+1%"], ["日本", "1.5", "-12.5%"]]) == [
        "BTC-USDT 67,000.1    +1%",
        "日本          1.5 -12.5%",
    ]


def test_a_long_name_gives_way_to_the_numbers() -> None:
    (line, _) = lay_out([["A name that goes on for ever", "1,234.5", "+1%"], ["B", "1", str(Decimal(2))]])
    assert line == "A name that goes on f… 1,234.5 +1%"
    assert width(line) == WIDEST


def test_rows_that_cannot_fit_are_stacked() -> None:
    assert lay_out([["Price", "1234567890123456789.12", "9876543210.1234"]]) == [
        "Price",
        "            1234567890123456789.12",
        "                   9876543210.1234",
    ]
