"""Currencies: their long names where known, and what fiat money is worth here."""

from decimal import Decimal

PRECISION = 8

# One US dollar in each; fixed, since paper has no currency market.
FIAT = {
    "USD": Decimal(1),
    "EUR": Decimal("0.87"),
    "GBP": Decimal("0.76"),
    "RUB": Decimal(82),
    "JPY": Decimal(154),
    "CNY": Decimal("7.11"),
    "TRY": Decimal("42.3"),
    "BRL": Decimal("5.3"),
    "INR": Decimal("88.6"),
    "AUD": Decimal("1.53"),
}

_NAMES = {
    "BTC": "Bitcoin",
    "ETH": "Ethereum",
    "SOL": "Solana",
    "KCS": "KuCoin Token",
    "XRP": "XRP",
    "DOGE": "Dogecoin",
    "ADA": "Cardano",
    "TRX": "TRON",
    "AVAX": "Avalanche",
    "LTC": "Litecoin",
    "BCH": "Bitcoin Cash",
    "USDT": "Tether",
    "USDC": "USD Coin",
}


def currency_view(name: str) -> dict[str, object]:
    """As `GET /api/v3/currencies` shows it; nothing can be deposited or withdrawn here."""
    return {
        "currency": name,
        "name": name,
        "fullName": _NAMES.get(name, name),
        "precision": PRECISION,
        "confirms": 1,
        "contractAddress": "",
        "isMarginEnabled": False,
        "isDebitEnabled": False,
        "chains": [
            {
                "chainName": name,
                "withdrawalMinSize": "0",
                "depositMinSize": "0",
                "withdrawFeeRate": "0",
                "withdrawalMinFee": "0",
                "isWithdrawEnabled": False,
                "isDepositEnabled": False,
                "confirms": 1,
                "preConfirms": 1,
                "contractAddress": "",
                "withdrawPrecision": PRECISION,
                "needTag": False,
                "chainId": name.lower(),
            }
        ],
    }
