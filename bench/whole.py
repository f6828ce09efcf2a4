"""The whole bot, from nothing to ready, as an operator would start it. Reads /proc: Linux only."""

import os
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cold_start(url: str, folder: Path) -> dict[str, float]:
    """On a new database, against an exchange and a Bot API on this machine."""
    settings = {
        "TELEGRAM_TOKEN": "1:token",
        "TELEGRAM_API_URL": url,
        "KUCOIN_URL": url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/tgbot.db",
        "MASTER_KEY_FILE": f"{folder}/master.key",
        "WEB_BIND": "127.0.0.1:0",
        "LOG_FORMAT": "json",
    }
    environment = os.environ | {f"TGBOT_{name}": value for name, value in settings.items()}
    began = time.perf_counter()
    command = [sys.executable, "-m", "tgbot", "run"]
    bot = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert bot.stdout is not None
    said = []
    for line in bot.stdout:
        said.append(line)
        if '"ready"' in line:
            break
    else:
        raise SystemExit(f"the bot did not start:\n{''.join(said)}")
    figures = {"wall_ms": (time.perf_counter() - began) * 1e3, "cpu_ms": _cpu(bot.pid), "memory_mb": _memory(bot.pid)}
    bot.terminate()
    bot.communicate()
    return figures


def _cpu(pid: int) -> float:
    after_the_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = map(int, after_the_name[11:13])
    return (user + system) / TICKS * 1e3


def _memory(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024
