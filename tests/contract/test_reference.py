from tests.contract.reference import PAGE, page


def test_the_list_of_calls_and_topics_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.contract.reference"
