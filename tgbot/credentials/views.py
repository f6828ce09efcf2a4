"""How accounts and keys look in the chat."""

from datetime import datetime

from tgbot.core.buttons import CONNECT, TRY_ON_PAPER
from tgbot.core.people import Mode
from tgbot.core.reply import Button, Code, Reply, T
from tgbot.credentials.entry import Asked
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


def keys(linked: list[LinkedKey], now: datetime) -> Reply:
    if not linked:
        return Reply((T("credentials.no_keys"),), ((TRY_ON_PAPER,), (CONNECT,)))
    lines = [T.of("credentials.keys_title", count=len(linked))]
    buttons = []
    for key in linked:
        lines += _key_lines(key, now)
        buttons += _key_buttons(key)
    return Reply(tuple(lines), (*buttons, (CONNECT,)))


def confirm_disconnect(key: LinkedKey) -> Reply:
    yes = Button(T("credentials.drop_yes"), f"key_drop_yes:{key.short}")
    return Reply((T.of("credentials.drop_question", name=_name(key)),), ((yes, Button(T("common.cancel"), "keys")),))


def _key_lines(key: LinkedKey, now: datetime) -> list[T]:
    title = "credentials.key_active" if key.is_active else "credentials.key_idle"
    if key.mode is Mode.PAPER:
        return [T.of(title, short=key.short, name=T("credentials.paper_account"))]
    facts = T.of(
        "credentials.key_facts",
        last_four=Code(key.last_four),
        rights=", ".join(sorted(key.permissions)),
        age=now - key.made_at,
        uid=key.uid,
    )
    return [T.of(title, short=key.short, name=_name(key)), facts, _ip_line(key)]


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


def _name(key: LinkedKey) -> str | T:
    return key.label or T("credentials.unnamed")
