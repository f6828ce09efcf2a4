"""A small KuCoin client, written apart from the exchange so that each proves the other."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx

from tests.clock import JumpClock
from tgbot.paper.exchange import Credentials


class Trader:
    def __init__(self, http: httpx.AsyncClient, clock: JumpClock, credentials: Credentials) -> None:
        self.http = http
        self.clock = clock
        self.credentials = credentials

    async def send(self, method: str, target: str, body: object = None) -> httpx.Response:
        content = json.dumps(body, separators=(",", ":")) if body is not None else ""
        return await self.http.request(method, target, content=content, headers=self.headers(method, target, content))

    async def get(self, target: str) -> Any:
        return data_of(await self.send("GET", target))

    async def post(self, target: str, body: object = None) -> Any:
        return data_of(await self.send("POST", target, body))

    async def delete(self, target: str) -> Any:
        return data_of(await self.send("DELETE", target))

    async def refusal(self, method: str, target: str, body: object = None) -> tuple[str, str]:
        """Code and message of a request that must fail."""
        answer = (await self.send(method, target, body)).json()
        assert answer["code"] != "200000", answer
        return answer["code"], answer["msg"]

    async def buy(self, **fields: object) -> Any:
        """A synchronous order for BTC-USDT; a market order unless `price` is given."""
        return await self.order(side="buy", **fields)

    async def sell(self, **fields: object) -> Any:
        return await self.order(side="sell", **fields)

    async def order(self, **fields: object) -> Any:
        return await self.post("/api/v1/hf/orders/sync", order_body(**fields))

    async def balances(self) -> dict[str, tuple[str, str]]:
        """Available and held, by currency."""
        return {row["currency"]: (row["available"], row["holds"]) for row in await self.get("/api/v1/accounts")}

    def headers(self, method: str, signed: str, content: str = "") -> dict[str, str]:
        timestamp = str(int(self.clock.now().timestamp() * 1000))
        return {
            "KC-API-KEY": self.credentials.key,
            "KC-API-SIGN": self.hmac(f"{timestamp}{method}{signed}{content}"),
            "KC-API-TIMESTAMP": timestamp,
            "KC-API-PASSPHRASE": self.hmac(self.credentials.passphrase),
            "KC-API-KEY-VERSION": "3",
            "Content-Type": "application/json",
        }

    def hmac(self, message: str) -> str:
        digest = hmac.new(self.credentials.secret.encode(), message.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def order_body(**fields: object) -> dict[str, object]:
    return {"symbol": "BTC-USDT", "type": "limit" if "price" in fields else "market", **fields}


def data_of(response: httpx.Response) -> Any:
    answer = response.json()
    assert answer["code"] == "200000", answer
    return answer["data"]
