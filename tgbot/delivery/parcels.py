"""Rows that leave as one message: one row, or alerts of one chat that came together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tgbot.core.notices import Recipient
from tgbot.core.reply import Button, Reply, T, Table
from tgbot.delivery.claims import Claim
from tgbot.delivery.codec import decode
from tgbot.delivery.store import EXPIRED
from tgbot.delivery.verdicts import is_silent


@dataclass(frozen=True, slots=True)
class Parcel:
    """`rows` are at least one, the oldest first, all of one chat and topic. Where there are several, each has its line
    in the message, and none of them edits another; it makes a sound if one of them is to."""

    rows: Sequence[Claim]
    recipient: Recipient

    @property
    def head(self) -> Claim:
        return self.rows[0]

    def reply(self) -> Reply:
        """Raises `Malformed` for a row that nobody can read."""
        replies = [decode(row.payload, row.picture) for row in self.rows]
        told = self._together(replies) if len(self.rows) > 1 or self.head.is_kept else replies[0]
        repeat = (T("delivery.may_repeat"),) if any(row.is_repeat for row in self.rows) else ()
        is_quiet = all(
            reply.is_silent or is_silent(row.kind_chosen, self.recipient)
            for row, reply in zip(self.rows, replies, strict=True)
        )
        return replace(told, lines=(*told.lines, *repeat), is_silent=is_quiet)

    def _together(self, replies: Sequence[Reply]) -> Reply:
        if self.head.is_kept:
            title = T.of("delivery.kept", count=len(replies))
            lines = [_at(row.created_at, _brief(reply)) for row, reply in zip(self.rows, replies, strict=True)]
        elif self.head.kind == EXPIRED:
            return _expired(replies)
        else:
            title = T.of(f"delivery.many_{self.head.kind}", count=len(replies))
            lines = [_brief(reply) for reply in replies]
        return Reply((title, *lines), _shared_buttons(replies))


def _expired(replies: Sequence[Reply]) -> Reply:
    """The lines that say how many came too late, as one of each sort."""
    counts: dict[str, int] = {}
    for reply in replies:
        for line in reply.lines:
            if isinstance(line, T):
                counts[line.key] = counts.get(line.key, 0) + int(str(line.values["count"]))
    return Reply(tuple(T.of(key, count=count) for key, count in counts.items()))


def _brief(reply: Reply) -> T | Table:
    return reply.brief or reply.lines[0]


def _at(moment: datetime, line: T | Table) -> T | Table:
    return T.of("delivery.kept_line", at=moment, line=line) if isinstance(line, T) else line


def _shared_buttons(replies: Sequence[Reply]) -> tuple[tuple[Button, ...], ...]:
    """What makes sense for each of them makes sense for all."""
    all_buttons = [[button for row in reply.buttons for button in row] for reply in replies]
    rows = (
        tuple(button for button in row if all(button in buttons for buttons in all_buttons))
        for row in replies[0].buttons
    )
    return tuple(row for row in rows if row)
