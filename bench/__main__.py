"""`python -m bench [quick]`: everything in turns, round after round; the medians as tables."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.tables import tables
from bench.whole import cold_start

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench/bin/python"


@dataclass(frozen=True)
class Size:
    """How much of everything. Frames and calls cost the same whoever is asked, so slow clients get fewer."""

    rounds: int
    frames: int
    calls: int
    notices: int
    armed: tuple[int, ...]
    rows: int


FULL = Size(5, frames=100_000, calls=1_000, notices=2_000, armed=(10_000, 100_000, 1_000_000), rows=250_000)
QUICK = Size(1, frames=20_000, calls=200, notices=300, armed=(100_000,), rows=20_000)


@dataclass(frozen=True)
class Measurement:
    """One row of one table: `client` does `what`, so many times, in a process of its own."""

    client: str
    what: str
    numbers: tuple[int, ...]

    @property
    def python(self) -> str:
        return sys.executable if self.client in {"ours", "plain", "notices", "alerts"} else str(PEERS)

    def take(self, url: str) -> dict[str, float]:
        command = [self.python, "-m", "bench.run", self.client, self.what, url, *map(str, self.numbers)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return figures


def measurements(size: Size) -> list[Measurement]:
    feeds = [
        Measurement(client, "feed", (size.frames,))
        for client in ("ours", "plain", "python_kucoin", "ccxt_pro", "official_sdk")
    ]
    orders = [
        Measurement(client, "orders", (size.calls, in_flight))
        for client in ("ours", "plain", "ccxt_pro", "official_sdk")
        for in_flight in (1, 50)
    ]
    notices = [Measurement("notices", way, (size.notices,)) for way in ("outbox", "library")]
    indexes = [Measurement("alerts", "index", (0, count)) for count in size.armed]
    return [*feeds, *orders, *notices, *indexes, Measurement("alerts", "start", (0, size.rows))]


def main() -> None:
    size = QUICK if "quick" in sys.argv[1:] else FULL
    if not PEERS.exists():
        raise SystemExit("The peers' environment is missing: start me by `python3 dev.py bench`, which makes it.")
    taken: dict[tuple[str, ...], list[dict[str, float]]] = defaultdict(list)
    with exchange(size.frames) as url:
        for turn in range(size.rounds):
            print(f"round {turn + 1} of {size.rounds} …", file=sys.stderr, flush=True)
            for each in measurements(size):
                taken[each.what, each.client, *map(str, each.numbers[1:])].append(each.take(url))
            with tempfile.TemporaryDirectory() as folder:
                taken["whole", "ours"].append(cold_start(url, Path(folder)))
    medians = {row: {name: median(run[name] for run in runs) for name in runs[0]} for row, runs in taken.items()}
    print(tables(medians))


@contextmanager
def exchange(frames: int) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "bench.exchange", str(frames)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
