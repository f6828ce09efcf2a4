from tests.contract.amendments import rate_sources
from tests.contract.reference import PAGE, page


def test_the_list_of_calls_and_topics_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.contract.reference"


def test_a_weight_that_is_not_the_catalogues_is_marked_and_its_source_named() -> None:
    lines = page().splitlines()
    for (method, path), source in rate_sources().items():
        (row,) = [line for line in lines if line.startswith(f"| `{method} {path}`")]
        assert row.count(r"\*") == 2
        assert f"- `{method} {path}`: {source}." in lines
    assert len([line for line in lines if line.startswith("|") and r"\*" in line]) == len(rate_sources()) > 0
