import pytest

from tgbot.playground.entities import detect, with_detected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/price btc", [("bot_command", "/price")]),
        ("see /help@tgbot_demo_bot, please", [("bot_command", "/help@tgbot_demo_bot")]),
        ("BTC/USDT and 1/2 are no commands", []),
        ("a/b/c /x/y", []),
        ("https://kucoin.com/trade?x=1.", [("url", "https://kucoin.com/trade?x=1")]),
        ("on kucoin.com today", [("url", "kucoin.com")]),
        ("write to ann@example.org", [("email", "ann@example.org")]),
        ("@tgbot_demo_bot btc", [("mention", "@tgbot_demo_bot")]),
        ("$BTC #crypto #123", [("cashtag", "$BTC"), ("hashtag", "#crypto")]),
    ],
)
def test_what_telegram_finds_by_itself(text: str, found: list[tuple[str, str]]) -> None:
    shown = [(entity["type"], text[entity["offset"] : entity["offset"] + entity["length"]]) for entity in detect(text)]
    assert shown == found


def test_offsets_count_utf16_units() -> None:
    assert detect("😀 /go") == [{"type": "bot_command", "offset": 3, "length": 3}]


def test_nothing_is_found_inside_code() -> None:
    code = {"type": "code", "offset": 0, "length": 5}
    assert with_detected("/help /start", [code]) == [code, {"type": "bot_command", "offset": 6, "length": 6}]
