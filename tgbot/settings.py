"""What the operator decides, read once from the environment and `.env`; only wiring and entry modules read it."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tgbot.accounts.service import Door
from tgbot.core.errors import ConfigError

PREFIX = "TGBOT_"
FROM_FILES = ("telegram_token", "telegram_webhook_secret", "database_url")
OUR_PATHS = ("/live", "/ready")  # what TGBOT_WEB_BIND serves besides
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what Telegram takes


class Settings(BaseModel):
    """Every field is the environment variable `TGBOT_<NAME>`; `docs/reference/settings.md` explains them to people."""

    model_config = ConfigDict(frozen=True)

    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_url: str = ""
    telegram_webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    kucoin_url: str = "https://api.kucoin.com"
    kucoin_futures_url: str = "https://api-futures.kucoin.com"
    paper: bool = True
    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///data/tgbot.db")
    master_key_file: Path = Path("data/master.key")
    operators: tuple[int, ...] = ()
    access: Door = Door.INVITE
    web_bind: str = "127.0.0.1:8080"
    web_url: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("operators", mode="before")
    @classmethod
    def _split_operators(cls, value: object) -> object:
        return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value

    @field_validator("telegram_api_url", "kucoin_url", "kucoin_futures_url", "web_url", "telegram_webhook_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("telegram_webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: str) -> str:
        if urlsplit(value).path in OUR_PATHS:
            raise ValueError("must have another path than " + " and ".join(OUR_PATHS))
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _check_webhook_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not _WEBHOOK_SECRET.fullmatch(secret):
            raise ValueError("must be 1 to 256 of the characters A-Z, a-z, 0-9, _ and -")
        if info.data.get("telegram_webhook_url") and not secret:
            raise ValueError("is needed with TGBOT_TELEGRAM_WEBHOOK_URL, or anybody could post updates")
        return value

    @field_validator("web_bind")
    @classmethod
    def _check_bind(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError("must look like 127.0.0.1:8080")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite+aiosqlite://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite+aiosqlite:// or postgresql+psycopg://")
        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError):
            raise ValueError("is no address of a database") from None
        if not url.database or url.database == ":memory:":
            raise ValueError("must name a file, as in sqlite+aiosqlite:///data/tgbot.db, or a database")
        return value

    @property
    def webhook_path(self) -> str:
        """Where on our own web server Telegram's deliveries arrive."""
        return urlsplit(self.telegram_webhook_url).path or "/"

    @property
    def secrets(self) -> list[str]:
        """What no log may show."""
        password = self._database.password
        return [
            self.telegram_token.get_secret_value(),
            self.telegram_webhook_secret.get_secret_value(),
            password if isinstance(password, str) else "",
        ]

    @property
    def keeps_key_beside_database(self) -> bool:
        file = Path(self._database.database or "")
        is_file = self._database.get_backend_name() == "sqlite"
        return is_file and file.parent.resolve() == self.master_key_file.parent.resolve()

    @property
    def _database(self) -> URL:
        return make_url(self.database_url.get_secret_value())

    @property
    def web_address(self) -> tuple[str, int]:
        host, _, port = self.web_bind.rpartition(":")
        return host.strip("[]"), int(port)


def read_settings(environment: Mapping[str, str] = os.environ, env_file: Path = Path(".env")) -> Settings:
    """Raises `ConfigError` with every problem at once: unknown names (a typo must not be ignored), unreadable files,
    values that make no sense. An empty value is none. No message repeats a value, which may be a secret."""
    everything = {**dotenv_values(env_file), **environment}
    given = {name: value for name, value in everything.items() if name.startswith(PREFIX) and value}
    values, problems = _resolve(given)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_describe(detail["loc"], detail["msg"]) for detail in error.errors(include_input=False)]
    if problems or settings is None:
        raise ConfigError("These settings cannot be used:\n" + "\n".join(f"- {problem}" for problem in problems))
    return settings


def _resolve(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Names to field names, `…_FILE` to the file's content; and what was wrong with them."""
    values: dict[str, str] = {}
    problems: list[str] = []
    for name, value in given.items():
        field = name.removeprefix(PREFIX).lower()
        source = field.removesuffix("_file")
        if field in Settings.model_fields:
            values[field] = value
        elif source in FROM_FILES:
            try:
                values[source] = Path(value).read_text(encoding="utf-8").strip()
            except OSError as error:
                problems.append(f"{name}: the file it names cannot be read ({error.strerror})")
            except UnicodeDecodeError:
                problems.append(f"{name}: the file it names is not text")
        else:
            problems.append(_unknown(name))
    problems += [f"{PREFIX}{f.upper()} is given twice, also as …_FILE" for f in FROM_FILES if _is_twice(f, given)]
    return values, problems


def _is_twice(field: str, given: Mapping[str, str]) -> bool:
    name = PREFIX + field.upper()
    return name in given and f"{name}_FILE" in given


def _unknown(name: str) -> str:
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    known += [f"{PREFIX}{field.upper()}_FILE" for field in FROM_FILES]
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "")


def _describe(location: tuple[int | str, ...], message: str) -> str:
    name = f"{PREFIX}{str(location[0]).upper()}: " if location else ""
    return name + message.removeprefix("Value error, ")
