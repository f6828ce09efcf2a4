"""How greeting, help and settings look in the chat."""

from collections.abc import Mapping
from decimal import Decimal

from tgbot.accounts.service import DISPLAY_CURRENCIES, QUOTES
from tgbot.core.buttons import CONNECT, HELP, START
from tgbot.core.money import HUNDRED
from tgbot.core.people import Mode, Person
from tgbot.core.reply import Button, Percent, Reply, T, Value

# The tasks people come with, each with its commands; every command has a text `accounts.help_…`.
TASKS: dict[str, tuple[str, ...]] = {
    "prices": ("price", "chart", "book", "movers", "watch", "unwatch"),
    "trade": ("buy", "sell", "orders", "order", "cancel", "panic", "resume"),
    "alerts": ("alert", "alerts"),
    "money": ("balance", "history", "pnl"),
    "groups": ("desk", "propose", "proposals", "approve", "reject", "policy", "audit"),
    "me": ("connect", "keys", "mode", "paper", "settings", "start", "help"),
}
STEPS_BACK = ("0%", "0.05%", "0.1%", "0.5%")
DRIFTS = ("0.1%", "0.5%", "1%", "2%")
TYPED_ABOVE = ("0", "100", "1000", "10000")
ZONES = ("UTC", "Europe/London", "Europe/Berlin", "Europe/Moscow", "Asia/Dubai", "Asia/Singapore", "America/New_York")


def welcome(person: Person) -> Reply:
    lines = (T.of("accounts.welcome", name=person.name), T("accounts.welcome_how"), T("accounts.welcome_keys"))
    if person.mode is None:
        return Reply(lines, START)
    state = T(f"accounts.welcome_{person.mode}")
    first = ((Button(T("accounts.button_price"), "price"), Button(T("accounts.button_balance"), "balance")),)
    more = ((CONNECT,),) if person.mode is Mode.PAPER else ()
    return Reply((*lines, state), (*first, *more, (HELP,)))


def help_menu() -> Reply:
    buttons = [Button(T(f"accounts.task_{task}"), f"help:{task}") for task in TASKS]
    rows = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return Reply((T("accounts.help_title"), T("accounts.help_how")), rows)


def help_task(task: str) -> Reply:
    lines = (T(f"accounts.task_{task}"), *(T(f"accounts.help_{command}") for command in TASKS[task]))
    return Reply(lines, (_back("help"),))


def help_command(command: str) -> Reply:
    return Reply((T(f"accounts.help_{command}"),), (_back("help"),))


def settings(person: Person, language_names: dict[str, str], more: tuple[T, ...]) -> Reply:
    lines = (
        T("accounts.settings_title"),
        T.of("accounts.settings_language", language=language_names[person.language]),
        T.of("accounts.settings_zone", zone=person.time_zone),
        T.of("accounts.settings_display", currency=person.display_currency),
        T.of("accounts.settings_quote", currency=person.quote),
        T.of("accounts.settings_rearm", step=Percent(person.step_back * HUNDRED, places=4)),
        T.of("accounts.settings_drift", drift=Percent(person.most_drift, places=4)),
        T.of("accounts.settings_confirm", above=person.typed_above),
        *more,
    )
    buttons = (
        (Button(T("accounts.set_language"), "set:language"), Button(T("accounts.set_zone"), "set:zone")),
        (Button(T("accounts.set_display"), "set:display"), Button(T("accounts.set_quote"), "set:quote")),
        (Button(T("accounts.set_rearm"), "set:rearm"), Button(T("accounts.set_limits"), "limit")),
        (Button(T("accounts.set_drift"), "set:drift"), Button(T("accounts.set_confirm"), "set:confirm")),
        (Button(T("accounts.set_notices"), "notice"),),
    )
    return Reply(lines, buttons)


def choose(setting: str, language_names: dict[str, str]) -> Reply:
    """What a setting can be; a time zone and a per cent can also be typed."""
    offered: dict[str, Mapping[str, Value]] = {
        "language": language_names,
        "zone": {zone: zone for zone in ZONES},
        "display": {currency: currency for currency in DISPLAY_CURRENCIES},
        "quote": {quote: quote for quote in QUOTES},
        "rearm": {step: _share(step) for step in STEPS_BACK},
        "drift": {drift: _share(drift) for drift in DRIFTS},
        "confirm": {above: T.of("guards.amount", amount=Decimal(above)) for above in TYPED_ABOVE},
    }
    values = offered[setting]
    buttons = [Button(T.of("accounts.value", value=name), f"set:{setting} {value}") for value, name in values.items()]
    rows = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return Reply((T(f"accounts.choose_{setting}"),), (*rows, _back("settings")))


def _share(text: str) -> Percent:
    return Percent(Decimal(text.removesuffix("%")))


def _back(verb: str) -> tuple[Button, ...]:
    return (Button(T("accounts.back"), verb),)
