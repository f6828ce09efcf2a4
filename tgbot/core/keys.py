"""What an exchange says about an API key and the account behind it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """`permissions` are the exchange's own words, e.g. `General`, `Spot`, `Transfer`. `ip_whitelist` holds masked
    addresses and is `None` where the key works from anywhere."""

    permissions: frozenset[str]
    ip_whitelist: tuple[str, ...] | None
    created_at: datetime
    uid: str
    is_master: bool
    remark: str
    api_version: int


class AccountMode(StrEnum):
    """A unified account keeps its money where classic calls do not see it."""

    CLASSIC = "classic"
    UNIFIED = "unified"
    UNKNOWN = "unknown"
