"""What the operator decides: read once, every problem told together, no secret repeated."""

from pathlib import Path

import pytest

from tgbot.accounts.service import Door
from tgbot.core.errors import ConfigError
from tgbot.settings import Settings, read_settings

TOKEN = "1234567890:a-token-that-nobody-may-see-in-a-message"
NOWHERE = Path("/nonexistent/.env")


def read(**environment: str) -> Settings:
    return read_settings({f"TGBOT_{name}": value for name, value in environment.items()}, NOWHERE)


def problems(**environment: str) -> list[str]:
    """What is said of each."""
    with pytest.raises(ConfigError) as refused:
        read(**environment)
    assert refused.value.exit_code == 2
    title, *lines = str(refused.value).splitlines()
    assert title == "These settings cannot be used:"
    return [line.removeprefix("- ") for line in lines]


def test_without_any_setting_the_defaults_hold() -> None:
    assert read() == Settings()


def test_every_setting_can_be_given() -> None:
    settings = read(
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_API_URL="http://127.0.0.1:8081/",
        TELEGRAM_WEBHOOK_URL="https://bot.example/hook",
        TELEGRAM_WEBHOOK_SECRET="hush_hush-1",
        KUCOIN_URL="http://127.0.0.1:8070",
        KUCOIN_FUTURES_URL="http://127.0.0.1:8071",
        PAPER="off",
        DATABASE_URL="postgresql+psycopg://bot:word@db/tgbot",
        MASTER_KEY_FILE="/keys/master.key",
        OPERATORS="1, 2 3,,4",
        ACCESS="open",
        WEB_BIND="[::1]:9000",
        WEB_URL="https://bot.example",
        LOG_LEVEL="debug",
        LOG_FORMAT="json",
    )
    assert settings.telegram_token.get_secret_value() == TOKEN
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert (settings.webhook_path, settings.web_address) == ("/hook", ("::1", 9000))
    assert (settings.paper, settings.operators, settings.access) == (False, (1, 2, 3, 4), Door.OPEN)
    assert settings.secrets == [TOKEN, "hush_hush-1", "word"]


def test_an_empty_value_is_as_good_as_none() -> None:
    assert read(ACCESS="", PAPER="", OPERATORS="", DATABASE_URL="", TELEGRAM_TOKEN="") == Settings()


def test_all_problems_are_told_together(tmp_path: Path) -> None:
    told = problems(
        TELEGRAM_TOKN="x",
        TELEGRAM_API_URL="api.telegram.org",
        TELEGRAM_WEBHOOK_URL="https://bot.example/hook",
        DATABASE_URL="mysql://x",
        OPERATORS="1 two",
        ACCESS="everybody",
        PAPER="perhaps",
        WEB_BIND="8080",
        LOG_LEVEL="loud",
        TELEGRAM_TOKEN_FILE=str(tmp_path / "missing"),
    )
    named = {line.partition(":")[0].partition(" ")[0] for line in told}
    assert named == {
        "TGBOT_TELEGRAM_TOKN",
        "TGBOT_TELEGRAM_API_URL",
        "TGBOT_TELEGRAM_WEBHOOK_SECRET",
        "TGBOT_DATABASE_URL",
        "TGBOT_OPERATORS",
        "TGBOT_ACCESS",
        "TGBOT_PAPER",
        "TGBOT_WEB_BIND",
        "TGBOT_LOG_LEVEL",
        "TGBOT_TELEGRAM_TOKEN_FILE",
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TELEGRAM_TOKN", "TGBOT_TELEGRAM_TOKEN"),
        ("DATABSE_URL", "TGBOT_DATABASE_URL"),
        ("MASTER_KEY", "TGBOT_MASTER_KEY_FILE"),
        ("OPERATOR", "TGBOT_OPERATORS"),
        ("telegram_token_FIL", "TGBOT_TELEGRAM_TOKEN_FILE"),
    ],
)
def test_a_name_that_is_not_known_is_a_mistake_with_a_suggestion(typed: str, meant: str) -> None:
    (told,) = problems(**{typed.upper(): "x"})
    assert told == f"TGBOT_{typed.upper()} is not a setting; did you mean {meant}?"


def test_where_nothing_is_near_nothing_is_suggested() -> None:
    assert problems(XYZZY="x") == ["TGBOT_XYZZY is not a setting"]


def test_names_of_others_are_left_alone() -> None:
    assert read_settings({"PATH": "/bin", "TGBOTX": "1", "tgbot_paper": "?"}, NOWHERE) == Settings()


