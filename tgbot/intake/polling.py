"""Fetching updates: the offset moves only when the updates are in the inbox."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from tgbot.chat.updates import Poller
from tgbot.core.clock import Clock
from tgbot.core.errors import UpdatesUnavailable
from tgbot.intake.service import RawUpdate

log = structlog.get_logger()

LONGEST_WAIT = timedelta(seconds=30)


class Polling:
    """The role `chat`: the one consumer of the token's updates. `require_lease` raises if it is not that any more: a
    question would end that of whoever has taken over."""

    def __init__(
        self,
        poller: Poller,
        receive: Callable[[Sequence[RawUpdate]], Awaitable[None]],
        clock: Clock,
        on_answer: Callable[[], Awaitable[None]],
        require_lease: Callable[[], Awaitable[None]],
    ) -> None:
        self._poller = poller
        self._receive = receive
        self._clock = clock
        self._on_answer = on_answer
        self._require_lease = require_lease

    async def run(self) -> None:
        """Until cancelled; ends with `ConfigError` when the token is refused, `SecondPoller` when somebody else fetches
        its updates, and `LostRace` when somebody else has the lease."""
        offset = 0
        failures = 0
        while True:
            await self._require_lease()
            try:
                updates = await self._poller.fetch(offset)
            except UpdatesUnavailable as error:
                failures += 1
                wait = min(2.0**failures, LONGEST_WAIT.total_seconds())
                log.warning("updates_unreachable", reason=str(error), wait=wait)
                await self._clock.sleep(wait)
                continue
            failures = 0
            await self._on_answer()
            if updates:
                await self._receive(updates)
                offset = updates[-1]["update_id"] + 1
