"""A journey through every command, in front of the strict Bot API checker. Runs in the rig's own environment.

Arguments: the bot's command line as a JSON list, its environment as JSON, a KuCoin key triple as JSON, and the rig's
folder. Exits with 0 if nothing was wrong, else with what was.
"""

import json
import re
import sys

COMMAND, ENVIRONMENT, TRIPLE, FOLDER = sys.argv[1:]
sys.path.insert(0, FOLDER)

from driver import Rig  # type: ignore[import-not-found]  # noqa: E402 - the rig is no package; it lies in that folder

MOVED = "The price has moved"
KEY, SECRET, PASSPHRASE = json.loads(TRIPLE)


class Guest:
    """A person who expects something of the bot at every step."""

    def __init__(self, rig: Rig, name: str, language: str) -> None:
        self.rig = rig
        self.person = rig.person(name, lang=language)

    def say(self, text: str, expect: str) -> str:
        return self._after(lambda: self.person.say(text), expect)

    def press(self, label: str, expect: str) -> str:
        return self._after(lambda: self.person.press(label), expect)

    def confirm(self, expect: str) -> str:
        """As often as the market moves between the ticket and the tap."""
        said = MOVED
        while MOVED in said:
            said = self.press("Confirm", f"{expect}|{MOVED}")
        return said

    def _after(self, act: object, expect: str) -> str:
        mark = len(self.rig.emu.events)
        act()  # type: ignore[operator]  # a lambda around the untyped rig
        return str(self.rig.wait(expect, seat=self.person, since=mark).all_text())


def look_around(ann: Guest, bob: Guest) -> None:
    ann.say("/start", "Hello Ann")
    bob.say("/start", "Bob!")
    ann.say("/help", "What would you like")
    ann.press("Buy and sell", "/buy")
    ann.say("/help buy", "/buy PAIR")
    ann.say("/settings", "Time zone")
    ann.say("/settings zone Europe/Berlin", "Europe/Berlin")
    ann.say("/settings nonsense 1", "no setting")
    ann.say("/price btc", "BTC-USDT")
    ann.press("Refresh", "BTC-USDT")
    ann.press("Chart", "in 5 d")
    ann.press("4h", "in 20 d")
    ann.press("☀ Light", "in 20 d")
    ann.say("/chart btc 2h", "no candles")
    ann.press("1w", "BTC-USDT")
    ann.say("/book btc", "Spread")
    ann.say("/movers", "Risen most")
    ann.press("Volume", "Traded most")
    ann.say("/price btc eth", "ETH-USDT")
    ann.say("/price btcc", "Did you mean")
    ann.say("/nonsense", "nonsense")
    ann.say("hello", "/help")


def trade_on_paper(ann: Guest) -> None:
    ann.say("/buy btc 100", "Try on paper")
    ann.press("Try on paper", "10,000 USDT")
    ann.say("/mode", "paper")
    ann.say("/buy", "What shall I buy")
    ann.say("/buy btc", "How much")
    ann.say("/buy btc 100", "Buy BTC-USDT")
    ann.confirm("^Filled")
    ann.say("/buy btc 50 @ -5%", "limit order")
    ann.confirm("^Placed")
    short = re.search(r"#(\w+)", ann.say("/orders", "open order"))
    assert short
    ann.say(f"/order {short[1]}", "Placed")
    ann.say(f"/cancel {short[1]}", "Cancelled.*\n.*\nAsked")
    ann.say("/cancel all", "No open orders")
    ann.say("/sell btc max", "Sell BTC-USDT")
    ann.press("Edit", "How much")
    ann.say("/sell btc 50%", "Sell BTC-USDT")
    ann.press("Cancel", "Dropped")
    ann.say("/balance", "USDT")
    ann.say("/paper reset", "paper")


def be_told(ann: Guest) -> None:
    ann.say("/watch btc eth", "BTC-USDT")
    ann.say("/unwatch eth", "ETH-USDT")
    ann.say("/unwatch all", "")
    ann.say("/alert btc > 1000000", "1,000,000")
    ann.say("/alert eth", "ETH-USDT")
    ann.press("✎ Edit", "What instead")
    ann.say("until 31.12. note sell half", "Note: sell half")
    short = re.search(r"#(\w+)", ann.say("/alerts", "BTC-USDT"))
    assert short
    ann.press(f"💤 {short[1]}", "snoozed until")
    ann.press(f"✕ {short[1]}", "No alerts yet")
    ann.say("/alert btc 5% 1h", "±5% in 1 h")
    ann.say("/alert btc rsi 1h < 30 and < 60000", "RSI 1h < 30 and < 60,000")
    ann.say("/alert btc ma 50/200 1h", "MA 50/200 1h")
    ann.say("/alert btc volume 3x 1h every 1d", "volume 3× 1h")
    ann.say("/alert listing", "new listings")
    ann.say("/alert delisting", "delistings of my coins")
    ann.say("/alerts", "new listings")
    ann.press("✕ new listings", "delistings of my coins")
    ann.say("/settings rearm 0.1%", "0.1%")


def trade_live(ann: Guest) -> None:
    ann.say("/connect", "API key")
    ann.press("Cancel", "")
    ann.say("/connect", "API key")
    ann.say(KEY, "secret")
    ann.say(SECRET, "passphrase")
    ann.say(PASSPHRASE, "Connected")
    ann.say("/keys", KEY[-4:])
    ann.say("/mode live", "live")
    ann.say("/buy btc 20", "Buy BTC-USDT")
    ann.confirm("^Filled: buy BTC for 20 USDT")


def meet_in_a_group(ann: Guest, bob: Guest) -> None:
    team = ann.rig.group("team", owner=ann.person, members=[bob.person])
    assert "BTC-USDT" in ann.person.at(team).say("/price btc").text
    ann.person.at(team).say("/buy btc 100")
    ann.person.block()
    ann.person.unblock()
    ann.say("/start", "Hello Ann")


def keep_secrets(ann: Guest) -> None:
    for secret in (KEY, SECRET, PASSPHRASE):
        assert not ann.rig.said(re.escape(secret)), "a secret was sent"
        assert secret not in ann.person.screen(count=100), "a secret is still in the chat"


def main() -> str:
    """What the checker found; nothing if all is well."""
    with Rig(json.loads(COMMAND), env=json.loads(ENVIRONMENT)) as rig:
        ann, bob = Guest(rig, "Ann", "en"), Guest(rig, "Bob", "ru")
        try:
            look_around(ann, bob)
            trade_on_paper(ann)
            be_told(ann)
            trade_live(ann)
            meet_in_a_group(ann, bob)
            keep_secrets(ann)
        finally:
            rig.stop()
            sys.stdout.write(f"{rig.report()}\n{rig.bot_log()[-3000:]}\n")
        return "\n".join(rig.violations())


sys.exit(main() or 0)
