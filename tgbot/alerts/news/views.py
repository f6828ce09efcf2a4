"""News alerts as they look in the chat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tgbot.alerts.news.store import Wish
from tgbot.core.market import Announcement, Topic
from tgbot.core.reply import Button, Reply, T

LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Match:
    """The reader's coins of which an announcement speaks. `is_blind`: what they hold and trade could not be read."""

    coins: frozenset[str]
    is_blind: bool = False


def told(announcement: Announcement, wish: Wish, match: Match) -> Reply:
    lines = [T.of(f"alerts.news_{announcement.topic}", title=announcement.title)]
    if announcement.text:
        lines.append(T.of("alerts.news_text", text=_short(announcement.text)))
    if announcement.topic is Topic.DELISTING:
        lines += _concerned(match)
    link = [(Button(T("alerts.news_read"), url=announcement.url),)] if announcement.url else []
    sell = [(Button(T("common.sell"), f"sell:{wish.symbol}"),)] if wish.symbol else []
    return Reply(tuple(lines), (*link, *sell, (_off(wish),)))


def followed(topic: Topic, symbol: str) -> Reply:
    return Reply((T.of("alerts.news_set", what=what(topic, symbol)), T("alerts.news_how")), (_list_button(),))


def beneath(reply: Reply, wishes: Sequence[Wish]) -> Reply:
    """A list of alerts with the news behind it."""
    lines = tuple(T.of("alerts.news_line", what=what(wish.topic, wish.symbol)) for wish in wishes)
    return replace(reply, lines=(*reply.lines, *lines), buttons=(*reply.buttons, *((_off(wish),) for wish in wishes)))


def what(topic: Topic, symbol: str) -> T:
    if symbol:
        return T.of("alerts.what_delisting_of", pair=symbol)
    return T(f"alerts.what_{topic}")


def _concerned(match: Match) -> list[T]:
    lines = [T.of("alerts.news_yours", coins=", ".join(sorted(match.coins)))] if match.coins else []
    if match.is_blind:
        lines.append(T("alerts.news_blind"))
    return lines or [T("alerts.news_unnamed")]


def _off(wish: Wish) -> Button:
    label = T.of("alerts.news_off", what=what(wish.topic, wish.symbol))
    return Button(label, f"news_off:{wish.topic} {wish.symbol}".strip())


def _list_button() -> tuple[Button, ...]:
    return (Button(T("alerts.button_list"), "alerts"),)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
