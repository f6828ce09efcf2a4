"""How limits and freezes look in the chat."""

from datetime import datetime
from decimal import Decimal

from tgbot.accounts.guards.rules import Limit, Limits, Setting
from tgbot.accounts.guards.service import Shown
from tgbot.core.reply import Button, Reply, T

AMOUNTS = {Limit.ORDER: (100, 500, 1_000, 5_000), Limit.DAY: (500, 1_000, 5_000, 20_000)}
NONE = "none"
NO_LIMIT = frozenset({NONE, "all"})  # as the list says of pairs


def limits(shown: Shown, saved: Setting | None = None, now: datetime | None = None) -> Reply:
    """All of them; the one just saved comes first."""
    said = [] if saved is None or now is None else [_saved(saved, now)]
    buttons = tuple(Button(T(f"guards.set_{limit}"), f"limit:{limit}") for limit in Limit)
    return Reply(
        (*said, T("guards.title"), *lines(shown), T("guards.how")), (buttons, (Button(T("accounts.back"), "settings"),))
    )


def lines(shown: Shown) -> tuple[T, ...]:
    waiting = (_waiting(setting) for setting in shown.waiting)
    frozen = (T("guards.is_frozen"),) if shown.is_frozen else ()
    return (*(_line(limit, shown.limits) for limit in Limit), *waiting, *frozen)


def choose(limit: Limit) -> Reply:
    none = Button(_unlimited(limit), f"limit:{limit} {NONE}")
    back = Button(T("accounts.back"), "limit")
    if limit is Limit.PAIRS:
        return Reply((T("guards.choose_pairs"),), ((none,), (back,)))
    amounts = [Button(T.of("guards.amount", amount=amount), f"limit:{limit} {amount}") for amount in AMOUNTS[limit]]
    return Reply((T(f"guards.choose_{limit}"),), (tuple(amounts[:2]), tuple(amounts[2:]), (none, back)))


def frozen() -> Reply:
    """Trading is frozen; what is open is a tap away from being cancelled."""
    buttons = ((Button(T("guards.cancel_orders"), "orders_cancel"),), (Button(T("guards.resume"), "resume"),))
    return Reply((T("guards.frozen"), T("guards.frozen_how")), buttons)


def thawed(was_frozen: bool) -> Reply:
    return Reply((T("guards.thawed" if was_frozen else "guards.was_not_frozen"),))


def _line(limit: Limit, limits: Limits) -> T:
    match limit:
        case Limit.ORDER if limits.per_order is not None:
            return T.of("guards.order_is", amount=limits.per_order)
        case Limit.DAY if limits.per_day is not None:
            return T.of("guards.day_is", amount=limits.per_day)
        case Limit.PAIRS if limits.pairs is not None:
            return T.of("guards.pairs_are", pairs=", ".join(sorted(limits.pairs)))
    return T(f"guards.no_{limit}")


def _waiting(setting: Setting) -> T:
    value: str | T = setting.value or _unlimited(setting.limit)
    if setting.value and setting.limit is not Limit.PAIRS:
        value = T.of("guards.amount", amount=Decimal(setting.value))
    return T.of("guards.waiting", limit=T(f"guards.set_{setting.limit}"), value=value, at=setting.effective_at)


def _unlimited(limit: Limit) -> T:
    return T("guards.all" if limit is Limit.PAIRS else "guards.none")


def _saved(setting: Setting, now: datetime) -> T:
    if setting.effective_at <= now:
        return T("guards.saved")
    return T.of("guards.saved_later", at=setting.effective_at)
