"""`python -m bench [quick] [part …]`: all of it, or those parts, in turns, round after round; the medians as tables."""

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

from bench.certificate import write_certificate
from bench.tables import TABLES
from bench.whole import cold_start

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench/bin/python"
CHARTS = 20
LONGEST = 1_800  # seconds of one measurement
OF_PEERS = {"ccxt_pro", "official_sdk", "python_kucoin"}


@dataclass(frozen=True)
class Size:
    """How much of everything. Frames and calls cost the same whoever is asked, so slow clients get fewer."""

    rounds: int
    frames: int
    calls: int
    notices: int
    many_notices: int
    limited: int
    armed: tuple[int, ...]
    waiting: int
    rows: int
    streams: int
    taps: int


FULL = Size(
    rounds=5,
    frames=100_000,
    calls=1_000,
    notices=2_000,
    many_notices=100_000,
    limited=10_000,
    armed=(10_000, 100_000, 1_000_000),
    waiting=1_000_000,
    rows=250_000,
    streams=1_000,
    taps=150,
)
QUICK = Size(
    rounds=1,
    frames=20_000,
    calls=200,
    notices=300,
    many_notices=1_000,
    limited=300,
    armed=(100_000,),
    waiting=20_000,
    rows=20_000,
    streams=200,
    taps=30,
)


@dataclass(frozen=True)
class Measurement:
    """One row of one table: `client` does `what` with `words`, in a process of its own, against one of the servers."""

    part: str
    client: str
    what: str
    words: tuple[int | str, ...]
    server: str = "exchange"
    is_long: bool = False  # taken once, not in every round

    def take(self, server: "Servers") -> dict[str, float]:
        python = str(PEERS) if self.client in OF_PEERS else sys.executable
        with server.reached(self.server) as (url, *more):
            command = [python, "-m", "bench.run", self.client, self.what, url, *map(str, self.words), *more]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return figures


class Servers:
    """Whom the measured processes speak to. The exchange stays for all of them; of the others each gets a fresh one."""

    def __init__(self, exchange: list[str], certificate: str) -> None:
        self._plain, self._encrypted = exchange
        self._certificate = certificate

    @contextmanager
    def reached(self, server: str) -> Iterator[list[str]]:
        """Its address, and what has to be known besides."""
        match server:
            case "exchange":
                yield [self._plain]
            case "encrypted":
                yield [self._encrypted, self._certificate]
            case "paper":
                with running("bench.paper") as said:
                    yield said
            case _:
                with running("bench.playground", "1000") as said:
                    yield said


def measurements(size: Size) -> list[Measurement]:
    return [*_feeds(size), *_orders(size), *_crossings(size), *_streams(size), *_notices(size), *_alerts(size)]


def _feeds(size: Size) -> list[Measurement]:
    ours = [Measurement("feed", "ours", what, (size.frames,)) for what in ("feed", "fast_feed")]
    plain = [Measurement("feed", "plain", what, (size.frames,)) for what in ("feed", "fast_feed")]
    peers = [Measurement("feed", client, "feed", (size.frames,)) for client in ("python_kucoin", "ccxt_pro")]
    return [*ours, *plain, *peers, Measurement("feed", "official_sdk", "feed", (size.frames,))]


def _orders(size: Size) -> list[Measurement]:
    calls = [
        Measurement("orders", client, what, (size.calls, in_flight))
        for client, what in (
            ("ours", "orders"),
            ("plain", "orders"),
            ("plain", "aiohttp_orders"),
            ("ccxt_pro", "orders"),
            ("official_sdk", "orders"),
        )
        for in_flight in (1, 50)
    ]
    return [*calls, Measurement("path", "path", "confirm", (size.taps,), "paper")]


def _crossings(size: Size) -> list[Measurement]:
    made = [
        Measurement("crossings", "crossings", what, (a_second, 1_000, 0))
        for what in ("rung", "fast_rung")
        for a_second in (5_000, 20_000)
    ]
    made += [Measurement("crossings", "ccxt_pro", "rung", (a_second,)) for a_second in (5_000, 20_000)]
    made += [
        Measurement("crossings", "crossings", what, (5_000, size.waiting, notices), is_long=True)
        for what in ("rung", "fast_rung")
        for notices in (0, 1_000)
    ]
    return made


def _streams(size: Size) -> list[Measurement]:
    ways = ("streams", "fast_streams", "plain_streams")
    return [Measurement("private", "private", what, (size.streams,), "encrypted") for what in ways]


def _notices(size: Size) -> list[Measurement]:
    made = [Measurement("notices", "notices", way, (size.notices,)) for way in ("outbox", "library")]
    many = Measurement("playground", "notices", "playground", (size.many_notices, 1_000), "playground", is_long=True)
    return [*made, many, Measurement("limits", "limits", "kept", (size.limited,), is_long=True)]


def _alerts(size: Size) -> list[Measurement]:
    indexes = [Measurement("index", "alerts", "index", (0, count)) for count in size.armed]
    start = Measurement("start", "alerts", "start", (0, size.rows))
    return [*indexes, start, Measurement("chart", "charts", "drawn", (CHARTS,))]


def main(words: list[str]) -> None:
    size = QUICK if "quick" in words else FULL
    parts = [word for word in words if word != "quick"] or [*TABLES]
    if unknown := sorted(set(parts) - set(TABLES)):
        raise SystemExit(f"There is no {', '.join(unknown)}; the parts are {', '.join(TABLES)}.")
    if not PEERS.exists():
        raise SystemExit("The peers' environment is missing: start me by `python3 dev.py bench`, which makes it.")
    taken: dict[tuple[str, ...], list[dict[str, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder) / "certificate.pem"
        write_certificate(certificate)
        with running("bench.exchange", str(size.frames), str(certificate)) as said:
            servers = Servers(said, str(certificate))
            for turn in range(size.rounds):
                print(f"round {turn + 1} of {size.rounds} …", file=sys.stderr, flush=True)
                for each in measurements(size):
                    if each.part in parts and not (each.is_long and turn):
                        taken[each.part, each.client, each.what, *map(str, each.words)].append(each.take(servers))
                if "whole" in parts:
                    with tempfile.TemporaryDirectory() as home:
                        taken["whole", "ours", "start"].append(cold_start(said[0], Path(home)))
    medians = {row: {name: median(run[name] for run in runs) for name in runs[0]} for row, runs in taken.items()}
    for part in TABLES:
        if part in parts:
            rows = {row[1:]: figures for row, figures in medians.items() if row[0] == part}
            print(TABLES[part](rows), end="\n\n", flush=True)


@contextmanager
def running(module: str, *words: str) -> Iterator[list[str]]:
    """What it says of itself."""
    process = subprocess.Popen([sys.executable, "-m", module, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
