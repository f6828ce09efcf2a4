"""Which coins an announcement names, and how one asks to be told of it: `/alert listing`, `/alert btc delisting`."""

import re

from tgbot.core.market import Announcement, Topic

_BRACKETED = re.compile(r"\(([A-Z0-9]{2,15})\)")
_PAIR = re.compile(r"\b([A-Z0-9]{2,15})[/-](?:USDT|USDC|BTC|ETH|KCS|EUR|BRL|DAI|TRX|TUSD|USDD|USD1)\b")
_WORD = re.compile(r"\b[A-Z0-9]{2,15}\b")


def read_topic(text: str) -> tuple[Topic, str] | None:
    """The topic and the pair beside it, if any; `None` for what is no news."""
    words = text.split()
    topics = [word for word in words if word.lower() in set(Topic)]
    if len(topics) != 1:
        return None
    words.remove(topics[0])
    return Topic(topics[0].lower()), " ".join(words)


def named(announcement: Announcement) -> frozenset[str]:
    """Coins that are certainly meant: `Scroll (SCR)`, `SCR/USDT`."""
    text = f"{announcement.title} {announcement.text}"
    return frozenset(_BRACKETED.findall(text)) | frozenset(_PAIR.findall(text))


def concerned(announcement: Announcement, coins: frozenset[str]) -> frozenset[str]:
    """Which of these coins it speaks of, as a word of its own in capitals. What a pair is paid in is not meant: with
    `ABC/USDT` nothing happens to USDT."""
    words = _WORD.findall(_PAIR.sub(r"\1", f"{announcement.title} {announcement.text}"))
    return coins & frozenset(words)
