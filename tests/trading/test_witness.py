"""The file that names the order sent last."""

from pathlib import Path

from tgbot.trading.witness import Witness


def test_it_remembers_the_last_one_in_one_place(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "last-order")
    assert witness.last() == ""
    for client_oid in ("tb" + "f" * 38, "tb1"):
        witness.note(client_oid)
        assert Witness(tmp_path / "last-order").last() == client_oid
    assert (tmp_path / "last-order").stat().st_size == 64


def test_a_folder_that_takes_nothing_keeps_no_order_back(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "nowhere" / "last-order")
    witness.note("tb1")
    assert witness.last() == ""


def test_what_a_power_cut_has_left_of_it_is_nothing_or_an_order_that_nobody_knows(tmp_path: Path) -> None:
    file = tmp_path / "last-order"
    file.write_bytes(b"\0" * 64)
    assert Witness(file).last() == ""
    file.write_bytes(b"\xff" * 500)
    assert 0 < len(Witness(file).last()) <= 64
