"""What the treasurer's account holds is not the group's business: no rule of the desk is judged after the balance."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.approvals.group import EVE, Group
from tests.trading.desk import ANN
from tgbot.accounts.guards.rules import Limit
from tgbot.accounts.guards.service import Guards
from tgbot.approvals.rules.policy import Policy
from tgbot.core.errors import Refused
from tgbot.core.orders import Side
from tgbot.core.reply import T

# Of 0.1 BTC and 5,000 USDT, at 67,000.
THERE_AND_NOT = ("btc 0.09btc", "btc 0.1btc", "btc 0.10001btc", "btc 0.5btc")


async def answers(group: Group, texts: Sequence[str], side: Side = Side.SELL) -> list[T]:
    told = []
    for text in texts:
        with pytest.raises(Refused) as refused:
            await group.propose(text, side=side)
        assert refused.value.buttons == ()
        told.append(refused.value.text)
    return told


@pytest.mark.parametrize(
    ("texts", "side"),
    [
        (THERE_AND_NOT, Side.SELL),
        (("btc 4000", "btc 4999", "btc 5001", "btc 90000"), Side.BUY),
        (("btc 0.09btc @ 70000", "btc 0.5btc @ 70000"), Side.SELL),
        (("btc 0.09btc tp 70000 sl 60000", "btc 0.5btc tp 70000 sl 60000"), Side.SELL),
        (("btc 4000 tp +4% sl -2%", "btc 6000 tp +4% sl -2%"), Side.BUY),
    ],
)
async def test_beyond_the_cap_of_an_order_nobody_learns_whether_the_account_could(
    group: Group, texts: Sequence[str], side: Side
) -> None:
    told = await answers(group, texts, side)
    assert {text.key for text in told} == {"approvals.order_too_large"}
    assert await group.all() == []


async def test_nor_beyond_the_cap_of_a_day(group: Group) -> None:
    await group.rule_without_caps(Policy(per_order=None, per_day=Decimal(1000)))
    assert {text.key for text in await answers(group, THERE_AND_NOT)} == {"approvals.day_used_up"}


async def test_nor_in_a_pair_that_is_not_allowed(group: Group) -> None:
    await group.rule(replace(Policy(), pairs=("ETH-USDT",)))
    told = await answers(group, ("btc 0.001btc", *THERE_AND_NOT))
    assert len({repr(text) for text in told}) == 1
    assert told[0].key == "approvals.pair_not_allowed"


async def test_nor_beyond_what_the_treasurer_allows(group: Group) -> None:
    await group.rule_without_caps()
    await Guards(group.world.database, group.world.wall).set_limit(group.person(ANN), Limit.ORDER, "1000")
    assert {text.key for text in await answers(group, THERE_AND_NOT)} == {"trading.desk_limited"}


async def test_within_all_of_them_it_is_said_that_the_account_lacks_it(group: Group) -> None:
    await group.rule(replace(Policy(), per_order=Decimal(900)))
    await group.propose("btc 0.013btc", EVE, Side.SELL)
    for _ in range(8):
        await group.world.send("btc 0.0124btc", Side.SELL)
    (told,) = await answers(group, ("btc 0.013btc",))
    assert told == T("trading.desk_no_funds")
