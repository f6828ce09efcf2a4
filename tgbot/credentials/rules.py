"""Which keys we take, and which we go on using: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tgbot.core.errors import ExchangeRejected, Reason, Refused
from tgbot.core.keys import AccountMode, KeyInfo
from tgbot.core.reply import Button, T

# What a key may be able to do. `Transfer` moves money out, past a person's second factor, and is never among it.
HARMLESS = frozenset({"General", "Spot", "Margin", "Futures"})
NEEDED = "Spot"
INNER_TRANSFER = "InnerTransfer"  # between a person's own accounts; taken with their consent once `/transfer` needs it
WITHDRAWAL = frozenset({"Transfer", "Withdrawal"})

KEPT_IDLE_FOR = timedelta(days=30)  # by KuCoin, a trading key without an IP list (support 360015102174)
WARNED_BEFORE = (timedelta(days=1), timedelta(days=7))  # the tightest first

SEE_KEYS = ((Button(T("common.refresh"), "key_check"),),)


class Trouble(StrEnum):
    """Why no order goes out with a key."""

    WITHDRAWAL = "withdrawal"
    RIGHTS = "rights"
    INNER_TRANSFER = "inner_transfer"
    NO_TRADE = "no_trade"
    UNIFIED = "unified"
    REVOKED = "revoked"
    SECRET = "secret"  # noqa: S105 - the name of a trouble
    VERSION = "version"
    IP = "ip"
    PERMISSION = "permission"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Suspension:
    """`detail` are the rights, or KuCoin's own words; empty where there is nothing to add."""

    trouble: Trouble
    detail: str = ""

    def in_words(self) -> T:
        """What is wrong and what to do about it."""
        return T.of(f"credentials.trouble_{self.trouble}", detail=self.detail)


_REFUSED_FOR_TROUBLE = {
    Trouble.WITHDRAWAL: "credentials.refused_rights",
    Trouble.RIGHTS: "credentials.refused_rights",
    Trouble.INNER_TRANSFER: "credentials.refused_inner_transfer",
    Trouble.NO_TRADE: "credentials.refused_no_trade",
    Trouble.UNIFIED: "credentials.refused_unified",
}
_REFUSED_FOR_REASON = {
    Reason.KEY: "credentials.refused_key",
    Reason.IP: "credentials.refused_ip",
    Reason.PERMISSION: "credentials.refused_permission",
    Reason.CLOCK: "credentials.refused_clock",
}
# Of a key that has worked before. A header that went missing on the way (400001) or a clock says nothing about it.
_TROUBLES = {
    "400003": Trouble.REVOKED,
    "400004": Trouble.SECRET,
    "400005": Trouble.SECRET,
    "400006": Trouble.IP,
    "400007": Trouble.PERMISSION,
    "400008": Trouble.VERSION,
    "400009": Trouble.VERSION,
    "400010": Trouble.PERMISSION,
}


def trouble_with(info: KeyInfo) -> Suspension | None:
    """A key that could withdraw, has a right we do not know, or cannot trade."""
    excess = info.permissions - HARMLESS
    if excess & WITHDRAWAL:
        return Suspension(Trouble.WITHDRAWAL, _listed(excess))
    if excess == {INNER_TRANSFER}:
        return Suspension(Trouble.INNER_TRANSFER, INNER_TRANSFER)
    if excess:
        return Suspension(Trouble.RIGHTS, _listed(excess))
    if NEEDED not in info.permissions:
        return Suspension(Trouble.NO_TRADE, NEEDED)
    return None


def trouble_of(account_mode: AccountMode) -> Suspension | None:
    return Suspension(Trouble.UNIFIED) if account_mode is AccountMode.UNIFIED else None


def trouble_behind(error: ExchangeRejected) -> Suspension | None:
    """What KuCoin's refusal says about the key itself, if anything."""
    trouble = _TROUBLES.get(error.code)
    return Suspension(trouble, f"{error.code}: {error.message}") if trouble else None


def unfit(trouble: Suspension) -> Refused:
    """The answer to somebody who wants to link such a key."""
    return Refused(T.of(_REFUSED_FOR_TROUBLE[trouble.trouble], rights=trouble.detail, right=trouble.detail))


def refusal(error: ExchangeRejected) -> Refused:
    """KuCoin's no to a new key, in words that say what to mend."""
    key = _REFUSED_FOR_REASON.get(error.reason, "credentials.refused_other")
    return Refused(T.of(key, code=error.code, message=error.message))


def suspended(short: str, suspension: Suspension) -> Refused:
    """The answer to somebody who wants to trade with a suspended key."""
    return Refused(T.of("credentials.suspended", short=short, trouble=suspension.in_words()), SEE_KEYS)


def idle_left(used_at: datetime, now: datetime) -> timedelta:
    """How long KuCoin still leaves a key without an IP list its trading right; never less than nothing."""
    return max(used_at + KEPT_IDLE_FOR - now, timedelta(0))


def warning_due(left: timedelta) -> timedelta | None:
    """Which of the warnings belongs to this moment."""
    return next((before for before in WARNED_BEFORE if left <= before), None)


def _listed(rights: frozenset[str]) -> str:
    return ", ".join(sorted(rights))
