"""How the terms of an order are written down: canonical, so that equal ones give equal texts; and an order that nobody
has written."""

from dataclasses import dataclass

import msgspec

from tgbot.core.orders import OrderSpec, StopLeg, Trigger, Wait
from tgbot.trading.rules.exits import Exits


def encode_spec(spec: OrderSpec) -> str:
    return msgspec.json.encode(spec).decode()


def read_spec(text: str) -> OrderSpec:
    return msgspec.json.decode(text, type=OrderSpec)


@dataclass(frozen=True, slots=True)
class _Waits:
    """How a wait is stored; one of the two."""

    stop: Trigger | None = None
    oco: StopLeg | None = None


def encode_wait(wait: Wait | None) -> str | None:
    if wait is None:
        return None
    waits = _Waits(stop=wait) if isinstance(wait, Trigger) else _Waits(oco=wait)
    return msgspec.json.encode(waits).decode()


def encode_exits(exits: Exits | None) -> str | None:
    return None if exits is None else msgspec.json.encode(exits).decode()


def read_exits(text: str | None) -> Exits | None:
    return None if text is None else msgspec.json.decode(text, type=Exits)


def read_wait(text: str | None) -> Wait | None:
    if text is None:
        return None
    waits = msgspec.json.decode(text, type=_Waits)
    return waits.stop or waits.oco


def no_update(unique: str) -> int:
    """The `update_id` of what no update has asked for: negative, and as unique as this id."""
    return -(int(unique[:15], 16) + 1)
