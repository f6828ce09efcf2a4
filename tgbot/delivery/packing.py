"""Which messages go next: within the limits, in fair shares, and as their readers want them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from tgbot.core.notices import Recipient
from tgbot.db.engine import ReadSession, WriteSession
from tgbot.delivery.claims import Claim, Room, claim, claim_company, keep_chat, leave_out
from tgbot.delivery.gone import bury
from tgbot.delivery.limiter import Limiter
from tgbot.delivery.parcels import Parcel
from tgbot.delivery.verdicts import KeepUntil, Verdict, judge

RecipientsOf = Callable[[ReadSession, Collection[int]], Awaitable[Mapping[int, Recipient]]]

# So many messages at most are ambiguous after a crash, and so many sends share the event loop with everybody else.
MOST_IN_FLIGHT = 20
# So many of them may be messages that are not urgent, and after so many urgent ones it is once their turn.
MOST_PATIENT = 14
URGENT_IN_A_ROW = 7


class Packing:
    """`look_again` is called when rows were laid aside: there is room for others at once."""

    def __init__(self, recipients_of: RecipientsOf, limiter: Limiter, look_again: Callable[[], None]) -> None:
        self._recipients_of = recipients_of
        self._limiter = limiter
        self._look_again = look_again
        self._urgent_in_a_row = 0

    def has_room(self, moment: float, under_way: int) -> bool:
        return self._room(moment, under_way, is_urgent=True) > 0

    async def pack(self, session: WriteSession, under_way: int, moment: float, now: datetime) -> list[Parcel]:
        """What may go now, claimed. `under_way` is how many messages are on their way already."""
        heads = await self._claim(session, under_way, moment, now)
        if not heads:
            return []
        recipients = await self._recipients_of(session, {head.chat_id for head in heads})
        sent = [head for head in heads if await self._is_wanted(session, head, recipients[head.chat_id], now)]
        if len(sent) < len(heads):
            self._look_again()

        def is_wanted_too(row: Claim) -> bool:
            return judge(row.kind_chosen, recipients[row.chat_id], now) is Verdict.SEND

        company = await claim_company(session, sent, is_wanted_too, now)
        return [Parcel((head, *company.get(head.id, ())), recipients[head.chat_id]) for head in sent]

    async def _is_wanted(self, session: WriteSession, head: Claim, recipient: Recipient, now: datetime) -> bool:
        """If not, it is laid aside with all of its chat that is not wanted either."""
        if head.is_gone:
            await bury(session, head.chat_id, "nobody reads us there")
            return False
        match judge(head.kind_chosen, recipient, now):
            case KeepUntil(at):
                await keep_chat(session, head, at)
                return False
            case Verdict.LEAVE_OUT:
                await leave_out(session, head, now)
                return False
            case Verdict.SEND:
                return True

    async def _claim(self, session: WriteSession, under_way: int, moment: float, now: datetime) -> list[Claim]:
        """What is urgent first. Of the rest, chats that have not heard from us lately go before those that have; and
        however much is urgent, the rest has its turn now and then."""
        messages, patient = (self._room(moment, under_way, is_urgent=is_urgent) for is_urgent in (True, False))
        full, left_out = (self._limiter.waiting_chats(moment, is_urgent=is_urgent) for is_urgent in (True, False))
        recent = self._limiter.recent_chats(moment)
        rows: list[Claim] = []
        if self._urgent_in_a_row >= URGENT_IN_A_ROW:
            rows = await claim(session, Room(1, min(messages, 1), full, left_out), now, is_turn_of_rest=True)
        room = Room(messages - len(rows), patient - len(rows), full, left_out | recent)
        found = await claim(session, room, now)
        self._urgent_in_a_row = 0 if rows else self._urgent_in_a_row + sum(row.is_urgent for row in found)
        rows += found
        if recent:
            room = Room(0, patient - len(rows), full, left_out)
            rows += await claim(session, room, now, is_turn_of_rest=True)
        return rows

    def _room(self, moment: float, under_way: int, *, is_urgent: bool) -> int:
        most = MOST_IN_FLIGHT if is_urgent else MOST_PATIENT
        return min(self._limiter.room(moment, is_urgent=is_urgent), most - under_way)
