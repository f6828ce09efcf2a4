"""Who may be heard: pure decisions about one message or press."""

import difflib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from tgbot.core.errors import NotAllowed, TooLate
from tgbot.core.reply import Button, T
from tgbot.core.routing import Command, Dialogue, Incoming, Origin, Place, Press, Route, Tombstone

R = TypeVar("R", Command, Press, Dialogue)

FRESH_FOR = timedelta(seconds=60)

_REFUSALS = {
    Origin.EDITED: "intake.edited",
    Origin.FORWARDED: "intake.forwarded",
    Origin.VIA_BOT: "intake.via_bot",
    Origin.ANONYMOUS: "intake.anonymous",
    Origin.FORGED: "intake.forged",
}


class Routes:
    """Every command, button and dialogue of the bot, found by name."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.commands: dict[str, Command] = {}
        self._group_commands: dict[str, Command] = {}
        self._presses: dict[str, Press] = {}
        self._group_presses: dict[str, Press] = {}
        self._dialogues: dict[str, Dialogue] = {}
        for route in routes:
            self._add(route)

    def find(self, incoming: Incoming) -> Route | None:
        """The route of the place where it was said; else the one of the other place, for a refusal that names it."""
        if incoming.press_id:
            return _of_place(incoming, incoming.verb, self._presses, self._group_presses)
        if incoming.command:
            return _of_place(incoming, incoming.command, self.commands, self._group_commands)
        return self._dialogues.get(incoming.dialogue)

    def knows(self, command: str) -> bool:
        """Wherever it is heard."""
        return command in self.commands or command in self._group_commands

    def nearest(self, command: str) -> str | None:
        known = self.commands | self._group_commands
        found = difflib.get_close_matches(command, known, n=1, cutoff=0.5)
        return known[found[0]].name if found else None

    def _add(self, route: Route) -> None:
        match route:
            case Command():
                table = self._group_commands if route.place is Place.GROUP else self.commands
                for name in (route.name, *route.aliases):
                    _put(table, name, route)
            case Press():
                _put(self._group_presses if route.place is Place.GROUP else self._presses, route.verb, route)
            case Dialogue():
                _put(self._dialogues, route.kind, route)


def require_somebody(incoming: Incoming) -> None:
    """Raises `NotAllowed` where Telegram does not say who wrote it."""
    if incoming.origin is Origin.ANONYMOUS:
        raise NotAllowed(T("intake.anonymous"))


def require_untouched(incoming: Incoming) -> None:
    """Raises `NotAllowed` for what its sender did not write just now: edited, forwarded, through another bot."""
    if incoming.origin is not Origin.FRESH:
        raise NotAllowed(T(_REFUSALS[incoming.origin]))


def require_fresh(incoming: Incoming, route: Route, row_id: int, now: datetime) -> None:
    """Raises `NotAllowed` or `TooLate` for what must not act: not written just now, misplaced, too old."""
    is_secret = isinstance(route, Dialogue) and route.kind == Tombstone.ENTRY  # even a forwarded one must be deleted
    if not is_secret:
        require_untouched(incoming)
    if isinstance(route, Dialogue):
        return
    if route.place is Place.PRIVATE and not incoming.is_private:
        raise NotAllowed(T("intake.private_only"))
    if route.place is Place.GROUP and incoming.is_private:
        raise NotAllowed(T("intake.group_only"))
    age = now - incoming.sent_at
    if isinstance(route, Command) and route.trades and age > FRESH_FOR:
        seconds = int(age.total_seconds())
        again = Button(T("intake.again_button"), f"again:{row_id}")
        raise TooLate(T.of("intake.too_old", seconds=seconds), [[again]])


def _of_place(incoming: Incoming, name: str, private: dict[str, R], group: dict[str, R]) -> R | None:
    first, second = (private, group) if incoming.is_private else (group, private)
    return first.get(name) or second.get(name)


def _put(table: dict[str, R], name: str, route: R) -> None:
    if name in table:
        raise ValueError(f"two routes are called {name!r}")
    table[name] = route
