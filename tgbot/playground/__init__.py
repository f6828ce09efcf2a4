"""A Telegram of our own: a Bot API server, people who can be driven, and a page that looks like a chat on a phone."""

from tgbot.playground.hints import Hint
from tgbot.playground.playground import Playground

__all__ = ["Hint", "Playground"]
