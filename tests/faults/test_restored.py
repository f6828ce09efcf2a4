"""Row D6: an older copy of the database was put back. Until an account has been searched for orders that the copy
lacks, nothing is sent with it, whatever happens in between."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import a_moment
from tests.faults.copies import back_up, restore, start
from tests.trading.desk import BORIS, PLACE, Desk, read
from tgbot.accounts.guards.rules import Limit
from tgbot.chat.sending import LONGEST_TOAST
from tgbot.core.errors import Refused, TooLate
from tgbot.core.orders import Side
from tgbot.core.reply import Reply
from tgbot.kucoin.sign import Credentials
from tgbot.markets.rules import Directory
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State

RESTING = "btc 0.01btc @ 66000"
DONE = "/api/v1/hf/orders/done"
HELD_BACK = r"trading\.being_searched"


@pytest.fixture
async def older(desk: Desk, tmp_path: Path) -> Path:
    """A copy that knows Ann and one ticket of hers."""
    await desk.ticket("eth 100")
    file = tmp_path / "older.db"
    back_up(desk.database, file)
    return file


async def ours(desk: Desk) -> int:
    return len((await desk.now.orders.open(desk.person())).ours)


async def credentials_of(desk: Desk) -> Credentials:
    """Those that Ann trades with."""
    return (await desk.now.keys.account(desk.person())).spot._credentials


async def is_held_back(desk: Desk) -> bool:
    with suppress(Refused):
        await desk.ticket("btc 100")
        return False
    return True


def refuse(desk: Desk, code: str, message: str, *, api_key: str = "", path: str = "/api/", query: str = "") -> Any:
    """KuCoin says so to whatever fits, until the returned function is called."""
    real = desk.faults._app

    async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        headers = dict(scope.get("headers", ()))
        fits = api_key.encode() in headers.get(b"kc-api-key", b"") and query.encode() in scope.get("query_string", b"")
        if not fits or b"kc-api-key" not in headers or not scope["path"].startswith(path):
            await real(scope, receive, send)
            return
        body = json.dumps({"code": code, "msg": message}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    desk.faults._app = app

    def mend() -> None:
        desk.faults._app = real

    return mend


async def test_nothing_is_sent_until_the_account_is_searched_and_then_the_limits_count_what_was_found(
    desk: Desk, older: Path
) -> None:
    await desk.now.tickets._guards.set_limit(desk.person(), Limit.DAY, "1000")
    back_up(desk.database, older.with_name("with a limit.db"))
    await desk.send("btc 230")
    await desk.send("btc 0.01btc")
    await desk.send(RESTING.replace("0.01", "0.001"))
    await restore(desk, older.with_name("with a limit.db"))
    noticed = desk.clock.now()
    for text in ("btc 230", "eth 20"):
        with pytest.raises(Refused, match=HELD_BACK) as refused:
            await desk.ticket(text)
    toast = Reply((refused.value.text,))
    assert max(len(read(toast, language)) for language in ("en", "ru")) <= LONGEST_TOAST
    assert len((await desk.now.orders.open(desk.person())).others) == 1, "looking goes on"
    assert len((await desk.now.orders.cancel_many(desk.person())).others) == 1, "and so does cancelling"
    await desk.now.restoration.run()
    assert desk.clock.now() - noticed >= timedelta(seconds=17), "what a dying process has sent is listed by then"
    await desk.rounds(0, 31)
    with pytest.raises(Refused, match="day_used_up"):
        await desk.ticket("btc 110")
    await desk.send("btc 90")
    assert len(desk.placed()) == 4


async def test_orders_of_others_and_a_restart_do_not_end_the_search(desk: Desk, tmp_path: Path) -> None:
    """Boris is searched and sends again, while KuCoin refuses Ann: the file names his order, which is known."""
    await desk.link(BORIS)
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.send(RESTING)
    await restore(desk, older)
    mend = refuse(desk, "400006", "The ip is not in the whitelist", api_key=(await credentials_of(desk)).key)
    assert not await desk.now.restoration.look()
    shown = await desk.ticket("btc 100", person=desk.person(BORIS))
    await desk.confirm(shown.intent)
    await start(desk)
    mend()
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.ticket(RESTING)
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert await ours(desk) == 1
    await desk.send("btc 100")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("400003", "KC-API-KEY not exists"),
        ("400006", "The requested ip address is not in the api whitelist"),
        ("400007", "Access denied, require more permission."),
        ("411100", "User is frozen."),
    ],
)
async def test_a_refused_account_is_told_once_and_searched_when_it_is_mended(
    desk: Desk, older: Path, code: str, message: str
) -> None:
    await desk.send(RESTING)
    await restore(desk, older)
    await desk.told()
    mend = refuse(desk, code, message)
    for _ in range(3):
        assert not await desk.now.restoration.look()
        desk.clock.advance(301)
    await start(desk)
    assert not await desk.now.restoration.look()
    (told,) = await desk.told()
    assert f"{message} ({code})" in told
    mend()
    assert await is_held_back(desk)
    await start(desk)
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert await ours(desk) == 1
    await desk.send("btc 100")


async def test_a_pair_that_kucoin_refuses_hides_no_other_and_is_named(desk: Desk, older: Path) -> None:
    await desk.send(RESTING)
    await restore(desk, older)
    await desk.told()
    refuse(desk, "900001", "symbol not exists", path=DONE, query="ETH-USDT")
    assert await desk.now.restoration.look()
    (told,) = await desk.told()
    assert "1 order found" in told
    assert "orders of ETH-USDT" in told
    await desk.rounds(0)
    assert await ours(desk) == 1
    await desk.send("btc 100")


async def test_a_pair_that_is_gone_is_neither_asked_for_nor_in_the_way(
    desk: Desk, older: Path, foreign: set[str]
) -> None:
    """Also where a stop of ours still waits in it."""
    await desk.send(RESTING)
    stop = await desk.send("eth 100 stop 3300")
    await restore(desk, older)
    await desk.told()
    desk.symbols._directory = Directory([rule for rule in desk.market.rules.values() if rule.symbol != "ETH-USDT"])
    mend = refuse(desk, "900001", "symbol not exists", path=DONE, query="ETH-USDT")
    assert await desk.now.restoration.look()
    (told,) = await desk.told()
    assert "1 order found" in told
    assert "ETH-USDT" not in told
    mend()
    await desk.settle()
    (other,) = (await desk.now.orders.open(desk.person())).others
    assert other.symbol == stop.spec.symbol
    foreign.add(other.client_oid)


async def test_a_key_that_the_copy_lacks_is_searched_when_it_is_linked_again(desk: Desk, older: Path) -> None:
    """By the role, which goes on for as long as it matters."""
    await desk.link()
    await desk.send(RESTING)
    lost = await credentials_of(desk)
    await restore(desk, older)
    await desk.now.restoration.run()
    await desk.now.keys.link(desk.person(), lost)
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.ticket(RESTING)
    await start(desk)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        role = tasks.create_task(desk.now.restoration.keep())
        while await is_held_back(desk):
            await a_moment(0.003)
        role.cancel()
    await desk.rounds(0)
    assert await ours(desk) == 1
    await desk.send("btc 100")


async def test_a_key_that_is_linked_when_kucoin_lists_nothing_from_before_is_not_held_back(
    desk: Desk, older: Path
) -> None:
    await desk.send(RESTING)
    await restore(desk, older)
    await desk.now.restoration.run()
    desk.clock.advance(timedelta(days=7, seconds=1).total_seconds())
    await desk.link(BORIS)
    await desk.ticket("btc 100", person=desk.person(BORIS))
    await desk.now.restoration.keep()  # and it ends
    await desk.settle()


async def test_an_order_that_never_arrived_is_noticed_once(desk: Desk, older: Path) -> None:
    """It can not be found, so the database never knows it; later starts leave tickets alone."""
    desk.faults.add("POST", PLACE, Mode.HTML, status=502)
    await desk.send(RESTING)
    assert desk.placed() == []
    await restore(desk, older)
    await desk.now.restoration.run()
    shown = await desk.ticket("btc 100")
    await start(desk)
    assert await desk.confirm(shown.intent) is None


async def test_put_back_once_more_it_is_noticed_once_more(desk: Desk, older: Path) -> None:
    await desk.send(RESTING)
    await restore(desk, older)
    await desk.now.restoration.run()
    await desk.rounds(0)
    again = await desk.send("btc 0.01btc @ 65000")
    assert (await desk.intent(again)).state is State.OPEN
    await restore(desk, older)
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.ticket(RESTING)
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert await ours(desk) == 2


async def test_a_copy_from_the_middle_of_the_search_goes_on_with_it(desk: Desk, older: Path) -> None:
    await desk.send(RESTING)
    await restore(desk, older)
    middle = older.with_name("middle.db")
    back_up(desk.database, middle)
    await desk.now.restoration.run()
    await restore(desk, middle)
    with pytest.raises(Refused, match=HELD_BACK):
        await desk.ticket(RESTING)
    await desk.now.restoration.run()
    await desk.rounds(0)
    assert await ours(desk) == 1


async def test_an_account_with_two_keys_has_each_order_found_once(desk: Desk, tmp_path: Path) -> None:
    await desk.now.keys.link(desk.person(BORIS), await credentials_of(desk))
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.send(RESTING)
    await desk.send("btc 0.01", Side.SELL)
    await restore(desk, older)
    await desk.now.restoration.run()
    found = [text for text in await desk.told() if "found at KuCoin" in text]
    assert len(found) == 1
    assert "2 orders found" in found[0]
    await desk.settle()


async def test_its_tickets_say_why_they_are_void(desk: Desk, tmp_path: Path) -> None:
    shown = await desk.ticket("btc 100")
    older = tmp_path / "older.db"
    back_up(desk.database, older)
    await desk.send(RESTING)
    await restore(desk, older)
    with pytest.raises(TooLate, match=r"trading\.ticket_void"):
        await desk.confirm(shown.intent)
    await desk.now.restoration.run()
    await desk.settle()
