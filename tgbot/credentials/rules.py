"""Which keys we take: pure decisions."""

from tgbot.core.errors import ExchangeRejected, Reason, Refused
from tgbot.core.keys import KeyInfo
from tgbot.core.reply import T

# What a key may be able to do. `Transfer` moves money out, past a person's second factor, and is never among it.
HARMLESS = frozenset({"General", "Spot", "Margin", "Futures"})
NEEDED = "Spot"
INNER_TRANSFER = "InnerTransfer"  # between a person's own accounts; taken with their consent once `/transfer` needs it

_REFUSALS = {
    Reason.KEY: "credentials.refused_key",
    Reason.IP: "credentials.refused_ip",
    Reason.PERMISSION: "credentials.refused_permission",
    Reason.CLOCK: "credentials.refused_clock",
}


def require_harmless(info: KeyInfo) -> None:
    """Raises `Refused` for a key that could withdraw, has a right we do not know, or cannot trade."""
    excess = sorted(info.permissions - HARMLESS)
    if excess == [INNER_TRANSFER]:
        raise Refused(T("credentials.refused_inner_transfer"))
    if excess:
        raise Refused(T.of("credentials.refused_rights", rights=", ".join(excess)))
    if NEEDED not in info.permissions:
        raise Refused(T.of("credentials.refused_no_trade", right=NEEDED))


def refusal(error: ExchangeRejected) -> Refused:
    """KuCoin's no to a new key, in words that say what to mend."""
    key = _REFUSALS.get(error.reason, "credentials.refused_other")
    return Refused(T.of(key, code=error.code, message=error.message))
