"""Is a request signed by the key it names? Checked as KuCoin does, in KuCoin's order."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tgbot.paper.rejections import Rejection, unauthorized
from tgbot.paper.stamps import ms

MAX_SKEW_MS = 5000

_HEADERS = ("KC-API-KEY", "KC-API-SIGN", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE")


@dataclass(frozen=True, slots=True)
class Account:
    """A key and whom it belongs to. `permission` is KuCoin's text, comma-separated: `General,Spot`."""

    key: str
    secret: str
    passphrase: str
    permission: str
    uid: int
    created_at: datetime

    def may(self, permission: str) -> bool:
        return permission in self.permission.split(",")


def verify(
    headers: Mapping[str, str], signed: str, body: bytes, now: datetime, find: Callable[[str], Account | None]
) -> Account:
    """The account whose key signed this. `signed` is METHOD + path + un-encoded query. The key version is not looked
    at: versions 2 and 3 sign alike and KuCoin takes either from a new key. Raises `Rejection` 400001…400005."""
    key, sign, timestamp, passphrase = (headers.get(name) for name in _HEADERS)
    if not (key and sign and timestamp and passphrase):
        raise unauthorized("400001", f"Please check the header of your request for {', '.join(_HEADERS)}")
    if not timestamp.isdecimal() or abs(ms(now) - int(timestamp)) >= MAX_SKEW_MS:
        raise unauthorized("400002", "Invalid KC-API-TIMESTAMP")
    account = find(key)
    if account is None:
        raise unauthorized("400003", "KC-API-KEY not exists")
    if not _is_hmac(passphrase, account.secret, account.passphrase.encode()):
        raise unauthorized("400004", "Invalid KC-API-PASSPHRASE")
    if not _is_hmac(sign, account.secret, f"{timestamp}{signed}".encode() + body):
        raise unauthorized("400005", "Invalid KC-API-SIGN")
    return account


def require(account: Account, permission: str) -> None:
    if not account.may(permission):
        raise _denied()


def _denied() -> Rejection:
    return unauthorized("400007", "Access denied--Require more permission.")


def _is_hmac(given: str, secret: str, message: bytes) -> bool:
    expected = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
    return hmac.compare_digest(given.encode(), expected)
