"""What a measured process finds out about itself, printed as one line of JSON. Standard library only."""

import gc
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import quantiles

from bench.exchange import BEGIN, END

CALLS_TO_WARM_UP = 50


def cpu() -> float:
    """Seconds, user and system, of all threads of this process since it began."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_memory() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(**figures: float) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


class Pauses:
    """How long the garbage collector has stopped this process at most, since it was asked to watch."""

    def __init__(self) -> None:
        self.most_ms = 0.0
        self._began = 0.0
        gc.callbacks.append(self._on_phase)

    def _on_phase(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.most_ms = max(self.most_ms, (time.perf_counter() - self._began) * 1e3)


class FrameMeter:
    """`saw` is called with the symbol of every price that a client hands to its user; `on_end` after the last one."""

    def __init__(self, frames: int, on_end: Callable[[], object]) -> None:
        self._frames = frames
        self._on_end = on_end
        self._seen = 0
        self._first_at = 0.0
        self._began_at = 0.0

    def saw(self, symbol: str) -> None:
        self._seen += 1
        if symbol == BEGIN:
            self._seen, self._began_at = 0, cpu()
        elif symbol == END and self._began_at:
            self._end()
        elif not self._first_at:
            self._first_at = cpu()

    def _end(self) -> None:
        used, self._began_at = cpu() - self._began_at, 0.0
        report(
            cpu_us=used / self._frames * 1e6,
            seen=(self._seen - 1) / self._frames,
            start_ms=self._first_at * 1e3,
            memory_mb=peak_memory(),
        )
        self._on_end()


class CallMeter:
    """Times calls one by one; the first of them are not counted."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._began_at = cpu()

    def begin(self) -> None:
        self._times.clear()
        self._began_at = cpu()

    async def awaiting(self, call: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await call()
        self._times.append(time.perf_counter() - began)

    def calling(self, call: Callable[[], object]) -> None:
        began = time.perf_counter()
        call()
        self._times.append(time.perf_counter() - began)

    def end(self) -> None:
        used, cuts = cpu() - self._began_at, quantiles(self._times, n=100)
        report(cpu_us=used / len(self._times) * 1e6, p50_ms=cuts[49] * 1e3, p99_ms=cuts[98] * 1e3)
