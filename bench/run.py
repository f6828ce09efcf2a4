"""One measured process: `python -m bench.run CLIENT WHAT URL NUMBER…`; what is no number is a file."""

import asyncio
import sys
from importlib import import_module


def main(client: str, what: str, url: str, *words: str) -> None:
    numbers = (int(word) if word.isdigit() else word for word in words)
    work = getattr(import_module(f"bench.clients.{client}"), what)(url, *numbers)
    if asyncio.iscoroutine(work):
        asyncio.run(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
