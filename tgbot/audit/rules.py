"""The seal of a row, and what is wrong with a chain. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

FIRST = "0" * 64  # stands before the first row
SHOWN = 8  # characters of a seal that people compare
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be recorded. `actor_id` is a Telegram user id, 0 for the bot itself; `subject` is the short id of what
    it is about, `digest` pins its content; `detail` holds whatever else a reader needs, as text."""

    act: str
    actor_id: int = 0
    actor: str = ""
    subject: str = ""
    digest: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its chain: the `number`th there, from 1 on. `seal` covers everything else, `previous` included."""

    chain: str
    number: int
    at: datetime
    event: Event
    previous: str
    seal: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row that a chain is known to have had."""

    chain: str
    number: int
    seal: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """The row at which a chain is not what was written, and in which way."""

    chain: str
    number: int
    what: str


def seal(chain: str, number: int, at: datetime, event: Event, previous: str) -> str:
    """SHA-256 in hex over every field in canonical form."""
    moment = (at - _EPOCH) // timedelta(microseconds=1)
    parts = [chain, number, moment, event.act, event.actor_id, event.actor, event.subject, event.digest]
    text = json.dumps([*parts, dict(event.detail), previous], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def flaws(records: Iterable[Record], head: Head | None) -> Iterator[Flaw]:
    """Of one chain, in the order of its numbers. `head` is what was noted beside it: what is missing at the end is
    seen by it alone. A row that was deleted, changed or put elsewhere is one flaw or more, and never none."""
    number, previous, chain = 0, FIRST, head.chain if head else ""
    for record in records:
        chain, number = record.chain, number + 1
        if record.number != number:
            yield Flaw(chain, number, "is missing")
            number = record.number
        elif record.previous != previous:
            yield Flaw(chain, number, "does not follow from the one before it")
        if record.seal != seal(chain, record.number, record.at, record.event, record.previous):
            yield Flaw(chain, number, "was changed")
        previous = record.seal
    if head is None:
        yield Flaw(chain, number, "is not the end of any known chain")
    elif (head.number, head.seal) != (number, previous):
        yield Flaw(chain, max(number, head.number), "is not the one that was written last")
