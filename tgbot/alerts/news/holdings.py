"""Which coins people have, as far as one look at the news needs to know: each of them is asked for once."""

from collections.abc import Awaitable, Callable

import structlog

from tgbot.core.errors import ExchangeError

log = structlog.get_logger()

CoinsOf = Callable[[int], Awaitable[frozenset[str]]]


class Holdings:
    """As they are at this look; make another for the next. `coins_of` tells which coins a person holds or has orders
    for, and raises `ExchangeError`."""

    def __init__(self, coins_of: CoinsOf) -> None:
        self._coins_of = coins_of
        self._found: dict[int, frozenset[str] | ExchangeError] = {}

    async def of(self, person_id: int) -> frozenset[str] | ExchangeError:
        """The coins, or why nobody knows them. One account that cannot be read concerns nobody else."""
        if person_id not in self._found:
            self._found[person_id] = await self._ask(person_id)
        return self._found[person_id]

    async def _ask(self, person_id: int) -> frozenset[str] | ExchangeError:
        try:
            return await self._coins_of(person_id)
        except ExchangeError as error:
            log.warning("holdings_unknown", person=person_id, code=error.code)
            return error
