"""What is typed on the command line, read; what makes no sense raises `click.BadParameter`."""

from decimal import Decimal, InvalidOperation

import click

from tgbot.accounts.guards.store import EVERYBODY


def read_address(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter("must look like 127.0.0.1:8070", param_hint="--bind")
    return host.strip("[]"), int(port)


def read_account(text: str) -> tuple[str, tuple[str, str], dict[str, Decimal]]:
    parts = text.split(":")
    if len(parts) != 4:
        raise click.BadParameter("must look like KEY:SECRET:PASSPHRASE:USDT=1000,BTC=1", param_hint="--account")
    key, secret, passphrase, funds = parts
    try:
        pairs = (pair.partition("=") for pair in funds.split(",") if pair)
        balances = {currency.upper(): Decimal(amount) for currency, _, amount in pairs}
    except InvalidOperation:
        balances = {}
    if not all(amount.is_finite() and amount >= 0 for amount in balances.values()) or (funds and not balances):
        raise click.BadParameter(f"{funds} is no list of amounts", param_hint="--account")
    return key, (secret, passphrase), balances


def read_subject(whom: str) -> int:
    if whom == "all":
        return EVERYBODY
    if not whom.removeprefix("-").isdecimal() or int(whom) == EVERYBODY:
        raise click.BadParameter("must be all, or a Telegram id such as 123456789 or -1001234567890")
    return int(whom)


def read_told(text: str) -> tuple[int, str]:
    """A row of the record and how its seal begins."""
    number, _, seal = text.partition(":")
    if not number.isascii() or not number.isdecimal() or len(seal) < 8:
        raise click.BadParameter("must look like 17:9f86d081", param_hint="--told")
    return int(number[:18]), seal
