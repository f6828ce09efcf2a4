"""Medians as the tables of README.md, one for each part of the bench."""

from collections.abc import Callable, Iterable, Mapping

Figures = Mapping[str, float]
Rows = Mapping[tuple[str, ...], Figures]  # by client, what it did, and its words

NAMES = {
    ("ours", "feed"): "**tgbot**",
    ("ours", "fast_feed"): "**tgbot** with `fast`",
    ("plain", "feed"): "`websockets` + `json`",
    ("plain", "fast_feed"): "`picows` + `msgspec`, nothing else",
    ("python_kucoin", "feed"): "`python-kucoin`",
    ("ccxt_pro", "feed"): "`ccxt`",
    ("official_sdk", "feed"): "`kucoin-universal-sdk` (official)",
    ("ours", "orders"): "**tgbot**",
    ("plain", "orders"): "`httpx` by itself",
    ("plain", "aiohttp_orders"): "`httpx-aiohttp` by itself",
    ("ccxt_pro", "orders"): "`ccxt`",
    ("official_sdk", "orders"): "`kucoin-universal-sdk` (official)",
    ("crossings", "rung"): "**tgbot**",
    ("crossings", "fast_rung"): "**tgbot** with `fast`",
    ("ccxt_pro", "rung"): "`ccxt`",
    ("private", "streams"): "**tgbot**, one context",
    ("private", "fast_streams"): "**tgbot** with `fast`, one context",
    ("private", "plain_streams"): "`websockets`, a context each",
    ("notices", "outbox"): "**tgbot**, through the outbox",
    ("notices", "library"): "`python-telegram-bot` alone",
}


def _feeds(rows: Rows) -> str:
    ours = next(it for row, it in rows.items() if row[:2] == ("ours", "feed"))
    lines = []
    for row, it in rows.items():
        speed = (f"{it['cpu_us']:.1f}", f"{it['cpu_us'] / ours['cpu_us']:.1f}", f"{it['seen']:.1%}")
        lines.append((NAMES[row[0], row[1]], *speed, f"{it['start_ms']:.0f}", f"{it['memory_mb']:.0f}"))
    head = ("ticker frames, socket → price board", "CPU µs a frame", "× ours", "seen by its user")
    return _table((*head, "CPU ms to the first price", "peak MB"), lines)


def _orders(rows: Rows) -> str:
    by_client: dict[str, list[str]] = {}
    for (client, what, *_), it in rows.items():
        by_client.setdefault(NAMES[client, what], []).extend(_call(it))
    head = ("signed order calls", "CPU µs, 1 at a time", "p50 / p99 ms", "CPU µs, 50 at a time", "p50 / p99 ms")
    return _table(head, [(name, *figures) for name, figures in by_client.items()])


def _call(figures: Figures) -> tuple[str, str]:
    return f"{figures['cpu_us']:.0f}", f"{figures['p50_ms']:.1f} / {figures['p99_ms']:.1f}"


def _path(rows: Rows) -> str:
    (it,) = rows.values()
    lines = [
        (
            name,
            f"{it[f'{way}_cpu_us'] / 1e3:.1f} / {it[f'{way}_cpu_p99_us'] / 1e3:.1f}",
            f"{it[f'{way}_p50_ms']:.1f} / {it[f'{way}_p99_ms']:.1f}",
        )
        for way, name in (
            ("bare", "`httpx`, the same bytes, signed"),
            ("client", "**tgbot**, its client alone"),
            ("path", "**tgbot**, from Confirm to the answer owed"),
        )
    ]
    table = _table(("one order", "CPU ms, p50 / p99", "ms, p50 / p99"), lines)
    commits = f"{it['commits']:.0f} commits ({it['commits_cpu_us'] / 1e3:.1f} ms of CPU, {it['commits_ms']:.1f} ms)"
    looks = f"The reconciler looks at {it['looks_a_second']:.0f} orders a second, {it['look_cpu_us'] / 1e3:.1f} ms each"
    return (
        f"{table}\n\nIn it {commits}; without them and the bare call {it['own_cpu_us'] / 1e3:.1f} ms of CPU. {looks}."
    )


