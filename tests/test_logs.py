"""Lines of the log, for people and machines, and no secret in any of them."""

import asyncio
import base64
import io
import json
import logging
import sys
from urllib.parse import quote

import pytest
import structlog

from tgbot import logs
from tgbot.logs import HIDDEN, Hiding

TOKEN = "1234567890:AAE-token_that_must_not_be_seen_anywhere"
WEBHOOK_SECRET = "a+webhook/secret"
PASSWORD = "p@ss:word/of the database"
SECRETS = [TOKEN, WEBHOOK_SECRET, PASSWORD]


@pytest.fixture(params=["console", "json"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def log(style: str, monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> io.StringIO:
    """What is written at debug level, by anybody."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("debug", style, SECRETS)
    return written


def hidden_in(log: io.StringIO) -> bool:
    line = log.getvalue()
    assert line, "something was written"
    forms = [form for secret in SECRETS for form in (secret, quote(secret, safe=""), in_base64(secret))]
    return HIDDEN in line and not any(form in line for form in forms)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_known_secret_is_hidden_wherever_it_stands(log: io.StringIO, secret: str) -> None:
    logger = structlog.get_logger()
    logger.info("event with " + secret)  # noqa: G003 - the mistake that must not matter
    logger.info("event", value=secret, nested={"a": [secret]}, address=f"https://host/bot{quote(secret, safe='')}/x")
    logger.info("event", authorisation=f"Basic {in_base64(secret)}")
    logging.getLogger("somebody").warning("library says %s", secret)
    logging.getLogger("somebody").warning("library says %(it)s", {"it": secret})
    assert hidden_in(log)
    assert log.getvalue().count(HIDDEN) >= 6


@pytest.mark.parametrize("secret", SECRETS)
def test_a_known_secret_is_hidden_in_tracebacks(log: io.StringIO, secret: str) -> None:
    def fail() -> None:
        raise RuntimeError(f"the effect {secret}") from ValueError(f"the cause {secret}")

    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("somebody").exception("failed")
    assert hidden_in(log)
    assert "the cause" in log.getvalue()
    assert "local" not in log.getvalue(), "values of variables are not shown"


def test_the_loop_itself_tells_of_lost_errors_without_secrets(log: io.StringIO) -> None:
    async def lose() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"lost {TOKEN}", "exception": ValueError(TOKEN), "future": TOKEN}
        )

    asyncio.run(lose())
    assert hidden_in(log)


@pytest.mark.parametrize(
    "text",
    [
        "POST https://api.telegram.org/bot98765432:BBE_another_token_of_thirty_five_chars/getMe",
        "98765432:BBE_another_token_of_thirty_five_chars",
        "wss://ws-api.kucoin.com/endpoint?token=BBE_another_token_of_thirty_five_chars==&connectId=1",
        "{'KC-API-KEY': 'BBE_another_token_of_thirty_five_chars', 'KC-API-SIGN': 'x'}",
        '{"KC-API-PASSPHRASE": "BBE_another_token_of_thirty_five_chars"}',
        "[(b'KC-API-SIGN', b'BBE_another_token_of_thirty_five_chars'), (b'Host', b'x')]",
        "kc-api-sign: BBE_another_token_of_thirty_five_chars",
        "<CIMultiDict('KC-API-KEY': 'BBE_another_token_of_thirty_five_chars')>",
        "postgresql+psycopg://bot:BBE_another_token_of_thirty_five_chars@db/tgbot",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_has_named_it(log: io.StringIO, text: str) -> None:
    structlog.get_logger().info("event", value=text)
    logging.getLogger("somebody").info(text)
    assert HIDDEN in log.getvalue()
    assert "BBE_another" not in log.getvalue()


def test_a_kucoin_secret_is_hidden(log: io.StringIO) -> None:
    structlog.get_logger().info("event", value="0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
    assert "4b5a" not in log.getvalue()


@pytest.mark.parametrize(
    "text", ["bot 12 of 13", "order 66f0a1b2c3d4e5f607182930", "12:30", "a token=", "id 4b5a-6978"]
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert Hiding(["", "short"])(None, "info", f"{text} short") == f"{text} short"


def test_machines_get_one_object_a_line(monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("info", "json", SECRETS)
    structlog.get_logger().info("ready", bot="x", note='quote " and\nnewline')
    structlog.get_logger().debug("not at this level")
    logging.getLogger("somebody").warning("library")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("ready", "info"), ("library", "warning")]
    assert lines[0]["timestamp"].endswith("Z")


def test_a_longer_secret_is_hidden_whole_though_another_begins_it() -> None:
    assert Hiding(["12345678", "12345678-and-more"])(None, "info", "12345678-and-more") == HIDDEN
