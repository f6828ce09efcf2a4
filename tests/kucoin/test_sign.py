from tgbot.kucoin.sign import Credentials, signature, signed_headers

SECRET = "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3"


def test_the_vector_of_kucoins_documentation() -> None:
    text = '1547015186532POST/api/v1/deposit-addresses{"currency":"BTC"}'
    assert signature(SECRET, text) == "7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4="


def test_the_headers_of_a_private_call() -> None:
    headers = signed_headers(
        Credentials("k", SECRET, "p"), 1547015186532, "POST", "/api/v1/deposit-addresses", '{"currency":"BTC"}'
    )
    assert headers == {
        "KC-API-KEY": "k",
        "KC-API-SIGN": "7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4=",
        "KC-API-TIMESTAMP": "1547015186532",
        "KC-API-PASSPHRASE": signature(SECRET, "p"),
        "KC-API-KEY-VERSION": "3",
        "Content-Type": "application/json",
    }


def test_credentials_do_not_show_themselves() -> None:
    shown = f"{Credentials('CANARY-1', 'CANARY-2', 'CANARY-3')!r}"
    assert "CANARY" not in shown