def _crossings(rows: Rows) -> str:
    lines = []
    for (client, what, a_second, *more), it in rows.items():
        armed, notices = (f"{int(word):,}" for word in more) if more else ("", "")
        times: tuple[str, ...] = ("", "", "", "")
        if "rung_p99_ms" in it:
            quiet = f"{it['quiet_p50_ms']:.1f} / {it['quiet_p99_ms']:.1f} / {it['quiet_most_ms']:.0f}"
            rung = f"{it['rung_p50_ms']:.0f} / {it['rung_p99_ms']:.0f}"
            times = (quiet, rung, f"{it['pause_ms']:.0f}", f"{it['memory_mb']:.0f}")
        share = f"{it['share']:.4f}" + (f", {it['twice']:.0f} twice" if it.get("twice") else "")
        lines.append((NAMES[client, what], f"{int(a_second):,}", armed, notices, share, *times))
    head = ("prices that touch a level for one frame", "frames/s", "others armed", "notices sent meanwhile")
    figures = ("rung ÷ sent", "a quiet tick, ms p50 / p99 / most", "to the outbox, ms p50 / p99")
    return _table((*head, *figures, "longest pause of the collector, ms", "peak MB"), lines)


def _private(rows: Rows) -> str:
    lines = [(NAMES[row[0], row[1]], f"{it['memory_mb']:.0f}", f"{it['cpu_ms']:.1f}") for row, it in rows.items()]
    return _table(("1,000 private streams over TLS", "MB", "CPU ms to open one"), lines)


def _notices(rows: Rows) -> str:
    lines = []
    for row, it in rows.items():
        more = (f"{it['a_second']:.0f}", f"{it['stall_ms']:.0f}") if "a_second" in it else ("", "")
        lines.append((NAMES[row[0], row[1]], f"{it['cpu_us']:.0f}", *more))
    return _table(("a notice, 20 at a time", "CPU µs", "a second", "longest stall ms"), lines)


def _playground(rows: Rows) -> str:
    lines = [
        (f"{int(row[2]):,}", f"{it['cpu_us']:.0f}", f"{it['a_second']:.0f}", f"{it['stall_ms']:.0f}")
        for row, it in rows.items()
    ]
    return _table(("notices out to the playground", "CPU µs", "a second", "longest stall ms"), lines)


def _limits(rows: Rows) -> str:
    lines = [
        (
            f"{int(row[2]):,}",
            f"{it['complaints']:.0f}",
            f"{it['of_the_allowed']:.1%}",
            f"{it['fill_waited_s']:.2f}",
            f"{it['minutes']:.1f}",
        )
        for row, it in rows.items()
    ]
    head = ("alerts with Telegram's limits on", "429s", "of the allowed rate", "longest wait of a fill, s")
    return _table((*head, "minutes"), lines)


def _index(rows: Rows) -> str:
    lines = [
        (f"{int(row[3]):,}", f"{each['quiet_us']:.2f}", f"{each['trigger_us']:.1f}", f"{each['memory_mb']:.0f}")
        for row, each in rows.items()
    ]
    return _table(("alerts armed on 1,000 pairs", "CPU µs a quiet tick", "CPU µs a crossing", "MB"), lines)


def _start(rows: Rows) -> str:
    """Measured on fewer and told for a million."""
    (it,) = rows.values()
    return f"A start with a million of them: {it['cpu_s']:.1f} s of CPU, {it['wall_s']:.1f} s on the clock."


def _chart(rows: Rows) -> str:
    (it,) = rows.values()
    line = ("200 candles", f"{it['ms']:.0f}", f"{it['cpu_ms']:.0f}", f"{it['stall_ms']:.0f}")
    return _table(("a chart, beside the event loop", "ms", "CPU ms", "longest stall ms"), [line])


def _whole(rows: Rows) -> str:
    (it,) = rows.values()
    head = ("the whole bot, new database → ready", "CPU s", "wall s", "resident MB")
    row = ("**tgbot run**", f"{it['cpu_ms'] / 1e3:.1f}", f"{it['wall_ms'] / 1e3:.1f}", f"{it['memory_mb']:.0f}")
    return _table(head, [row])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


TABLES: Mapping[str, Callable[[Rows], str]] = {
    "feed": _feeds,
    "crossings": _crossings,
    "private": _private,
    "orders": _orders,
    "path": _path,
    "notices": _notices,
    "playground": _playground,
    "limits": _limits,
    "index": _index,
    "start": _start,
    "chart": _chart,
    "whole": _whole,
}
