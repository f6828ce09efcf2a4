"""KuCoin's own example of every answer that we can get is understood, also without the fields that it may leave out."""

import pytest

from tests.contract.catalogue import needs_catalogue
from tests.contract.exchange import FORMS, Client, Exchange
from tests.contract.understood import UNDERSTOOD

pytestmark = [pytest.mark.rig, needs_catalogue]


def test_every_call_has_its_example() -> None:
    assert UNDERSTOOD.keys() == FORMS.keys()


@pytest.mark.parametrize("name", FORMS)
async def test_kucoins_example_is_understood(name: str, ours: Client) -> None:
    assert shown(await ours.call(name, *FORMS[name][0]), UNDERSTOOD[name]) == UNDERSTOOD[name]


@pytest.mark.parametrize("name", FORMS)
async def test_a_field_that_kucoin_may_leave_out_is_not_missed(name: str, ours: Client, exchange: Exchange) -> None:
    exchange.leaves_out_what_it_may = True
    await ours.call(name, *FORMS[name][0])
    assert exchange.asked


def shown(result: object, expected: object) -> object:
    """The result, or its first row where one row is expected, or what it says of itself where names are."""
    if isinstance(expected, dict):
        return {name: getattr(result, name) for name in expected}
    return result[0] if isinstance(result, list) and not isinstance(expected, list) else result