@pytest.mark.parametrize("name", ["TELEGRAM_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "DATABASE_URL"])
def test_secrets_may_come_from_files(tmp_path: Path, name: str) -> None:
    value = "sqlite+aiosqlite:///x.db" if name == "DATABASE_URL" else "secret_from_a_file"
    (tmp_path / "secret").write_text(f"{value}\n")
    settings = read(**{f"{name}_FILE": str(tmp_path / "secret")})
    assert getattr(settings, name.lower()).get_secret_value() == value
    assert problems(**{f"{name}_FILE": str(tmp_path / "secret"), name: value}) == [
        f"TGBOT_{name} is given twice, also as …_FILE"
    ]


def test_other_settings_do_not_come_from_files(tmp_path: Path) -> None:
    assert "is not a setting" in problems(OPERATORS_FILE=str(tmp_path))[0]


def test_a_file_that_cannot_be_read_is_named_by_its_setting_only(tmp_path: Path) -> None:
    (told,) = problems(TELEGRAM_TOKEN_FILE=TOKEN)  # the token itself, by mistake
    assert told == "TGBOT_TELEGRAM_TOKEN_FILE: the file it names cannot be read (No such file or directory)"
    (told,) = problems(TELEGRAM_TOKEN_FILE=str(tmp_path))
    assert "Is a directory" in told
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (told,) = problems(TELEGRAM_TOKEN_FILE=str(tmp_path / "binary"))
    assert "is not text" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_WEBHOOK_SECRET", "hush hush"),
        ("TELEGRAM_WEBHOOK_SECRET", "x" * 257),
        ("TELEGRAM_WEBHOOK_SECRET", "тайна"),
        ("DATABASE_URL", "postgres://bot:hush-hush@db/tgbot"),
        ("DATABASE_URL", "postgresql+psycopg://bot:hush-hush@db:port/tgbot"),
        ("DATABASE_URL", "postgresql+psycopg://bot:hush-hush@db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "data/tgbot.db"),
        ("KUCOIN_URL", "ftp://hush-hush"),
        ("TELEGRAM_WEBHOOK_URL", "bot.example/hush-hush"),
        ("WEB_BIND", "127.0.0.1:99999"),
        ("WEB_BIND", "127.0.0.1:²"),
        ("OPERATORS", "hush-hush"),
        ("ACCESS", "hush-hush"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_not_repeated(name: str, value: str) -> None:
    told = problems(**{name: value})
    assert told[0].startswith(f"TGBOT_{name}: ")
    assert f"'{value}'" not in "\n".join(told)
    assert "hush-hush" not in "\n".join(told)


def test_a_webhook_needs_its_secret_and_a_path_of_its_own() -> None:
    (told,) = problems(TELEGRAM_WEBHOOK_URL="https://bot.example/hook")
    assert "anybody could post updates" in told
    for path in ("/live", "/ready"):
        (told,) = problems(TELEGRAM_WEBHOOK_URL=f"https://bot.example{path}", TELEGRAM_WEBHOOK_SECRET="x")
        assert "another path" in told
    assert read(TELEGRAM_WEBHOOK_URL="https://bot.example", TELEGRAM_WEBHOOK_SECRET="x").webhook_path == "/"


def test_a_file_env_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TGBOT_ACCESS=open\nTGBOT_OPERATORS=5\n# TGBOT_PAPER=off\nOTHER=1\n")
    settings = read_settings({"TGBOT_OPERATORS": "6"}, tmp_path / ".env")
    assert (settings.access, settings.operators, settings.paper) == (Door.OPEN, (6,), True)
    (tmp_path / ".env").write_text("TGBOT_ACESS=open\n")
    with pytest.raises(ConfigError, match="did you mean TGBOT_ACCESS"):
        read_settings({}, tmp_path / ".env")


@pytest.mark.parametrize(
    ("database", "key", "is_beside"),
    [
        ("sqlite+aiosqlite:///data/tgbot.db", "data/master.key", True),
        ("sqlite+aiosqlite:///data/tgbot.db", "./data/../data/master.key", True),
        ("sqlite+aiosqlite:///data/tgbot.db", "data/keys/master.key", False),
        ("sqlite+aiosqlite:////var/lib/tgbot.db", "/etc/tgbot/master.key", False),
        ("postgresql+psycopg://bot:word@db/data", "data/master.key", False),
    ],
)
def test_a_master_key_in_the_folder_of_the_database_is_noticed(database: str, key: str, *, is_beside: bool) -> None:
    assert read(DATABASE_URL=database, MASTER_KEY_FILE=key).keeps_key_beside_database is is_beside


def test_settings_do_not_print_their_secrets() -> None:
    settings = read(TELEGRAM_TOKEN=TOKEN, DATABASE_URL="postgresql+psycopg://bot:hush-hush@db/tgbot")
    assert TOKEN not in f"{settings!r}{settings}"
    assert "hush-hush" not in f"{settings!r}{settings}"
