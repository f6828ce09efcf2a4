"""How the choices look in the chat."""

from tgbot.accounts.notices.rules import written
from tgbot.accounts.notices.store import Choices
from tgbot.core.notices import Kind, Level, Quiet
from tgbot.core.reply import Button, Reply, T

HOURS = ("22:00–07:00", "23:00–08:00", "00:00–08:00")
NONE = "none"


def page(choices: Choices, *said: T) -> Reply:
    """All of them; what was just saved comes first."""
    kinds = [Button(_line(kind, choices), f"notice:{kind}") for kind in Kind]
    rows = (tuple(kinds[:2]), tuple(kinds[2:]), (Button(T("notices.set_quiet"), "quiet"),))
    return Reply(
        (*said, T("notices.title"), *(_line(kind, choices) for kind in Kind), _quiet(choices.quiet), T("notices.how")),
        (*rows, (Button(T("accounts.back"), "settings"),)),
    )


def lines(choices: Choices) -> tuple[T, ...]:
    """For the page of all settings: what is not as at first."""
    changed = (kind for kind in Kind if choices.levels.get(kind, Level.ON) is not Level.ON)
    quiet = () if choices.quiet is None else (_quiet(choices.quiet),)
    return (*(_line(kind, choices) for kind in changed), *quiet)


def choose_level(kind: Kind) -> Reply:
    levels = tuple(Button(T(f"notices.{level}"), f"notice:{kind} {level}") for level in Level)
    return Reply((T(f"notices.choose_{kind}"), T("notices.choose_how")), (levels, _back()))


def choose_quiet() -> Reply:
    hours = [Button(T.of("accounts.value", value=text), f"quiet:{text}") for text in HOURS]
    none = Button(T("notices.none"), f"quiet:{NONE}")
    return Reply(
        (T("notices.choose_quiet"), T("notices.choose_quiet_how")), (tuple(hours[:2]), (hours[2], none), _back())
    )


def _line(kind: Kind, choices: Choices) -> T:
    return T.of(f"notices.kind_{kind}", level=T(f"notices.{choices.levels.get(kind, Level.ON)}"))


def _quiet(quiet: Quiet | None) -> T:
    return T.of("notices.quiet", hours=T("notices.none") if quiet is None else written(quiet))


def _back() -> tuple[Button, ...]:
    return (Button(T("accounts.back"), "notice"),)
