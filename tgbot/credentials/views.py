"""How accounts and keys look in the chat."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tgbot.core.buttons import CONNECT, TRY_ON_PAPER
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Code, Reply, T
from tgbot.credentials.entry import Asked
from tgbot.credentials.rules import SEE_KEYS, Suspension
from tgbot.credentials.store import LinkedKey

_STOP = ((Button(T("common.cancel"), "connect_stop"),),)


def ask(asked: Asked) -> Reply:
    remark = (asked.remark,) if asked.remark else ()
    return Reply((*remark, T(f"credentials.ask_{asked.step}")), _STOP, is_new=True)


def connected(key: LinkedKey, mode: Mode | None) -> Reply:
    lines = [
        T.of("credentials.connected", last_four=Code(key.last_four), rights=", ".join(sorted(key.permissions))),
        _ip_line(key),
        T("credentials.paper_stays") if mode is Mode.PAPER else T("credentials.live_now"),
    ]
    switch = [[Button(T("credentials.to_live"), "mode:live")]] if mode is Mode.PAPER else []
    name = [Button(T("credentials.name_it"), f"key_name:{key.short}")]
    return Reply(tuple(lines), (*map(tuple, switch), tuple(name)), is_new=True)


def mode(current: Mode | None) -> Reply:
    if current is None:
        return Reply((T("credentials.mode_none"),), ((TRY_ON_PAPER,), (CONNECT,)))
    other = Mode.LIVE if current is Mode.PAPER else Mode.PAPER
    return Reply((T(f"credentials.mode_{current}"),), ((Button(T(f"credentials.to_{other}"), f"mode:{other}"),),))


def paper_opened() -> Reply:
    return Reply((T("credentials.paper_opened"), T("credentials.paper_next")), is_new=True)


def keys(linked: list[LinkedKey], idle_left: Mapping[str, timedelta], now: datetime) -> Reply:
    """`idle_left` has the keys that KuCoin takes the trading right from."""
    if not linked:
        return Reply((T("credentials.no_keys"),), ((TRY_ON_PAPER,), (CONNECT,)))
    lines = [T.of("credentials.keys_title", count=len(linked))]
    buttons = []
    for key in linked:
        lines += _key_lines(key, idle_left.get(key.id), now)
        buttons += _key_buttons(key)
    refresh = SEE_KEYS if any(key.mode is Mode.LIVE for key in linked) else ()
    return Reply(tuple(lines), (*buttons, *refresh, (CONNECT,)))


def suspended(key: LinkedKey, suspension: Suspension) -> Reply:
    title = T.of("credentials.now_suspended", name=_name(key), last_four=Code(key.last_four), short=key.short)
    return Reply((title, suspension.in_words(), T("credentials.suspended_how")), SEE_KEYS)


def works_again(key: LinkedKey) -> Reply:
    text = T.of("credentials.works_again", name=_name(key), last_four=Code(key.last_four), short=key.short)
    return Reply((text,), SEE_KEYS)


def idle(key: LinkedKey, left: timedelta) -> Reply:
    """`left` until KuCoin takes the trading right."""
    title = T.of("credentials.now_idle", name=_name(key), last_four=Code(key.last_four), short=key.short)
    return Reply((title, _idle_line(left), T("credentials.idle_how")), SEE_KEYS)


def confirm_disconnect(key: LinkedKey) -> Reply:
    yes = Button(T("credentials.drop_yes"), f"key_drop_yes:{key.short}")
    return Reply((T.of("credentials.drop_question", name=_name(key)),), ((yes, Button(T("common.cancel"), "keys")),))


def _key_lines(key: LinkedKey, idle_left: timedelta | None, now: datetime) -> list[T]:
    title = f"credentials.key_active_{key.mode}" if key.is_active else "credentials.key_idle"
    if key.mode is Mode.PAPER:
        return [T.of(title, short=key.short, name=T("credentials.paper_account"))]
    facts = T.of(
        "credentials.key_facts",
        last_four=Code(key.last_four),
        rights=", ".join(sorted(key.permissions)),
        age=now - key.made_at,
        uid=key.uid,
        kind=T("credentials.master" if key.is_master else "credentials.sub"),
    )
    trouble = [T.of("credentials.key_trouble", trouble=key.suspension.in_words())] if key.suspension else []
    ip_line = _ip_line(key) if idle_left is None else _idle_line(idle_left)
    checked = T.of("credentials.key_checked", ago=now - key.checked_at)
    return [T.of(title, short=key.short, name=_name(key)), *trouble, facts, ip_line, checked]


def _key_buttons(key: LinkedKey) -> list[tuple[Button, ...]]:
    use = [] if key.is_active else [Button(T.of("credentials.use", short=key.short), f"key_use:{key.short}")]
    if key.mode is Mode.PAPER:
        return [tuple(use)] if use else []
    name = Button(T.of("credentials.rename", short=key.short), f"key_name:{key.short}")
    drop = Button(T.of("credentials.drop", short=key.short), f"key_drop:{key.short}")
    return [(*use, name), (drop,)]


def _ip_line(key: LinkedKey) -> T:
    """KuCoin takes the trading right from keys without an IP list after 30 idle days (support 360015102174)."""
    return T.of("credentials.ip_list", count=key.ip_count) if key.ip_count else T("credentials.no_ip_list")


def _idle_line(left: timedelta) -> T:
    return T.of("credentials.idle_left", left=left) if left else T("credentials.idle_over")


def _name(key: LinkedKey) -> str | T:
    return key.label or T("credentials.unnamed")
