"""Walking every chain from its first row to its head."""

import csv
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from tgbot.audit import store
from tgbot.audit.rules import Flaw, Head, Record, flaws
from tgbot.db.engine import ReadSession

COLUMNS = ("number", "at", "act", "actor_id", "actor", "subject", "digest", "detail", "previous", "seal")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # some read wide signs alike


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one chain: where it ends, and everything that is wrong with it."""

    chain: str
    head: Head | None
    flaws: Sequence[Flaw]


async def verify(session: ReadSession, expected: Collection[str] = ()) -> list[Verdict]:
    """Every chain there is or, by what else is known, must be. What somebody deleted at the end of one together with
    its head is seen only by who remembers the head."""
    return [await _verify(session, chain) for chain in sorted({*await store.chains(session), *expected})]


async def has_row(session: ReadSession, number: int, seal: str) -> bool:
    """Whether some chain has this row with a seal that begins so: that is how a head that was told is compared."""
    for chain in await store.chains(session):
        async for record in store.whole(session, chain):
            if record.number == number and record.seal.startswith(seal.lower()):
                return True
    return False


def written(records: Iterable[Record]) -> str:
    """As CSV. A name that a spreadsheet would calculate gets an apostrophe in front."""
    text = StringIO()
    out = csv.writer(text)
    out.writerow(COLUMNS)
    for record in records:
        event = record.event
        detail = "; ".join(f"{name}={value}" for name, value in sorted(event.detail.items()))
        cells = (event.act, event.actor_id, event.actor, event.subject, event.digest, detail)
        out.writerow([record.number, record.at.isoformat(), *map(_plain, cells), record.previous, record.seal])
    return text.getvalue()


async def _verify(session: ReadSession, chain: str) -> Verdict:
    head = await store.head(session, chain)
    records = [record async for record in store.whole(session, chain)]
    if head is None and not records:
        return Verdict(chain, None, [Flaw(chain, 1, "is missing")])
    return Verdict(chain, head, list(flaws(records, head)))


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(_FORMULA) else cell
