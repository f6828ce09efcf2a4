"""What the card of a chat shows of a pair, and whose card is edited next."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from tgbot.core.market import Stats, Tick
from tgbot.core.money import HUNDRED, for_display

SHOWN_DIGITS = 6
SHOWN_CHANGE = Decimal("0.01")
# The figures of even a quiet pair come every two seconds: five minutes without them are no quiet market.
SILENT_AFTER = timedelta(minutes=5)
LOST_AFTER = timedelta(seconds=15)

EDIT_EVERY = 4.0  # seconds; Telegram bears about 20 edits a minute in a chat
GROUP_EDIT_EVERY = 12.0  # a group bears 20 messages of any sort, and most of them are for what people wait for


@dataclass(frozen=True, slots=True)
class Quote:
    """Rounded as it is shown, so that two are equal when they look alike. `change` is in per cent."""

    price: Decimal | None
    change: Decimal | None
    is_stale: bool


def read_quote(tick: Tick | None, day: Stats | None, silence: timedelta, *, is_live: bool) -> Quote | None:
    """`None` while the first price may still come. `silence` is how long nothing has been heard of the pair."""
    is_stale = silence > (SILENT_AFTER if is_live else LOST_AFTER)
    price = _last_price(tick, day)
    if price is None:
        return Quote(None, None, is_stale=True) if is_stale else None
    change = None if day is None else (day.change * HUNDRED).quantize(SHOWN_CHANGE, ROUND_HALF_UP)
    return Quote(for_display(price, SHOWN_DIGITS), change, is_stale)


class Turns:
    """Which chats wait for an edit, the longest first; none gets two within `EDIT_EVERY` seconds, and no group within
    `GROUP_EDIT_EVERY`."""

    def __init__(self) -> None:
        self._waiting: dict[int, None] = {}
        self._resting_until: dict[int, float] = {}

    def wait(self, chat_id: int) -> None:
        self._waiting.setdefault(chat_id)

    def waive(self, chat_id: int) -> None:
        """There is nothing to edit after all."""
        self._waiting.pop(chat_id, None)

    def rest(self, chat_id: int, now: float) -> None:
        """The card has been sent or edited just now."""
        self.waive(chat_id)
        # Groups have negative ids.
        self._resting_until[chat_id] = now + (EDIT_EVERY if chat_id > 0 else GROUP_EDIT_EVERY)

    def forget(self, chat_id: int) -> None:
        self.waive(chat_id)
        self._resting_until.pop(chat_id, None)

    def ready(self, now: float) -> list[int]:
        """Those of the waiting whose turn it may be."""
        return [chat_id for chat_id in self._waiting if self._resting_until.get(chat_id, now) <= now]


def _last_price(tick: Tick | None, day: Stats | None) -> Decimal | None:
    if tick is None or (day is not None and day.at > tick.at):
        return None if day is None else day.last
    return tick.price
