"""Every command, before strict strangers: a checker of the Bot API that is not ours, an exchange in its own process."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.flows.processes import PYTHON, paper_process
from tests.forks import BARE

pytestmark = pytest.mark.processes

TRIPLE = ("64f0c0ffee64f0c0ffee64f0", "11111111-2222-4333-8444-555555555555", "passphrase-of-the-rig")


@pytest.mark.rig
@pytest.mark.long
@pytest.mark.timeout(180)
async def test_journey_through_every_command_breaks_no_rule_and_dials_nobody_else(
    rig: list[str], tmp_path: Path
) -> None:
    notes = tmp_path / "addresses"
    account = ":".join((*TRIPLE, "USDT=5000,BTC=1"))
    async with paper_process("--account", account) as kucoin:
        environment = {
            "TGBOT_TELEGRAM_TOKEN": "{token}",
            "TGBOT_TELEGRAM_API_URL": "{url}",
            "TGBOT_KUCOIN_URL": kucoin,
            "TGBOT_KUCOIN_FUTURES_URL": kucoin,
            "TGBOT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/tgbot.db",
            "TGBOT_MASTER_KEY_FILE": str(tmp_path / "master.key"),
            "TGBOT_ACCESS": "open",
            "TGBOT_WEB_BIND": "127.0.0.1:0",
            "TGBOT_LOG_LEVEL": "debug",
            "WATCHED": str(notes),
        }
        bot = [*PYTHON, str(Path(__file__).with_name("watched.py")), "run"]
        script = str(Path(__file__).with_name("rig_journey.py"))
        python, program = rig
        process = await asyncio.create_subprocess_exec(
            *(python, script, json.dumps(bot), json.dumps(environment), json.dumps(TRIPLE), str(Path(program).parent)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=BARE,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    dialled = [address for event, address in map(json.loads, notes.read_text().splitlines()) if event != "socket.bind"]
    assert {address[0] for address in dialled} == {"127.0.0.1"}
    assert urlsplit(kucoin).port in {address[1] for address in dialled}
