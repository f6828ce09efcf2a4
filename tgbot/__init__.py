"""A Telegram bot with which people trade on KuCoin."""

__version__ = "0.1.0"
