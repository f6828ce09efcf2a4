"""Medians as the tables of README.md."""

from collections.abc import Iterable, Mapping

Medians = Mapping[tuple[str, ...], Mapping[str, float]]

NAMES = {
    "ours": "**tgbot**",
    "plain": "`websockets` + `json`",
    "python_kucoin": "`python-kucoin`",
    "ccxt_pro": "`ccxt`",
    "official_sdk": "`kucoin-universal-sdk` (official)",
    "outbox": "**tgbot**, through the outbox",
    "library": "`python-telegram-bot` alone",
}


def tables(medians: Medians) -> str:
    parts = (_feeds(medians), _orders(medians), _notices(medians), _alerts(medians), _whole(medians))
    return "\n\n".join(parts)


def _feeds(medians: Medians) -> str:
    ours = medians["feed", "ours"]["cpu_us"]
    rows = []
    for (what, client, *_), it in medians.items():
        if what == "feed":
            speed = (f"{it['cpu_us']:.1f}", f"{it['cpu_us'] / ours:.1f}", f"{it['seen']:.1%}")
            rows.append((NAMES[client], *speed, f"{it['start_ms']:.0f}", f"{it['memory_mb']:.0f}"))
    head = ("ticker frames, socket → price board", "CPU µs a frame", "× ours", "seen by its user")
    return _table((*head, "CPU ms to the first price", "peak MB"), rows)


def _orders(medians: Medians) -> str:
    clients = [row[1] for row in medians if row[0] == "orders" and row[2] == "1"]
    names = NAMES | {"plain": "`httpx` by itself"}
    rows = []
    for client in clients:
        alone, crowd = (medians["orders", client, in_flight] for in_flight in ("1", "50"))
        rows.append((names[client], *_call(alone), *_call(crowd)))
    head = ("signed order calls", "CPU µs, 1 at a time", "p50 / p99 ms", "CPU µs, 50 at a time", "p50 / p99 ms")
    return _table(head, rows)


def _call(figures: Mapping[str, float]) -> tuple[str, str]:
    return f"{figures['cpu_us']:.0f}", f"{figures['p50_ms']:.1f} / {figures['p99_ms']:.1f}"


def _notices(medians: Medians) -> str:
    ways = [row for row in medians if row[1] == "notices"]
    rows = []
    for row in ways:
        it = medians[row]
        more = (f"{it['a_second']:.0f}", f"{it['stall_ms']:.0f}") if "a_second" in it else ("", "")
        rows.append((NAMES[row[0]], f"{it['cpu_us']:.0f}", *more))
    return _table(("a notice, 20 at a time", "CPU µs", "a second", "longest stall ms"), rows)


def _alerts(medians: Medians) -> str:
    """And the start, which is measured on fewer and told for a million."""
    it = next(figures for row, figures in medians.items() if row[0] == "start")
    rows = [
        (f"{int(row[2]):,}", f"{each['quiet_us']:.2f}", f"{each['trigger_us']:.1f}", f"{each['memory_mb']:.0f}")
        for row, each in medians.items()
        if row[0] == "index"
    ]
    table = _table(("alerts armed on 1,000 pairs", "CPU µs a quiet tick", "CPU µs a crossing", "MB"), rows)
    return f"{table}\n\nA start with a million of them: {it['cpu_s']:.1f} s of CPU, {it['wall_s']:.1f} s on the clock."


def _whole(medians: Medians) -> str:
    it = medians["whole", "ours"]
    head = ("the whole bot, new database → ready", "CPU s", "wall s", "resident MB")
    row = ("**tgbot run**", f"{it['cpu_ms'] / 1e3:.1f}", f"{it['wall_ms'] / 1e3:.1f}", f"{it['memory_mb']:.0f}")
    return _table(head, [row])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
