"""Logging: events with keys and values, to people or machines, and no secret in any of them."""

import base64
import logging
import re
import sys
from collections.abc import Iterable
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, WrappedLogger

# Punctuation that may stand between the name of a header and its value, in whatever way somebody prints it.
_BETWEEN = r"[\\'\"\s:=,b(]*"
_PATTERNS = (
    re.compile(r"\d{6,}(:|%3A)[\w-]{30,}"),  # a bot token
    re.compile(r"(?<=token=)[^&\s'\"\\]+"),  # of a KuCoin stream
    re.compile(rf"(?<=KC-API-)(KEY|SIGN|PASSPHRASE){_BETWEEN}[^'\",\s}})\\]+", re.IGNORECASE),
    re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE),  # a KuCoin secret
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # name and password within an address
)
# Libraries whose lines hold addresses with tokens, or say at every start what nobody asks; ours say what matters.
TALKATIVE = ("websockets", "aiosqlite", "asyncio", "alembic")
HIDDEN = "[hidden]"
SHORTEST_SECRET = 8  # anything shorter may be a word of the sentence


class Hiding:
    """The last step before a line is written: known secrets, and whatever looks like one, are replaced."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)}
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, method: str, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        for pattern in _PATTERNS:
            line = pattern.sub(HIDDEN, line)
        return line


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, within a URL, within a header."""
    return secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()


def configure(level: str, style: str, secrets: Iterable[str]) -> None:
    """`style` is `console` or `json`. Library logs take the same way; everything goes to standard error."""
    hiding = Hiding(secrets)
    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)

    def render(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return hiding(logger, method, str(renderer(logger, method, event)))

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
