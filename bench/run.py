"""One measured process: `python -m bench.run CLIENT feed|orders|notices URL NUMBER…`."""

import asyncio
import sys
from importlib import import_module


def main(client: str, what: str, url: str, *numbers: str) -> None:
    work = getattr(import_module(f"bench.clients.{client}"), what)(url, *map(int, numbers))
    if asyncio.iscoroutine(work):
        asyncio.run(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
