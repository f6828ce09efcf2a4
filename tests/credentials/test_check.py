"""What KuCoin says of a key decides whether it is kept. Nothing here depends on the kind of database."""

import pytest

from tests.credentials.conftest import MINE, Bank
from tests.kucoin.host import Answer, Manner, html, refusal, success
from tgbot.core.errors import Refused

KEY_INFO = "/api/v1/user/api-key"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.mark.parametrize(
    ("permission", "text"),
    [
        ("General,Spot,Transfer", "refused_rights"),
        ("General,Spot,Withdrawal", "refused_rights"),
        ("General,Spot,Earn", "refused_rights"),
        ("General,Spot,InnerTransfer,Transfer", "refused_rights"),
        ("General,Spot,InnerTransfer", "refused_inner_transfer"),
        ("General,Futures", "refused_no_trade"),
        ("General", "refused_no_trade"),
        ("", "refused_no_trade"),
        ("spot,general", "refused_rights"),
    ],
)
async def test_a_key_with_too_many_or_too_few_rights_is_refused(bank: Bank, permission: str, text: str) -> None:
    bank.key_may(permission)
    await refuses(bank, text)


@pytest.mark.parametrize("permission", ["General,Spot", "Spot, General", "General,Spot,Margin,Futures"])
async def test_every_set_of_harmless_rights_is_taken(bank: Bank, permission: str) -> None:
    bank.key_may(permission)
    await bank.keys.link(bank.person(), MINE)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (refusal("400003", "KC-API-KEY not exists"), "refused_key"),
        (refusal("400004", "Invalid KC-API-PASSPHRASE"), "refused_key"),
        (refusal("400005", "Invalid KC-API-SIGN"), "refused_key"),
        (refusal("400006", "The IP is not in the whitelist"), "refused_ip"),
        (refusal("400007", "Access denied"), "refused_permission"),
        (refusal("400002", "KC-API-TIMESTAMP Invalid"), "refused_clock"),
        (refusal("400100", "Parameter error"), "refused_other"),
        (refusal("500000", "Internal Server Error", 500), "refused_unreachable"),
        (refusal("429000", "Too many requests", 429), "refused_unreachable"),
        (html(503), "refused_unreachable"),
        (Answer(manner=Manner.HANG_UP), "refused_unreachable"),
        (success({"permission": "General,Spot"}), "refused_unreachable"),
        (success(None), "refused_unreachable"),
    ],
)
async def test_whatever_kucoin_says_but_yes_is_a_refusal_that_keeps_nothing(
    bank: Bank, answer: Answer, text: str
) -> None:
    bank.kucoin.on("GET", KEY_INFO, answer)
    await refuses(bank, text)


async def test_a_unified_account_is_refused(bank: Bank) -> None:
    bank.kucoin.on("GET", "/api/ua/v1/account/mode", success({"selfAccountMode": "UNIFIED"}))
    await refuses(bank, "refused_unified")


async def test_where_the_account_mode_is_not_known_the_key_is_taken(bank: Bank) -> None:
    bank.kucoin.on("GET", "/api/ua/v1/account/mode", refusal("404000", "Url not found", 404))
    assert (await bank.keys.link(bank.person(), MINE)).is_active


async def refuses(bank: Bank, text: str) -> None:
    with pytest.raises(Refused) as refused:
        await bank.keys.link(bank.person(), MINE)
    assert refused.value.text.key == f"credentials.{text}"
    assert await bank.stored() == []
    assert bank.modes == {}
    assert await bank.holds(MINE.key, MINE.secret, MINE.passphrase) == []
