"""What becomes of orders at KuCoin when something goes wrong: refusals, lost answers, orders of other programs, exits
that cannot be placed, and a backup that was put back."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from tests.flows.gallery.chapters.steps import linked, on_paper, ordered, placed
from tests.flows.gallery.traveller import Traveller
from tests.flows.test_restored import put_back as move_back
from tgbot.core.ids import mark_of
from tgbot.credentials import store as key_store
from tgbot.db.engine import Database
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode
from tgbot.paper.requests import OrderRequest, read_body

PLACE, CANCEL = "/api/v1/hf/orders", "/api/v1/hf/orders/.*"
BY_CLIENT_OID = "/api/v1/hf/orders/client-order/.*"
OCOS, STOPS = "/api/v3/oco/order", "/api/v1/stop-order"


async def hear_outcomes(one: Traveller) -> None:
    """The first words of an order's card."""
    await linked(one)
    await ordered(one, "/buy btc 20")
    faults = one.stage.faults
    faults.add("POST", PLACE, Mode.ERROR, status=401, code="400002", message="KC-API-TIMESTAMP Invalid")
    await ordered(one, "/buy btc 20")
    faults.add("POST", PLACE, Mode.ERROR, code="400100", message="Order size below the minimum requirement.")
    await ordered(one, "/buy btc 20")
    faults.add("POST", PLACE, Mode.LOST)
    faults.add("GET", BY_CLIENT_OID, Mode.ERROR, times=999, code="400100", message="The order does not exist.")
    await ordered(one, "/buy btc 20")
    await one.say("/orders")
    faults.clear()
    await one.hear("found", "trading.filled")
    faults.add("POST", PLACE, Mode.DROP)
    await ordered(one, "/buy btc 30")
    one.pass_time(seconds=16)
    await one.hear("16 s later", "trading.not_placed")
    await placed(one, "/buy btc 0.01btc @ 66000")
    faults.add("DELETE", CANCEL, Mode.LOST, times=9)
    await one.press("order_cancel")
    faults.clear()
    faults.add("POST", PLACE, Mode.DROP)
    faults.add("GET", BY_CLIENT_OID, Mode.HTML, times=9999, status=503)
    await placed(one, "/buy eth 30")
    one.pass_time(days=4)
    await one.hear("4 days later", "trading.indeterminate", faults.clear)
    await one.say("/buy eth 30")
    await one.press("order_checked")


async def be_told_no(one: Traveller) -> None:
    """KuCoin's refusals, with what to do about them."""
    await linked(one)
    for code, message in (
        ("200004", "Balance insufficient!"),
        ("400006", "The requested ip address is not in the api whitelist"),
        ("400007", "Access denied, require more permission"),
        ("400370", "Order price cannot be higher than 73700"),
        ("200001", "Trading of this symbol is suspended"),
    ):
        one.stage.faults.add("POST", PLACE, Mode.ERROR, code=code, message=message)
        await ordered(one, "/buy btc 20")
    await one.quietly("/buy btc 20", "/mode paper")
    await one.press("ticket_ok")
    await one.press("ticket_fresh")
    await one.quietly("/buy btc 20", "/mode live")
    await one.tap("ticket_ok")
    await one.press("ticket_fresh")
    await one.quietly("/balance")
    one.stage.faults.add("GET", "/api/v1/.*", Mode.HTML, times=99, status=503)
    await one.say("/balance", "/price eth")


async def trade_elsewhere(one: Traveller) -> None:
    """Another program, and another copy of the bot, use the same account."""
    account = await linked(one)
    await placed(one, "/buy btc 0.01btc @ 66000")
    await one.stage.until(lambda: one.stage.kucoin.streams.readers("/spotMarket/tradeOrdersV2"))
    await _elsewhere(one, account, "web1")
    await one.hear("made elsewhere", "trading.foreign_order")
    await one.say("/orders")
    await one.press("other_cancel")
    await _elsewhere(one, account, "web2", "64500")
    await one.quietly("/orders")
    await one.hear("BTC-USDT 64490", "trading.footer_other", lambda: one.stage.price("BTC-USDT", 64_490))
    await placed(one, "/buy btc 0.01btc @ 61000")
    await one.stage.until(lambda: one.stage.kucoin.streams.readers("/spotMarket/tradeOrdersV2"))
    await _elsewhere(one, account, f"{await _mark(one)}{'a' * 32}", "60000")
    await one.hear("with our mark", "trading.adopted")
    await _elsewhere(one, account, "web3", "59000")
    await one.quietly("/orders")
    await one.say("/cancel all")


async def _elsewhere(one: Traveller, account: Credentials, client_oid: str, price: str = "65000") -> None:
    fields = {"side": "buy", "symbol": "BTC-USDT", "type": "limit", "price": price, "size": "0.002"}
    body = json.dumps(fields | {"clientOid": client_oid}).encode()
    await one.stage.kucoin._engine.place(account.key, read_body(body, OrderRequest))


async def _mark(one: Traveller) -> str:
    database = Database(one.stage.settings.database_url.get_secret_value())
    async with database.read() as session:
        installation = await key_store.installation(session)
    await database.close()
    assert installation is not None
    return mark_of(installation.id)


async def lose_exits(one: Traveller) -> None:
    """Profit and loss that KuCoin does not take, or that wait."""
    await on_paper(one)
    await linked(one)
    await one.quietly("/mode live")
    faults = one.stage.faults
    faults.add("POST", OCOS, Mode.ERROR, times=3, code="200001", message="Trading is suspended")
    await ordered(one, "/buy btc 0.01btc tp +4% sl -2%")
    await one.hear("its exit", "trading.exit_goes_on")
    one.look_away()
    await one.hear("half a minute later", "trading.exit_no_profit")
    faults.clear()
    await placed(one, "/buy btc 0.01btc @ 66000 tp +4% sl -2%")
    await one.quietly("/panic")
    await one.hear("filled while frozen", "trading.exit_waits", lambda: one.stage.price("BTC-USDT", 65_990))
    await one.say("/orders")
    await one.quietly("/resume")
    await one.hear("/resume", "trading.footer_exit")


async def put_back(one: Traveller) -> None:
    """An older copy of the database."""
    file = Path(make_url(one.stage.settings.database_url.get_secret_value()).database or "")
    older = one.stage.folder / "older.db"
    await linked(one)
    await one.quietly("/buy btc 0.01btc @ 66000")
    short = one.short()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(older)) as copy:
        source.backup(copy)
    await one.tap("ticket_ok")
    await one.stop_bot()
    move_back(older, file)
    await one.wake_bot()
    one.look_away()
    await one.say(f"/order {short}", "/buy btc 100")
    await one.hear("a minute later", "trading.adopted")
