"""The one grammar of numbers: what it reads, what it asks about, what it refuses."""

from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.money import plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, decimal_sign_of, read_number

SIGNS: tuple[DecimalSign, ...] = (".", ",")


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("100", ".", "100"),
        ("1.5", ".", "1.5"),
        ("1,5", ".", "1.5"),
        ("1.5", ",", "1.5"),
        ("1,5", ",", "1.5"),
        ("1.500", ".", "1.5"),
        ("1,500", ",", "1.5"),
        ("0,500", ".", "0.5"),
        ("0.500", ",", "0.5"),
        (",500", ".", "0.5"),
        (".5", ".", "0.5"),
        ("1,5000", ".", "1.5"),
        ("1,234,567", ".", "1234567"),
        ("1.234.567", ",", "1234567"),
        ("1,234.5", ".", "1234.5"),
        ("1.234,567", ",", "1234.567"),
        ("12,345,678.90", ".", "12345678.9"),
        ("2k", ".", "2000"),
        ("1.5K", ".", "1500"),
        ("1,5m", ",", "1500000"),
        (" 7 ", ".", "7"),
        ("0", ".", "0"),
        ("007", ".", "7"),
        ("1" * 28, ".", "1" * 28),
        ("1" * 28 + "m", ".", "1" * 28 + "000000"),
    ],
)
def test_reads(text: str, sign: DecimalSign, value: str) -> None:
    assert read_number(text, sign) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "sign", "smaller", "larger"),
    [
        ("1,500", ".", "1.5", "1500"),
        ("1.500", ",", "1.5", "1500"),
        ("01,500", ".", "1.5", "1500"),
        ("1500,250", ".", "1500.25", "1500250"),
        ("1,500k", ".", "1500", "1500000"),
    ],
)
def test_does_not_guess_what_has_two_readings(text: str, sign: DecimalSign, smaller: str, larger: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        read_number(text, sign)
    assert caught.value.readings == (Decimal(smaller), Decimal(larger))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", ",", "k", "5.", "5,", "1e999", "1E5", "nan", "inf", "Infinity", "-5", "+5", "−5", "1_000",
        "1 000", "1\u00a0000", "1'000", "1.2.3", "1,2,3", "1,23,456", "0,123,456", "1234,567,890", "١٢٣", "５", "1²",
        "5 k", "5kk", "k5", "5b", "0x10", "$5", "5%", "1,.5", "1..5", "1" * 29, "0." + "0" * 28,
    ],
)  # fmt: skip
def test_refuses_what_is_not_a_number(text: str, sign: DecimalSign) -> None:
    with pytest.raises(NotANumber):
        read_number(text, sign)


@given(st.decimals(min_value=0, max_value=10**12, places=8), st.sampled_from(SIGNS))
def test_reads_back_what_is_printed_with_the_own_sign(value: Decimal, sign: DecimalSign) -> None:
    assert read_number(plain(value).replace(".", sign), sign) == value


@given(st.integers(0, 10**20), st.sampled_from([(".", ","), (",", ".")]))
def test_grouped_thousands_are_always_among_the_readings(value: int, signs: tuple[DecimalSign, str]) -> None:
    own, other = signs
    assert value in readings(f"{value:,}".replace(",", other), own)


@given(st.text(max_size=40) | st.from_regex(r"[0-9.,]{0,34}[kKmM]?", fullmatch=True), st.sampled_from(SIGNS))
def test_any_text_is_read_asked_about_or_refused(text: str, sign: DecimalSign) -> None:
    found = readings(text, sign)
    assert all(value >= 0 and value.is_finite() for value in found)
    assert len(found) < 2 or found[0] * 1000 == found[1]


def test_decimal_signs_are_those_of_the_unicode_consortium() -> None:
    for language in [
        "cs",
        "de",
        "en",
        "es",
        "fr",
        "hi",
        "id",
        "it",
        "ja",
        "ko",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sv",
        "tr",
        "uk",
        "vi",
        "zh",
    ]:
        assert decimal_sign_of(language) == Locale.parse(language).number_symbols["latn"]["decimal"], language


@pytest.mark.parametrize(("tag", "sign"), [("pt-br", ","), ("ru_RU", ","), ("EN-us", "."), ("", "."), ("xx", ".")])
def test_a_language_tag_may_have_a_region_or_be_unknown(tag: str, sign: str) -> None:
    assert decimal_sign_of(tag) == sign


def readings(text: str, sign: DecimalSign) -> tuple[Decimal, ...]:
    try:
        return (read_number(text, sign),)
    except Ambiguous as unclear:
        return unclear.readings
    except NotANumber:
        return ()
