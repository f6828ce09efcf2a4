"""Telegram delivers updates instead of being asked for them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.flows.stage import Stage, kept_open
from tests.paper.conftest import NO_TLS
from tests.ports import free_bind
from tgbot.core.errors import ConfigError
from tgbot.settings import Settings
from tgbot.web.webhook import SECRET_HEADER

SECRET = "hush_hush-1"


@pytest.fixture
def url(stage: Stage) -> str:
    """The bot of this stage is to have a webhook here."""
    bind = free_bind()
    url = f"http://{bind}/telegram/hook"
    settings = {"telegram_webhook_url": url, "telegram_webhook_secret": SECRET, "web_bind": bind}
    stage.settings = Settings.model_validate(stage.settings.model_dump() | settings)
    return url


@pytest.fixture
async def hook(stage: Stage, url: str) -> AsyncIterator[str]:
    """The bot runs, and Telegram delivers to this address."""
    async with kept_open(stage.bot()):
        await until_hooked(stage)
        yield url


async def until_hooked(stage: Stage) -> None:
    await stage.until(lambda: stage.playground.world.updates.webhook is not None)


async def test_a_whole_trade_comes_through_the_webhook(stage: Stage, hook: str) -> None:
    ann = stage.seat("Ann")
    await ann.say("/start", "Hello Ann")
    await ann.press("Try on paper", "10,000 USDT")
    await ann.say("/buy btc 100", "Buy BTC-USDT")
    await ann.press("Confirm", "^Filled")
    assert stage.playground.world.updates.pending == []
    webhook = stage.playground.world.updates.webhook
    assert webhook is not None
    assert (webhook.url, webhook.secret_token) == (hook, SECRET)


async def test_a_forged_delivery_changes_nothing_and_a_repeated_one_counts_once(stage: Stage, hook: str) -> None:
    ann = stage.seat("Ann")
    await ann.say("/start", "Hello Ann")
    sender = ann.person.to_json()
    message = {
        "message_id": 999,
        "date": int(stage.clock.now().timestamp()),
        "chat": ann.chat.to_json(),
        "from": sender,
    }
    update = {"update_id": 2_000_000_000, "message": message | {"text": "/mode"}}
    async with httpx.AsyncClient(verify=NO_TLS) as anybody:
        for headers in ({}, {SECRET_HEADER: "guess"}):
            assert (await anybody.post(hook, json=update, headers=headers)).status_code == 403
        assert (await anybody.get(hook)).status_code == 405
        await ann.say("/settings", "Settings")
        assert not any("You have no account yet" in text for text in ann.texts())
        for _ in range(2):
            assert (await anybody.post(hook, json=update, headers={SECRET_HEADER: SECRET})).status_code == 200
    await ann.hears("You have no account yet")
    await ann.say("/help", "What would you like to do")
    assert sum("You have no account yet" in text for text in ann.texts()) == 1


async def test_health_is_served_beside_it(hook: str) -> None:
    async with httpx.AsyncClient(base_url=hook.removesuffix("/telegram/hook"), verify=NO_TLS) as client:
        assert (await client.get("/live")).text == "alive\n"
        assert (await client.get("/ready")).json()["database"] is True


async def test_polling_takes_the_webhook_away_and_gets_what_it_has_missed(stage: Stage, url: str) -> None:
    ann = stage.seat("Ann")
    async with stage.bot():
        await until_hooked(stage)
        await ann.say("/start", "Hello Ann")
    await stage.playground.say(ann.person, ann.chat, "/mode")
    assert len(stage.playground.world.updates.pending) == 1, "nobody was there to take it"
    async with stage.bot(telegram_webhook_url=""):
        await ann.hears("You have no account yet")
        assert stage.playground.world.updates.webhook is None
        await ann.say("/help", "What would you like to do")


async def test_an_address_that_telegram_refuses_stops_the_start(stage: Stage) -> None:
    stage.settings = stage.settings.model_copy(update={"telegram_webhook_url": "http://bot.example/hook"})
    with pytest.raises(ExceptionGroup) as group:
        async with stage.bot():
            await stage.until(lambda: False, patience=5)
    assert group.group_contains(ConfigError, match="TGBOT_TELEGRAM_WEBHOOK_URL: .*https url must be")
