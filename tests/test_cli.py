"""The command line: what it says, where it says it, and the number it ends with."""

import asyncio
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clock import START
from tgbot import app, cli
from tgbot.audit.rules import Event
from tgbot.audit.store import append
from tgbot.cli import main
from tgbot.db.engine import Database
from tgbot.schema import migrate

COMMANDS = {"audit", "demo", "invite", "keys", "migrate", "ops", "paper", "run"}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Tgbot = Callable[..., Ended]


@pytest.fixture
def tgbot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, logs_as_before: None
) -> Tgbot:
    """`tgbot ARGUMENTS` with these settings, in an empty folder."""
    for name in [name for name in os.environ if name.startswith("TGBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["tgbot", *arguments])
            for name, value in settings.items():
                patch.setenv(f"TGBOT_{name}", value)
            try:
                main()
                code: object = 0
            except SystemExit as end:
                code = end.code
        said = capsys.readouterr()
        assert isinstance(code, int)
        return Ended(code, said.out, said.err)

    return run


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_names_every_command(tgbot: Tgbot, argument: str) -> None:
    ended = tgbot(argument)
    assert ended.code == 0
    assert set(re.findall(r"^  (\w+) ", ended.out.partition("Commands:")[2], re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", [*sorted(COMMANDS), "keys reset", "ops kill", "ops resend", "ops resume"])
def test_every_command_explains_itself(tgbot: Tgbot, command: str) -> None:
    ended = tgbot(*command.split(), "--help")
    assert ended.code == 0
    assert len(ended.out.splitlines()) >= 5


def test_without_a_command_the_help_comes_as_an_error(tgbot: Tgbot) -> None:
    ended = tgbot()
    assert (ended.code, ended.out) == (2, "")
    assert "Commands:" in ended.err


def test_an_unknown_command_is_answered_with_the_nearest(tgbot: Tgbot) -> None:
    ended = tgbot("migrat")
    assert ended.code == 2
    assert "Did you mean 'migrate'?" in ended.err


@pytest.mark.parametrize("command", ["run", "migrate", "invite", "keys reset --yes"])
def test_wrong_settings_are_told_all_at_once_and_nothing_is_made(tgbot: Tgbot, tmp_path: Path, command: str) -> None:
    ended = tgbot(*command.split(), ACCES="open", PAPER="perhaps", TELEGRAM_TOKEN_FILE="/missing")
    assert ended.code == 2
    assert ended.err.count("\n- TGBOT_") == 3
    assert list(tmp_path.iterdir()) == []


def test_run_without_a_token_says_where_to_get_one(tgbot: Tgbot, tmp_path: Path) -> None:
    ended = tgbot("run", MASTER_KEY_FILE=str(tmp_path / "keys/master.key"))
    assert ended.code == 2
    assert ended.err == "TGBOT_TELEGRAM_TOKEN is missing: get a token from @BotFather and set it.\n"


@pytest.mark.parametrize(("key", "is_warned"), [("data/master.key", True), ("keys/master.key", False)])
def test_a_master_key_beside_the_database_is_warned_of_at_the_start(tgbot: Tgbot, key: str, *, is_warned: bool) -> None:
    ended = tgbot("run", MASTER_KEY_FILE=key)
    assert ("master_key_beside_database" in ended.err) is is_warned


def test_a_wrong_master_key_ends_with_78_and_the_way_out(tgbot: Tgbot, tmp_path: Path) -> None:
    settings = {"TELEGRAM_TOKEN": "1:token", "TELEGRAM_API_URL": "http://127.0.0.1:1"}
    assert tgbot("keys", "reset", "--yes").code == 0
    key = tmp_path / "data/master.key"
    key.write_text("tgbot master key 1\nAAAA\n")
    before = (tmp_path / "data/tgbot.db").read_bytes()
    ended = tgbot("run", **settings)
    assert ended.code == 78
    assert "tgbot keys reset" in ended.err
    assert "Traceback" not in ended.err
    assert (tmp_path / "data/tgbot.db").read_bytes() == before


def test_a_database_that_cannot_be_opened_is_named(tgbot: Tgbot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for url in (
        "postgresql+psycopg://bot:hush-hush@127.0.0.1:1/tgbot",
        f"sqlite+aiosqlite:///{tmp_path}/file/tgbot.db",
        f"sqlite+aiosqlite:///{tmp_path}",
    ):
        ended = tgbot("migrate", DATABASE_URL=url)
        assert ended.code == 2
        assert "TGBOT_DATABASE_URL" in ended.err
        assert "hush-hush" not in ended.err
        assert "Traceback" not in ended.err


def test_migrate_makes_the_database_and_may_be_repeated(tgbot: Tgbot, tmp_path: Path) -> None:
    for _ in range(2):
        ended = tgbot("migrate")
        assert (ended.code, ended.out) == (0, "The database is up to date.\n")
    assert [file.name for file in (tmp_path / "data").glob("*.db")] == ["tgbot.db"]


def test_a_database_of_a_newer_release_is_refused(tgbot: Tgbot, tmp_path: Path) -> None:
    tgbot("migrate")
    with closing(sqlite3.connect(tmp_path / "data/tgbot.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in ("migrate", "invite", "run"):
        ended = tgbot(command, TELEGRAM_TOKEN="1:token")
        assert ended.code == 2
        assert "written by a newer one" in ended.err


def test_an_invitation_without_a_token_leaves_the_name_to_be_filled_in(tgbot: Tgbot, tmp_path: Path) -> None:
    first, second = tgbot("invite"), tgbot("invite")
    assert first.code == 0
    assert first.err == ""
    tokens = [re.findall(r"start[= ](\S+)", ended.out) for ended in (first, second)]
    assert tokens[0][0] == tokens[0][1]
    assert tokens[0] != tokens[1]
    assert f"https://t.me/YOUR_BOT?start={tokens[0][0]}" in first.out
    with closing(sqlite3.connect(tmp_path / "data/tgbot.db")) as database:
        assert database.execute("SELECT count(*) FROM invitations").fetchone() == (2,)


def test_an_invitation_that_the_door_does_not_ask_for_is_remarked_on(tgbot: Tgbot) -> None:
    ended = tgbot("invite", ACCESS="operators")
    assert ended.code == 0
    assert "TGBOT_ACCESS is operators" in ended.err


def test_an_invitation_does_not_wait_for_a_telegram_that_is_not_there(
    tgbot: Tgbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "TELEGRAM_PATIENCE", 0.2)
    ended = tgbot("invite", TELEGRAM_TOKEN="1:token", TELEGRAM_API_URL="http://127.0.0.1:1")
    assert ended.code == 0
    assert "YOUR_BOT" in ended.out


def test_reset_asks_first(tgbot: Tgbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tgbot("keys", "reset", "--yes").code == 0
    key = (tmp_path / "data/master.key").read_text()
    for answer in ("n\n", "\n", ""):
        monkeypatch.setattr(sys, "stdin", Typed(answer))
        ended = tgbot("keys", "reset")
        assert ended.code == 130
        assert (tmp_path / "data/master.key").read_text() == key
    monkeypatch.setattr(sys, "stdin", Typed("y\n"))
    ended = tgbot("keys", "reset")
    assert ended.code == 0
    assert "0 sealed keys dropped" in ended.out
    assert (tmp_path / "data/master.key").read_text() != key


def test_reset_is_refused_while_a_bot_runs(tgbot: Tgbot, tmp_path: Path) -> None:
    tgbot("keys", "reset", "--yes")
    key = (tmp_path / "data/master.key").read_text()
    with closing(sqlite3.connect(tmp_path / "data/tgbot.db")) as database, database:
        database.execute("INSERT INTO leases VALUES ('poller of @bot', 'this host, process 7', ?)", (2**60,))
    ended = tgbot("keys", "reset", "--yes")
    assert ended.code == 2
    assert "this host, process 7" in ended.err
    assert (tmp_path / "data/master.key").read_text() == key


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bind", "8070"], "must look like 127.0.0.1:8070"),
        (["--bind", "127.0.0.1:99999"], "must look like"),
        (["--account", "key:secret"], "must look like KEY:SECRET:PASSPHRASE"),
        (["--account", "key:secret:phrase:USDT=many"], "no list of amounts"),
        (["--account", "key:secret:phrase:USDT=-5"], "no list of amounts"),
        (["--account", "key:secret:phrase:USDT=NaN"], "no list of amounts"),
        (["--replay", "missing.ws"], "does not exist"),
        (["--seed", "x"], "not a valid integer"),
    ],
)
def test_the_paper_exchange_refuses_what_makes_no_sense(tgbot: Tgbot, arguments: list[str], words: str) -> None:
    ended = tgbot("paper", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "secret" not in ended.err.replace("KEY:SECRET", "")


def test_a_recording_and_a_kucoin_exclude_each_other(tgbot: Tgbot, tmp_path: Path) -> None:
    (tmp_path / "frames").touch()
    assert "exclude each other" in tgbot("paper", "--replay", "frames", "--prices", "http://127.0.0.1:1").err


def test_a_port_that_is_taken_is_named(tgbot: Tgbot) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        for command in ("paper", "demo"):
            ended = tgbot(command, "--bind", bind)
            assert ended.code == 2
            assert bind in ended.err
            assert "in use" in ended.err
            assert "Traceback" not in ended.err


def test_what_nobody_expected_is_logged_without_secrets(
    tgbot: Tgbot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "1234567890:AAE-token_that_must_not_be_seen_anywhere"

    async def fail(*_: object) -> None:
        raise ZeroDivisionError(f"by {token}")

    monkeypatch.setattr(app, "run", fail)
    ended = tgbot("run", TELEGRAM_TOKEN=token, LOG_FORMAT="json")
    assert ended.code == 1
    (line,) = [json.loads(line) for line in ended.err.splitlines() if "tgbot_stops" in line]
    assert "ZeroDivisionError" in line["exception"]
    assert token not in ended.err


class Typed:
    """A keyboard on which this was typed, then nothing more."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)

    def readline(self) -> str:
        return self._lines.pop(0) if self._lines else ""

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize("program", [["-m", "tgbot"], [str(Path(sys.executable).with_name("tgbot"))]])
def test_each_way_to_start_the_program_runs_a_command_once(program: list[str], tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TGBOT_")}
    command = [sys.executable, *program, "ops", "kill", "12"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Trading is stopped for 12. `tgbot ops resume 12` takes it back."]


def test_what_was_not_delivered_is_listed_without_its_words_and_owed_once_more(tgbot: Tgbot, tmp_path: Path) -> None:
    assert tgbot("ops", "undelivered").out == "0 undelivered.\n"
    with closing(sqlite3.connect(tmp_path / "data/tgbot.db")) as database:
        row = (
            "INSERT INTO outbox (id, chat_id, priority, payload, state, reason, is_plain, is_repeat, tries, created_at)"
        )
        database.execute(f"{row} VALUES (7, 12, 0, 'a secret', 'dead', 'Bad Request: no', 0, 0, 3, 1764320400000000)")
        database.commit()
        assert tgbot("ops", "undelivered").out.splitlines() == [
            "7  2025-11-28 09:00 UTC  chat 12  Bad Request: no",
            "1 undelivered.",
        ]
        assert tgbot("ops", "resend", "7").out == "Message 7 is owed once more.\n"
        assert database.execute("SELECT state, tries, is_repeat FROM outbox").fetchall() == [("new", 0, 1)]
        assert tgbot("ops", "resend", str(2**63)).code == 2, "no number of a row"
        refused = tgbot("ops", "resend", "7")
        assert (refused.code, refused.err) == (
            1,
            "Message 7 was not given up, or its chat is gone; nothing is changed.\n",
        )


def test_a_record_that_was_changed_is_named_and_ends_with_one(tgbot: Tgbot, tmp_path: Path) -> None:
    file = tmp_path / "tgbot.db"
    settings = {"DATABASE_URL": f"sqlite+aiosqlite:///{file}"}
    seals = asyncio.run(write_record(settings["DATABASE_URL"]))
    whole = tgbot("audit", "verify", **settings)
    assert (whole.code, whole.out.splitlines()[-1]) == (0, "The record is whole.")
    assert f"2 rows, seal {seals[1][:8]}" in whole.out
    assert tgbot("audit", "verify", "--told", f"1:{seals[0][:8]}", **settings).code == 0
    assert tgbot("audit", "verify", "--told", "1:00000000", **settings).code == 1
    assert tgbot("audit", "verify", "--told", "soon", **settings).code == 2
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE audit SET actor = 'Mallory' WHERE number = 1")
        database.commit()
    changed = tgbot("audit", "verify", **settings)
    assert changed.code == 1
    assert "row 1 was changed" in changed.out


async def write_record(url: str) -> list[str]:
    """Two rows of one desk; their seals."""
    database = Database(url)
    await migrate(database)
    async with database.write() as session:
        events = Event("set_up", 7, "Ann"), Event("proposed", 8, "Bob")
        seals = [(await append(session, "d" * 32, event, START)).seal for event in events]
    await database.close()
    return seals
