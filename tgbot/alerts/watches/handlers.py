"""/watch, /unwatch and every button of the card."""

from collections.abc import Sequence

from tgbot.alerts.groups import RequireAdmin, by_admins
from tgbot.alerts.rules.watching import WatchRequest, read_watch, watch_data
from tgbot.alerts.watches import views
from tgbot.alerts.watches.service import Ask, Watches
from tgbot.core.errors import NotFound
from tgbot.core.numbers import decimal_sign_of
from tgbot.core.people import Person
from tgbot.core.reply import T
from tgbot.core.routing import Answer, Command, Incoming, Place, Press, Route
from tgbot.markets.symbols import Symbols


class WatchesHandlers:
    def __init__(self, watches: Watches, symbols: Symbols, require_admin: RequireAdmin) -> None:
        self._watches = watches
        self._symbols = symbols
        self._require_admin = require_admin

    def routes(self) -> Sequence[Route]:
        """`…_here` are the buttons of the card itself, which stays where it is. In a group even showing it anew is for
        administrators, for the one before it ends."""
        watch, unwatch, watch_here, unwatch_here = (
            by_admins(self._require_admin, handler)
            for handler in (self.watch, self.unwatch, self.watch_here, self.unwatch_here)
        )
        return (
            Command("watch", watch, place=Place.ANYWHERE),
            Command("unwatch", unwatch, place=Place.ANYWHERE),
            Press("watch", watch, Place.ANYWHERE),
            Press("watch_here", watch_here, Place.ANYWHERE),
            Press("unwatch", unwatch, Place.ANYWHERE),
            Press("unwatch_here", unwatch_here, Place.ANYWHERE),
        )

    async def watch(self, person: Person, incoming: Incoming) -> Answer:
        """Shows the card anew, with the pairs added that are named."""
        return await self._watch(person, incoming, self._ask(person, incoming, is_anew=True))

    async def watch_here(self, person: Person, incoming: Incoming) -> Answer:
        return await self._watch(person, incoming, self._ask(person, incoming))

    async def unwatch(self, person: Person, incoming: Incoming) -> Answer:
        """Without a pair the card is shown anew, which has the buttons."""
        names = incoming.args.split()
        watched = await self._watches.symbols(incoming.chat_id)
        if not names or not watched:
            await self._watches.show(self._ask(person, incoming, is_anew=True))
            return None
        is_all = [name.lower() for name in names] == ["all"]
        symbols = watched if is_all else list(dict.fromkeys(self._find(name, watched, person) for name in names))
        await self._watches.unwatch(self._ask(person, incoming), symbols)
        return views.stopped(symbols)

    async def unwatch_here(self, person: Person, incoming: Incoming) -> Answer:
        await self._watches.unwatch(self._ask(person, incoming), [incoming.args])
        return None

    async def _watch(self, person: Person, incoming: Incoming, ask: Ask) -> Answer:
        # Buttons are written with a point, whoever reads them.
        request = read_watch(incoming.args, "." if incoming.press_id else decimal_sign_of(person.language))
        if request.pairs:
            await self._watches.watch(ask, self._read_pairs(request, person), request.move)
        elif request.move is not None:
            return views.which_pair(ask.offered, request)
        else:
            await self._watches.show(ask)
        return None

    def _read_pairs(self, request: WatchRequest, person: Person) -> list[str]:
        """Each once. An unknown one is asked for with the nearest in its place and all the rest as it was."""
        symbols: dict[str, None] = {}
        for place, name in enumerate(request.pairs):

            def instead(symbol: str, place: int = place) -> str:
                pairs = (*request.pairs[:place], symbol, *request.pairs[place + 1 :])
                return watch_data(WatchRequest(pairs, request.move)) or watch_data(WatchRequest((symbol,)))

            symbols[self._symbols.read_pair(name, person.quote, instead).symbol] = None
        return list(symbols)

    def _find(self, name: str, watched: Sequence[str], person: Person) -> str:
        """Also a pair that KuCoin has no more. Raises `NotFound` for one that is not watched."""
        if name.upper() in watched:
            return name.upper()
        symbol = self._symbols.read_pair(name, person.quote, lambda symbol: f"unwatch:{symbol}").symbol
        if symbol not in watched:
            raise NotFound(T.of("watches.not_watched", pair=symbol), views.SHOW)
        return symbol

    def _ask(self, person: Person, incoming: Incoming, *, is_anew: bool = False) -> Ask:
        offered = self._symbols.popular(person.quote)
        return Ask(incoming.chat_id, incoming.thread_id, incoming.update_id, offered, is_anew)
