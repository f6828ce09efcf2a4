"""A looser policy as something that the group decides on."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from tgbot.approvals.store import policies as store
from tgbot.approvals.store import proposals
from tgbot.approvals.store.policies import Change, Version, written
from tgbot.approvals.subject import Void
from tgbot.approvals.views import policies as views
from tgbot.core.clock import Clock
from tgbot.core.desks import Draft
from tgbot.core.errors import TooLate
from tgbot.core.money import ZERO
from tgbot.core.reply import T
from tgbot.db.engine import Database, ReadSession, WriteSession

LOOSENED_AFTER = timedelta(hours=24)
CONSENT_WITHIN = timedelta(hours=24)


class ReadyChange:
    """There is no market to it: no `drift`, and no `value`."""

    drift = Decimal(0)
    value: Decimal | None = None

    def __init__(self, change: Change, clock: Clock) -> None:
        self._change = change
        self._clock = clock

    async def grant(self, session: WriteSession) -> None:
        """It begins a day later: time enough to take the account back. Raises `Void` if the rules have changed since it
        was proposed."""
        change = self._change
        if (await store.latest(session, change.desk_id)).number != change.base:
            raise Void(T("approvals.void_policy"))
        version = Version(change.base + 1, change.policy, self._clock.now() + LOOSENED_AFTER)
        await store.add(session, change.desk_id, version, change.made_by)

    async def carry_out(self) -> None:
        """The version is all there is to it."""


class PolicyChanges:
    """A subject of approvals, as an order is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def draft(self, session: ReadSession, subject_id: str) -> Draft | None:
        change = await store.find_change(session, subject_id)
        if change is None:
            return None
        base = await store.find(session, change.desk_id, change.base)
        proposal = await proposals.find(session, subject_id)
        until = proposal.expires_at if proposal is not None else self._clock.now() + CONSENT_WITHIN
        return Draft(
            subject_id=change.id,
            short=change.short,
            digest=_digest(change),
            pair="",
            value=None,
            reference=ZERO,
            until=until,
            lines=views.difference(base.policy, change.policy, LOOSENED_AFTER),
        )

    async def make_ready(self, subject_id: str) -> ReadyChange:
        async with self._database.read() as session:
            change = await store.find_change(session, subject_id)
        if change is None:
            raise TooLate(T("approvals.void_changed"))
        return ReadyChange(change, self._clock)

    async def drop(self, session: WriteSession, subject_id: str) -> None:
        """It stays on record; nothing refers to it but its proposal, which is over."""


def _digest(change: Change) -> str:
    return sha256(f"{change.desk_id}\n{change.base}\n{written(change.policy)}".encode()).hexdigest()
