from tests.trading.conftest import client, clock, desk, desk_url, ssl_context

__all__ = ["client", "clock", "desk", "desk_url", "ssl_context"]
