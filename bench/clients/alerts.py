"""The engine of alerts by itself: what a tick costs with very many armed, and how long a start with them takes."""

import gc
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import insert

from bench.meter import cpu, peak_memory, report
from tgbot.alerts import store
from tgbot.alerts.judging import Judging
from tgbot.alerts.rules.crossing import Armed, Kind, Stance
from tgbot.alerts.store import AlertRow, State
from tgbot.core.market import Tick
from tgbot.core.people import STEP_BACK
from tgbot.db.engine import Database
from tgbot.schema import migrate

SYMBOLS = 1_000
START = datetime(2026, 11, 22, tzinfo=UTC)
MIDDLE = 10_000
BATCH = 2_000
QUIET_TICKS = 300_000
STORM_STEPS = 100


def index(_: str, __: int, count: int) -> None:
    """CPU of a tick that touches nothing, and of a crossing: a storm's less what the same ticks cost in calm."""
    judging, before = Judging(), resident()
    alerts = _alerts(count)
    while batch := [alert for _, alert in zip(range(BATCH), alerts, strict=False)]:
        judging.load(batch)
    judging.sort()
    del batch
    gc.collect()
    memory = resident() - before
    quiet = [_tick(number, Decimal(MIDDLE)) for number in range(SYMBOLS)]
    quiet_us = _run(judging, quiet, QUIET_TICKS // SYMBOLS)[0] / QUIET_TICKS * 1e6
    storm = [_tick(number, Decimal(MIDDLE + 100 * step)) for step in range(STORM_STEPS) for number in range(SYMBOLS)]
    used, fired = _run(judging, storm, 1)
    calm = quiet_us / 1e6 * len(storm)
    report(quiet_us=quiet_us, trigger_us=(used - calm) / max(fired, 1) * 1e6, memory_mb=memory)


async def start(_: str, __: int, count: int) -> None:
    """From the table to armed; seconds for a million, measured on fewer."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder)}/alerts.db")
        await migrate(database)
        alerts = _alerts(count)
        while rows := [alert_row(alert) for _, alert in zip(range(BATCH), alerts, strict=False)]:
            async with database.write() as session:
                await session.execute(insert(AlertRow), rows)
        gc.collect()
        began, used = time.perf_counter(), cpu()
        judging = Judging()
        async with database.read() as session:
            async for batch in store.all_armed(session):
                judging.load(batch)
        judging.sort()
        million = 1e6 / count
        wall_s, cpu_s = (time.perf_counter() - began) * million, (cpu() - used) * million
        report(wall_s=wall_s, cpu_s=cpu_s, memory_mb=peak_memory())
        await database.close()


def _alerts(count: int) -> Iterator[Armed]:
    """As many pairs as KuCoin has; a few of them have most of the alerts."""
    chance = random.Random(1)  # noqa: S311 - the same alerts in every round
    for number in range(1, count + 1):
        is_up = chance.random() < 0.5
        level = chance.randrange(MIDDLE * 10 + 1, MIDDLE * 20) if is_up else chance.randrange(MIDDLE, MIDDLE * 10)
        kind, stance = (Kind.ABOVE, Stance.UNDER) if is_up else (Kind.BELOW, Stance.OVER)
        yield Armed(number, _symbol(int(SYMBOLS * chance.random() ** 3)), kind, Decimal(level) / 10, stance, START)


def alert_row(alert: Armed) -> dict[str, object]:
    return {
        "short": f"{alert.id}",
        "update_id": alert.id,
        "chat_id": alert.id % 10_000,
        "person_id": alert.id % 10_000,
        "symbol": alert.symbol,
        "kind": alert.kind,
        "level": alert.level,
        "condition": "",
        "note": "",
        "state": State.ARMED,
        "stance": alert.stance,
        "since": START,
        "fires": 0,
        "step_back": STEP_BACK,
        "created_at": START,
    }


def _run(judging: Judging, ticks: list[Tick], times: int) -> tuple[float, int]:
    fired, began = 0, time.process_time()
    for _ in range(times):
        for tick in ticks:
            fired += len(judging.judge(tick, START))
    return time.process_time() - began, fired


def _tick(number: int, price: Decimal) -> Tick:
    return Tick(_symbol(number % SYMBOLS), price, price, price, number, START)


def _symbol(number: int) -> str:
    return f"C{number}-USDT"


def resident() -> float:
    """Megabytes. Reads /proc: Linux only."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024
