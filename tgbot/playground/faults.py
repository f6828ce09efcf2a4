"""Ways for a call to go wrong, switched on by a test."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Mode(StrEnum):
    ERROR = "error"
    """Not done; the Bot API's error of the fault's code."""
    DROP = "drop"
    """Not done; the connection breaks."""
    LOST = "lost"
    """Done, but the connection breaks before the answer."""
    HTML = "html"
    """Not done; a gateway answers with a page."""
    DELAY = "delay"
    """Done, late."""


@dataclass(slots=True)
class Fault:
    """`times` counts down as it strikes; `hits` counts up."""

    method: str
    mode: Mode
    times: int
    code: int
    retry_after: int
    chat_id: int | None
    seconds: float
    detail: str
    hits: int = 0


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(
        self,
        method: str = "*",
        mode: str = "error",
        times: int = 1,
        *,
        code: int = 500,
        retry_after: int = 0,
        chat_id: int | None = None,
        seconds: float = 0,
        detail: str = "",
    ) -> Fault:
        """The next `times` calls of the pattern (into that chat) go wrong. getUpdates has to be named in full."""
        fault = Fault(method, Mode(mode), times, code, retry_after, chat_id, seconds, detail)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, method: str, chat_id: object) -> Fault | None:
        """The fault that befalls this call, the oldest that fits."""
        for fault in self._faults:
            if fault.times and _fits(fault, method, chat_id):
                fault.times -= 1
                fault.hits += 1
                return fault
        return None


def _fits(fault: Fault, method: str, chat_id: object) -> bool:
    if method == "getUpdates" and fault.method != method:
        return False
    return fnmatchcase(method, fault.method) and fault.chat_id in {None, chat_id}
