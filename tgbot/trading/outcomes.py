"""What has become of an order is told where it is shown, and to the group that has decided on it."""

from collections.abc import Awaitable, Callable, Mapping

from tgbot.core.money import ZERO, plain
from tgbot.core.reply import Reply
from tgbot.db.engine import WriteSession
from tgbot.delivery.outbox import Outbox, Priority
from tgbot.trading import standing
from tgbot.trading.store import Intent
from tgbot.trading.views import orders as views

OnOutcome = Callable[[WriteSession, str, Mapping[str, str]], Awaitable[None]]


class Outcomes:
    """In the transaction that notes them; call `wake` of the outbox after its commit."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._on_outcome: OnOutcome = _nobody_listens

    def listen_to_groups(self, on_outcome: OnOutcome) -> None:
        """Tell this listener, in the transaction that notes it, of everything that comes of what a group has decided:
        the intent's id and the outcome in words that do not change."""
        self._on_outcome = on_outcome

    async def note(self, session: WriteSession, intent: Intent) -> None:
        """`intent` as it now is. An exit is told of under what the group has decided: its entry."""
        if not intent.is_of_a_group:
            return
        base, quote = intent.spec.symbol.split("-")
        said = {"outcome": intent.state.value, "order": intent.order_id}
        if intent.filled_size > ZERO:
            said["filled"] = f"{plain(intent.filled_size)} {base} = {plain(intent.filled_funds)} {quote}"
        if intent.entry_id is not None:
            said["exit"] = f"#{intent.short} {intent.request}"
        await self._on_outcome(session, intent.entry_id or intent.id, said)

    async def tell(self, session: WriteSession, intent: Intent, reply: Reply, *, is_news: bool) -> None:
        """The ticket's message shows the new state; what happens later than the tap also comes as an answer to it."""
        await self.note(session, intent)
        reply = await followed(session, intent, reply)
        await self._outbox.put(session, views.notice(intent, reply, Priority.FILL))
        if is_news:
            await self._outbox.put(session, views.news(intent, reply))


async def followed(session: WriteSession, intent: Intent, reply: Reply) -> Reply:
    """What is told of an exit that has come to nothing says if the bot sends another in its place."""
    is_followed = standing.may_come_again(intent) and await standing.goes_on(session, intent)
    return views.goes_on(reply) if is_followed else reply


async def _nobody_listens(session: WriteSession, intent_id: str, said: Mapping[str, str]) -> None:
    """Where there are no groups."""
