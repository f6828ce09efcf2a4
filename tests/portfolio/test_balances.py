"""The last known balances of an account: kept up to date by streams and lists, and gone with its key."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, event

from tests.trading.conftest import on_both_databases
from tests.trading.desk import Desk
from tgbot.core.errors import ExchangeRejected, ExchangeUnavailable
from tgbot.core.orders import BalanceChange
from tgbot.credentials.store import KeyRow
from tgbot.kucoin.account import SpotAccount
from tgbot.paper.faults import Mode
from tgbot.portfolio import last_balances
from tgbot.portfolio.balances import LastBalances

ACCOUNTS = "/api/v1/accounts"
ZERO = Decimal(0)


def balances_of(desk: Desk) -> LastBalances:
    """As they are in a process that has just begun."""
    desk.now.keys.forget_by(last_balances.forget)
    return LastBalances(desk.database, desk.wall, desk.now.keys)


async def account(desk: Desk) -> tuple[str, SpotAccount]:
    (key,) = await desk.now.keys.linked(desk.person())
    linked = await desk.now.keys.account_of(key.id)
    assert linked is not None
    return key.id, linked.spot


async def kept(desk: Desk, key_id: str) -> dict[str, str]:
    """What the database has, whoever asks."""
    known = await LastBalances(desk.database, desk.wall, desk.now.keys).of(key_id)
    return {one.currency: f"{one.available} {one.hold}" for one in known.all}


@on_both_databases
async def test_a_list_and_what_a_stream_tells_are_kept(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    await balances.ask(key_id, spot)
    assert {one.currency for one in (await balances.of(key_id)).all} == {"BTC", "USDT"}
    assert await kept(desk, key_id) == {}, "nobody waits for that"
    await balances.write()
    assert await kept(desk, key_id) == {"BTC": "0.1 0", "USDT": "5000 0"}

    now = spot.exchange_time()
    balances.heard(key_id, BalanceChange("ETH", Decimal(2), ZERO, now + timedelta(seconds=2)))
    balances.heard(key_id, BalanceChange("ETH", Decimal(1), ZERO, now + timedelta(seconds=1)))
    balances.heard(key_id, BalanceChange("USDT", Decimal(9), ZERO, now - timedelta(seconds=1)))
    await balances.write()
    assert await kept(desk, key_id) == {"BTC": "0.1 0", "ETH": "2 0", "USDT": "5000 0"}
    assert (await balances.of(key_id)).as_of == now + timedelta(seconds=2)

    desk.clock.advance(10)
    await desk.send("btc 0.01btc @ 66000")
    await balances.ask(key_id, spot)
    await balances.write()
    assert await kept(desk, key_id) == {"BTC": "0.1 0", "USDT": "4339.34 660.66"}


async def test_many_changes_of_a_busy_account_are_written_as_few(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    await balances.ask(key_id, spot)
    await balances.write()
    now = spot.exchange_time()
    for number in range(1000):
        at = now + timedelta(milliseconds=number)
        balances.heard(key_id, BalanceChange("USDT", Decimal(number), ZERO, at))
        balances.heard(key_id, BalanceChange("BTC", Decimal(number), ZERO, at))
    written: list[str] = []
    event.listen(desk.database._writer.sync_engine, "before_cursor_execute", lambda *said: written.append(said[2]))
    await balances.write()
    assert len([statement for statement in written if not statement.startswith("SELECT")]) == 1
    assert await kept(desk, key_id) == {"BTC": "999 0", "USDT": "999 0"}


@on_both_databases
async def test_they_go_with_their_key_and_do_not_come_back(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    await balances.ask(key_id, spot)
    await balances.write()
    await balances.ask(key_id, spot)
    (key,) = await desk.now.keys.linked(desk.person())
    await desk.now.keys.disconnect(desk.person(), key)
    assert await kept(desk, key_id) == {}
    await balances.write()
    assert await kept(desk, key_id) == {}
    assert (await balances.of(key_id)).as_of is None


async def test_those_of_keys_that_were_dropped_while_nothing_ran_go_at_the_start(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    await balances.ask(key_id, spot)
    await balances.write()
    async with desk.database.write() as session:
        await session.execute(delete(KeyRow))
        await last_balances.forget_all_gone(session)
    assert await kept(desk, key_id) == {}


async def test_after_a_connection_they_are_asked_for_until_kucoin_answers(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, _ = await account(desk)
    desk.faults.add("GET", ACCOUNTS, Mode.HTML, 3)
    balances.connected(key_id)
    await balances.ask_all()
    await balances.write()
    assert await kept(desk, key_id) == {}
    await balances.ask_all()
    await balances.write()
    assert await kept(desk, key_id) == {"BTC": "0.1 0", "USDT": "5000 0"}
    asked = desk.show(lambda data: data, path=ACCOUNTS)
    await balances.ask_all()
    assert asked.hits == 0


async def test_a_key_that_is_refused_is_not_asked_for_again(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    refused = desk.faults.add("GET", ACCOUNTS, Mode.ERROR, 99, code="400003", message="KC-API-KEY not exists")
    balances.connected(key_id)
    await balances.ask_all()
    await balances.ask_all()
    assert refused.hits == 1
    with pytest.raises(ExchangeRejected):
        await balances.ask(key_id, spot)


async def test_without_an_answer_nothing_is_changed(desk: Desk) -> None:
    balances = balances_of(desk)
    key_id, spot = await account(desk)
    await balances.ask(key_id, spot)
    desk.faults.add("GET", ACCOUNTS, Mode.DROP, 99)
    with pytest.raises(ExchangeUnavailable):
        await balances.ask(key_id, spot)
    assert len((await balances.of(key_id)).all) == 2
