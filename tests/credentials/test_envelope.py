"""A sealed record opens where it belongs, with its master key, unchanged; and nowhere else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.credentials.envelope import CannotOpen, MasterKey, Place, Sealed, seal, unseal

MASTER = MasterKey(1, b"m" * 32)
PLACE = Place("installation-1", 42, "key-1", 1)
TEXT = b'["66f0a1b2c3d4e5f607182930", "secret", "phrase"]'

texts = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), max_size=20)
places = st.builds(Place, texts, st.integers(0, 2**60), texts, st.integers(1, 10**6))


@given(places, st.binary(max_size=2000))
def test_whatever_was_sealed_opens_at_its_place(place: Place, text: bytes) -> None:
    assert unseal(MASTER, place, seal(MASTER, place, text)) == text


@given(places, places)
def test_no_record_opens_at_another_place(place: Place, other: Place) -> None:
    sealed = seal(MASTER, place, TEXT)
    if place == other:
        assert unseal(MASTER, other, sealed) == TEXT
        return
    with pytest.raises(CannotOpen):
        unseal(MASTER, other, sealed)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, installation="installation-2"),
        replace(PLACE, person_id=43),
        replace(PLACE, key_id="key-2"),
        replace(PLACE, version=2),
    ],
)
def test_every_part_of_the_place_counts(elsewhere: Place) -> None:
    with pytest.raises(CannotOpen):
        unseal(MASTER, elsewhere, seal(MASTER, PLACE, TEXT))


@given(st.data())
def test_one_flipped_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = seal(MASTER, PLACE, TEXT)
    column = data.draw(st.sampled_from(["data", "wrapped_key"]))
    box: bytes = getattr(sealed, column)
    bit = data.draw(st.integers(0, len(box) * 8 - 1))
    flipped = bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(box))
    with pytest.raises(CannotOpen):
        unseal(MASTER, PLACE, with_box(sealed, column, flipped))


@given(st.sampled_from(["data", "wrapped_key"]), st.integers(0, 60), st.binary(max_size=40))
def test_cut_or_made_up_boxes_are_refused(column: str, length: int, more: bytes) -> None:
    sealed = seal(MASTER, PLACE, TEXT)
    whole: bytes = getattr(sealed, column)
    other = whole[:length] + more
    if other != whole:
        with pytest.raises(CannotOpen):
            unseal(MASTER, PLACE, with_box(sealed, column, other))


def with_box(sealed: Sealed, column: str, box: bytes) -> Sealed:
    return replace(sealed, data=box) if column == "data" else replace(sealed, wrapped_key=box)


def test_columns_of_two_records_cannot_be_exchanged() -> None:
    mine, theirs = seal(MASTER, PLACE, b"mine"), seal(MASTER, replace(PLACE, person_id=43), b"theirs")
    same_place = seal(MASTER, PLACE, b"mine, sealed again")
    for mixed in (
        Sealed(theirs.data, mine.wrapped_key, 1),
        Sealed(mine.data, theirs.wrapped_key, 1),
        Sealed(same_place.data, mine.wrapped_key, 1),
    ):
        with pytest.raises(CannotOpen):
            unseal(MASTER, PLACE, mixed)


def test_a_data_key_cannot_pass_for_a_record() -> None:
    sealed = seal(MASTER, PLACE, TEXT)
    with pytest.raises(CannotOpen):
        unseal(MASTER, PLACE, Sealed(sealed.wrapped_key, sealed.wrapped_key, 1))


def test_another_master_key_or_version_opens_nothing() -> None:
    sealed = seal(MASTER, PLACE, TEXT)
    with pytest.raises(CannotOpen):
        unseal(MasterKey(1, b"x" * 32), PLACE, sealed)
    with pytest.raises(CannotOpen):
        unseal(MASTER, PLACE, replace(sealed, master_version=2))


def test_the_same_text_is_never_sealed_alike() -> None:
    boxes = [seal(MASTER, PLACE, TEXT) for _ in range(50)]
    assert len({box.data for box in boxes}) == len({box.wrapped_key for box in boxes}) == 50
    assert all(TEXT not in box.data for box in boxes)


def test_the_master_key_does_not_print_itself() -> None:
    assert "m" * 8 not in repr(MASTER) + str(MASTER)
