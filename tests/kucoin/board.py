"""Whoever the hub speaks to."""

import asyncio
from dataclasses import dataclass, field

from tgbot.core.market import Stats, Tick


@dataclass
class Board:
    ticks: asyncio.Queue[Tick] = field(default_factory=asyncio.Queue)
    gaps: list[frozenset[str]] = field(default_factory=list)
    stats: asyncio.Queue[Stats] = field(default_factory=asyncio.Queue)
    refused: list[str] = field(default_factory=list)
