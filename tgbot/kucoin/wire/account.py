"""What KuCoin says of a key and of the account behind it."""

from decimal import Decimal

from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.orders import Balance, Fees
from tgbot.kucoin.wire.values import Wire, decode, moment


class _KeyInfo(Wire):
    permission: str
    created_at: int
    uid: int | str
    remark: str = ""
    api_version: int = 0
    is_master: bool = True
    ip_whitelist: str | None = None


def key_info(data: bytes) -> KeyInfo:
    answer = decode(_KeyInfo, data)
    return KeyInfo(
        permissions=frozenset(_words(answer.permission)),
        ip_whitelist=_words(answer.ip_whitelist or "") or None,
        created_at=moment(answer.created_at),
        uid=str(answer.uid),
        is_master=answer.is_master,
        remark=answer.remark,
        api_version=answer.api_version,
    )


class _Mode(Wire):
    self_account_mode: str


def account_mode(data: bytes) -> AccountMode:
    modes = {"CLASSIC": AccountMode.CLASSIC, "UNIFIED": AccountMode.UNIFIED}
    return modes.get(decode(_Mode, data).self_account_mode, AccountMode.UNKNOWN)


class _Account(Wire):
    currency: str
    type: str
    available: Decimal
    holds: Decimal


def balances(data: bytes) -> list[Balance]:
    accounts = decode(list[_Account], data)
    return [
        Balance(account.currency, account.available, account.holds) for account in accounts if account.type == "trade"
    ]


class _Fee(Wire):
    symbol: str
    taker_fee_rate: Decimal
    maker_fee_rate: Decimal


def fees(symbol: str, data: bytes) -> Fees:
    for fee in decode(list[_Fee], data):
        if fee.symbol == symbol:
            return Fees(fee.maker_fee_rate, fee.taker_fee_rate)
    raise ValueError(f"no fees for {symbol}")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
