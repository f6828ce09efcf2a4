"""Linking a key, and keys that KuCoin or the bot does not trust any more."""

from sqlalchemy import text

from tests.flows.gallery.chapters.steps import linked, on_paper
from tests.flows.gallery.traveller import Traveller
from tgbot.db.engine import Database
from tgbot.paper.exchange import Credentials
from tgbot.paper.faults import Mode

SUSPENDED = "credentials.now_suspended"
KEY = "/api/v1/user/api-key"


async def link(one: Traveller) -> None:
    await on_paper(one)
    account = await one.stage.kucoin_account()
    await one.say("/connect")
    await one.press("connect_stop")
    await one.say("/connect", "two words", account.key, account.secret, account.passphrase)
    await one.press("key_name")
    await one.say("x" * 41, "Savings")
    await one.say("/keys", "/mode live", "/buy btc 20")
    await one.press("ticket_ok")
    await one.say("/start", "/buy btc 20 stop 70000")
    await one.tap("ticket_ok")
    await one.say("/orders")
    second = await one.stage.kucoin_account()
    await one.quietly("/connect", second.key, second.secret)
    await one.say(second.passphrase, "/keys")
    await one.press("key_use")
    await one.press("key_drop")
    await one.press("key_drop_yes")
    await one.say("/mode")


async def be_refused(one: Traveller) -> None:
    """Keys that are not taken."""
    for rights in ("General,Spot,Transfer", "General,Spot,InnerTransfer", "General"):
        await _offer(one, await one.stage.kucoin_account(permission=rights), rights)
    account = await one.stage.kucoin_account()
    await _offer(one, Credentials(account.key, account.secret, "wrong-horse-1"), "wrong passphrase")
    await one.say("right-horse-9")
    for code, message in (
        ("400006", "The requested ip address is not in the api whitelist"),
        ("400007", "Access denied, require more permission"),
        ("400002", "KC-API-TIMESTAMP Invalid"),
        ("411100", "User is frozen"),
    ):
        one.stage.faults.add("GET", KEY, Mode.ERROR, times=5, code=code, message=message)
        await _offer(one, account, code)
        one.stage.faults.clear()
    one.stage.faults.add("GET", KEY, Mode.HTML, times=9, status=503)
    await _offer(one, account, "no answer")
    one.stage.faults.clear()
    await one.quietly("/connect")
    one.stage.playground.faults.add("deleteMessage", times=1, code=400, detail="message can't be deleted")
    await one.say(account.key)
    await one.quietly("/connect", account.key)
    await one.stop_bot()
    await one.wake_bot()
    await one.say(account.secret)
    one.pass_time(minutes=11)
    await one.say(account.passphrase, "/connect right-horse-9x")


async def _offer(one: Traveller, account: Credentials, what: str) -> None:
    await one.quietly("/connect", account.key, account.secret)
    before = len(one.cards)
    await one.say(account.passphrase)
    one.cards[before:] = [(what, card) for _, card in one.cards[before:]]


async def lose_trust(one: Traveller) -> None:
    """Keys that have become dangerous or useless, and what the doctor says."""
    account = await linked(one, permission="General,Spot")
    await one.say("/keys")
    set_permission = one.stage.kucoin.set_permission
    await set_permission(account.key, "General,Spot,Transfer")
    await _examined(one, "the right Transfer", SUSPENDED)
    await one.say("/keys", "/buy btc 100")
    await one.press_for_toast("key_check")
    await set_permission(account.key, "General")
    await _examined(one, "no right to trade", SUSPENDED)
    await set_permission(account.key, "General,Spot")
    await _examined(one, "mended", "credentials.works_again")
    for code, message in (
        ("400006", "The requested ip address is not in the api whitelist"),
        ("400007", "Access denied, require more permission"),
        ("400004", "Invalid KC-API-PASSPHRASE"),
        ("400009", "Wrong KC-API-KEY-VERSION"),
    ):
        one.stage.faults.add("GET", KEY, Mode.ERROR, times=9, code=code, message=message)
        await _examined(one, code, SUSPENDED)
        one.stage.faults.clear()
    one.stage.faults.add("GET", KEY, Mode.HTML, times=9, status=503)
    one.pass_time(minutes=1)
    await one.press("key_check")
    one.stage.faults.clear()
    await _examined(one, "mended", "credentials.works_again")
    one.pass_time(days=24)
    await _examined(one, "24 days without an order", "credentials.now_idle")
    one.pass_time(days=7)
    await one.say("/keys")
    await one.stage.kucoin.revoke(account.key)
    await _examined(one, "revoked", SUSPENDED)
    await one.quietly("/keys")
    await one.tap("key_drop")
    await one.tap("key_drop_yes")
    await linked(one, permission="General,Spot")
    await one.stop_bot()
    await _damage_keys(one)
    await one.wake_bot()
    await one.hear("a damaged record", "credentials.trouble_broken")


async def _examined(one: Traveller, what: str, key: str) -> None:
    """What the doctor tells of it; the list that was pressed looks as before."""
    one.pass_time(minutes=1)
    await one.quietly("/keys")
    message, label = one.newest("key_check")
    await one.seat.press(label, "", message)
    await one.hear(what, key)


async def _damage_keys(one: Traveller) -> None:
    database = Database(one.stage.settings.database_url.get_secret_value())
    async with database.write() as session:
        await session.execute(text("UPDATE keys SET data = wrapped_key"))
    await database.close()
