"""Every way in which one order can go, with up to two crashes, a lost POST or reply, delays and a lookup that lags, is
walked through: for our protocol, and for four that look reasonable. Ours never doubles an order and never denies one;
of each of the others the first breach is found.

Time runs in steps. An order's bytes are good until the deadline, a lookup may miss an order for as long as it lags, and
that there is no order may be said only when neither can matter any more."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

DEADLINE, LAG, END = 2, 2, 8
MOST_CRASHES, MOST_SENDS = 2, 3


@dataclass(frozen=True)
class Protocol:
    commits_before: bool = True  # the right to send is used up, durably, before the POST
    retries: bool = False  # sends again when no answer came
    restamps: bool = False  # what waits is stamped anew when it goes out, so it never grows too old
    waits: bool = True  # silence proves something only after deadline and lag


@dataclass(frozen=True)
class World:
    now: int = 0
    is_used: bool = False  # on disk
    is_sending: bool = False  # in memory: about to post
    wire: tuple[int, ...] = ()  # deadlines of copies that are on their way
    placed: tuple[int, ...] = ()  # moments at which an order came to be
    verdict: str = ""  # what the person was told last
    crashes: int = 0
    sends: int = 0


def steps(world: World, how: Protocol) -> Iterator[World]:
    if world.now < END:
        yield replace(world, now=world.now + 1)
    for index, good_until in enumerate(world.wire):
        rest = world.wire[:index] + world.wire[index + 1 :]
        yield replace(world, wire=rest)  # lost
        if world.now <= good_until:
            answered = replace(world, wire=rest, placed=(*world.placed, world.now))
            yield answered  # the reply is lost
            yield replace(answered, is_used=True, verdict="placed")
    if (world.is_used or world.is_sending or world.sends) and world.crashes < MOST_CRASHES:
        yield replace(world, is_sending=False, crashes=world.crashes + 1)
    yield from tap(world, how)
    yield from look(world, how)


def tap(world: World, how: Protocol) -> Iterator[World]:
    """The person confirms (again, as long as the ticket is open), and what was allowed goes out."""
    if not world.is_used and not world.is_sending and not world.verdict:
        yield replace(world, is_used=how.commits_before, is_sending=True)
    if world.is_sending and world.sends < MOST_SENDS:
        good_until = END if how.restamps else DEADLINE
        if world.now <= good_until:
            sent = replace(world, is_sending=False, wire=(*world.wire, good_until), sends=world.sends + 1)
            yield sent
            if not how.commits_before:
                yield replace(sent, is_used=True)


def look(world: World, how: Protocol) -> Iterator[World]:
    """No answer has come: the exchange is asked."""
    if not world.is_used or world.is_sending or world.verdict:
        return
    can_be_missed = all(world.now - moment < LAG for moment in world.placed)
    if world.placed:
        yield replace(world, verdict="placed")
    if can_be_missed and (not how.waits or world.now > DEADLINE + LAG):
        yield replace(world, verdict="not placed")
    if can_be_missed and how.retries and world.sends < MOST_SENDS:
        yield replace(world, is_sending=True)


def breach(world: World) -> str:
    if len(world.placed) > 1:
        return "double"
    return "denied" if world.placed and world.verdict == "not placed" else ""


def explore(how: Protocol) -> tuple[str, int]:
    """The first breach in the fewest steps (empty: there is none), and how many states were seen."""
    seen, waiting = {World()}, deque([World()])
    while waiting:
        world = waiting.popleft()
        if found := breach(world):
            return found, len(seen)
        for following in steps(world, how):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return "", len(seen)


def test_our_protocol_never_doubles_and_never_denies() -> None:
    found, states = explore(Protocol())
    assert found == ""
    assert states > 200


@pytest.mark.parametrize(
    ("how", "found"),
    [
        (Protocol(commits_before=False), "double"),
        (Protocol(retries=True), "double"),
        (Protocol(restamps=True), "denied"),
        (Protocol(waits=False), "denied"),
    ],
    ids=["commit after the POST", "post again", "stamp anew", "believe the first miss"],
)
def test_what_looks_reasonable_is_not(how: Protocol, found: str) -> None:
    assert explore(how)[0] == found
