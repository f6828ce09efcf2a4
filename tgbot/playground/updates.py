"""Updates on their way to the bot: a queue that the bot confirms, by long polling or by webhook."""

import asyncio
import copy
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from tgbot.playground.chats import Json
from tgbot.playground.errors import ApiError
from tgbot.playground.params import Params

_ONLY_IF_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LONGEST_POLL = 50


@dataclass(slots=True)
class Webhook:
    url: str
    secret_token: str = ""


@dataclass(slots=True, eq=False)
class _Poll:
    """A getUpdates that is waiting."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    conflict: str = ""


class Updates:
    """Every update stays until it is confirmed, so a bot that died gets it again."""

    def __init__(self, first_id: int) -> None:
        self._next_id = first_id
        self._pending: list[Json] = []
        self._poll: _Poll | None = None
        self._is_closed = False
        self._allowed: frozenset[str] = frozenset()
        self.webhook: Webhook | None = None
        self.last_webhook_error = ""

    @property
    def pending(self) -> list[Json]:
        """Not confirmed yet, oldest first."""
        return list(self._pending)

    def push(self, kind: str, payload: Json) -> None:
        """Queues the payload as it is now, unless the bot did not ask for this kind."""
        wanted = kind in self._allowed if self._allowed else kind not in _ONLY_IF_ASKED
        if not wanted:
            return
        self._pending.append({"update_id": self._next_id, kind: copy.deepcopy(payload)})
        self._next_id += 1
        self._wake()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """What getUpdates promises: confirms everything below `offset` and waits that long for more.

        Raises `ApiError` 409 while a webhook is set, and in the older of two calls that wait at once.
        """
        if self.webhook is not None:
            raise ApiError(
                409,
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        self._end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm(offset)
        if not self._pending and not self._is_closed:
            await self._wait(min(seconds, _LONGEST_POLL))
        return self._pending[: max(1, min(limit, 100))]

    async def deliver(self) -> None:
        """Posts what is pending to the webhook, in order, until one is not taken; nothing to do without a webhook."""
        while self.webhook is not None and self._pending:
            update = self._pending[0]
            self.last_webhook_error = await _post(self.webhook, update)
            if self.last_webhook_error:
                return
            self._pending = [other for other in self._pending if other is not update]

    def allow(self, params: Params) -> None:
        """Takes `allowed_updates` where it is given: without it the last list stays; an empty one is the default."""
        if "allowed_updates" in params:
            self._allowed = frozenset(params.listed("allowed_updates"))

    def set_webhook(self, webhook: Webhook | None) -> None:
        self.webhook = webhook
        if webhook is not None:
            self._end_poll("terminated by setWebhook request")

    def drop_pending(self) -> None:
        self._pending.clear()

    def close(self) -> None:
        """No poll waits any longer."""
        self._is_closed = True
        self._wake()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._pending = self._pending[offset:]
        elif offset:
            self._pending = [update for update in self._pending if update["update_id"] >= offset]

    async def _wait(self, seconds: float) -> None:
        poll = self._poll = _Poll()
        try:
            async with asyncio.timeout(seconds):
                await poll.woken.wait()
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None
        if poll.conflict:
            raise ApiError(409, poll.conflict)

    def _end_poll(self, why: str) -> None:
        if self._poll is not None:
            self._poll.conflict = why
            self._poll.woken.set()
            self._poll = None

    def _wake(self) -> None:
        if self._poll is not None:
            self._poll.woken.set()


async def _post(webhook: Webhook, update: dict[str, Any]) -> str:
    """Empty when it was taken, else what went wrong."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
    try:
        async with httpx.AsyncClient(verify=_trusted()) as client:
            answer = await client.post(webhook.url, json=update, headers=headers)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return "" if answer.is_success else f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"


@cache
def _trusted() -> ssl.SSLContext:
    """Whom this machine trusts; it takes longer to read than an update takes to tell."""
    return ssl.create_default_context()
