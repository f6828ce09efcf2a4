from pathlib import Path

import pytest

from tests.sabotage.plants import PLANTS, Plant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_it_still_has_its_place_and_its_tests(plant: Plant) -> None:
    source = (ROOT / plant.file).read_text()
    compile(plant.planted(source), plant.file, "exec")
    assert [test for test in plant.tests if not (ROOT / test).exists()] == []
