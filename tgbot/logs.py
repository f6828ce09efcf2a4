"""Logging: events with keys and values, to people or machines, and no secret in any of them."""

import logging
import re
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, WrappedLogger

_PATTERNS = (
    re.compile(r"bot\d+:[\w-]{30,}"),
    re.compile(r"(?<=token=)[^&\s'\"]+"),
    re.compile(r"(?<=KC-API-)(KEY|SIGN|PASSPHRASE)['\"]?\s*[:=]\s*['\"]?[^'\",\s}]+"),
)
HIDDEN = "[hidden]"


class Hiding:
    """The last step before a line is written: known secrets, and whatever looks like one, are replaced."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= 8]

    def __call__(self, logger: WrappedLogger, method: str, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        for pattern in _PATTERNS:
            line = pattern.sub(HIDDEN, line)
        return line


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
    # Their debug lines hold addresses with tokens; ours say what matters.
    for name in ("websockets", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
