"""KuCoin's request signature, key version 3 (docs-new, Authentication)."""

import base64
import hmac
from dataclasses import dataclass, field
from hashlib import sha256

KEY_VERSION = "3"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person's API key. Its `repr` shows none of it."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)


def signature(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA256."""
    digest = hmac.digest(secret.encode(), text.encode(), sha256)
    return base64.b64encode(digest).decode()


def signed_headers(
    credentials: Credentials, timestamp: int, method: str, target: str, body: str = ""
) -> dict[str, str]:
    """What a private call carries. `timestamp` is milliseconds of KuCoin's clock, `target` the path with its query as
    it reads before percent-encoding, `body` the exact text that is sent."""
    return {
        "KC-API-KEY": credentials.key,
        "KC-API-SIGN": signature(credentials.secret, f"{timestamp}{method}{target}{body}"),
        "KC-API-TIMESTAMP": str(timestamp),
        "KC-API-PASSPHRASE": signature(credentials.secret, credentials.passphrase),
        "KC-API-KEY-VERSION": KEY_VERSION,
        "Content-Type": "application/json",
    }
