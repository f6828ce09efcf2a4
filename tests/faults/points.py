"""The crash points, each with a scene in which it is met, and with how that scene must end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM

from tests.faults.crashes import PATIENCE, House, short_of
from tests.faults.scenes import (
    answers,
    approve,
    cancel,
    confirm,
    desk_of,
    edit,
    hold_post,
    proposal,
    propose,
    resting,
    ticket,
)
from tgbot.paper.faults import Mode
from tgbot.playground.chats import Message


@dataclass(frozen=True)
class Point:
    """`act` leads to it from what `prepare` has shown. One that is not `armed` needs more than to be come to."""

    name: str
    where: str
    prepare: Callable[[House], Awaitable[Message]]
    act: Callable[[House, Message], Awaitable[None]]
    has_ended: Callable[[House, Message], bool]
    is_armed: bool = True


def order_is_told(house: House, shown: Message) -> bool:
    return shown.text.startswith(("Filled", "Not placed", "Not sent"))


def proposal_is_told(house: House, card: Message) -> bool:
    told = answers(card, "^(Filled|Not placed|Not sent)")
    return card.text.startswith("Approved") and any(map(told, house.stage.playground.messages(card.chat)))


def is_proposed(house: House, before: Message) -> bool:
    """It has its card, though the next scene may have withdrawn it."""
    after = house.stage.playground.messages(before.chat)
    return any(message.id > before.id and message.text.startswith(("Proposal", "Withdrawn")) for message in after)


def is_cancelled(house: House, shown: Message) -> bool:
    return shown.text.startswith("Cancelled")


def is_edited(house: House, shown: Message) -> bool:
    return is_cancelled(house, shown) and any(f"#{short_of(shown)} is cancelled" in text for text in house.seat.texts())


async def killed_on_its_way(house: House, shown: Message) -> None:
    await _killed_while_held(house, shown, Mode.DELAY)


async def killed_before_the_answer(house: House, shown: Message) -> None:
    await _killed_while_held(house, shown, Mode.EDITED)


async def _killed_while_held(house: House, shown: Message, mode: Mode) -> None:
    has_arrived, going_on = hold_post(house, mode)
    house.held.append(going_on)
    await confirm(house, shown)
    await house.stage.until(has_arrived, PATIENCE)
    house.kill(SIGKILL)


async def stopped(house: House, shown: Message) -> None:
    has_arrived, going_on = hold_post(house)
    await confirm(house, shown)
    await house.stage.until(has_arrived, PATIENCE)
    house.kill(SIGTERM)
    going_on.set()


def at_the_tap(name: str, where: str) -> Point:
    return Point(name, where, ticket, confirm, order_is_told)


def at_the_vote(name: str, where: str) -> Point:
    return Point(name, where, proposal, approve, proposal_is_told)


POINTS = {
    point.name: point
    for point in (
        at_the_tap("C0", "an update was fetched and is not stored"),
        at_the_tap("C1", "it is stored and Telegram does not know yet"),
        at_the_tap("C2", "it was handled and nobody has heard"),
        at_the_vote("C3", "a vote is being written"),
        at_the_vote("C3 voted", "the last vote is written, not yet committed"),
        Point("C3 filed", "a proposal has its order and no card", desk_of, propose, is_proposed),
        at_the_vote("C4", "the votes suffice and are not used up"),
        at_the_tap("C5", "signed, and the right to send not used up"),
        at_the_tap("C6", "the right is used up, and not a byte has left"),
        Point("C7", "the POST is on its way", ticket, killed_on_its_way, order_is_told, is_armed=False),
        Point(
            "C8",
            "KuCoin has it, the answer is not here",
            ticket,
            killed_before_the_answer,
            order_is_told,
            is_armed=False,
        ),
        at_the_tap("C9", "the answer is here and not on disk"),
        at_the_tap("C10", "the outcome is on disk and not sent"),
        at_the_tap("C11", "Telegram has the message, and that is not on disk"),
        at_the_tap("C12", "a fill is half written"),
        at_the_tap("C13", "the fills are read and not written"),
        Point("C14", "before a cancel", resting, cancel, is_cancelled),
        Point("C14 asked", "after a cancel", resting, cancel, is_cancelled),
        Point("C14 ended", "an edited order has ended, its successor is not shown", resting, edit, is_edited),
        Point("C17", "told to stop, in the middle of an order", ticket, stopped, order_is_told, is_armed=False),
    )
}
