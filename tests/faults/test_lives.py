"""Whole lives of a trader by the dice: orders, taps, cancels, moving prices, a misbehaving exchange, dying processes.

The model of `test_simulation.py` knows the decisions only; here everything is real but the clock. The oracles judge
what is left when the exchange is well again. A failing seed fails again.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import pytest

from tests.faults.test_stops import OCOS, STOPS
from tests.ids import CountingIds
from tests.trading.desk import BY_CLIENT_OID, FILLS, PLACE, Desk, Killed, at_point, die, edited
from tgbot.core.errors import ExchangeError, UserError
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import PENDING
from tgbot.trading.store import Intent

Choice = TypeVar("Choice")

LIVES = range(10)
STEPS = 50


@dataclass
class Life:
    desk: Desk
    dice: CountingIds
    intents: list[Intent] = field(default_factory=list)
    price: Decimal = Decimal(67_000)

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self.dice.fraction() * len(choices))]

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [
            *[self.order] * 5,
            *[self.wait] * 4,
            self.tap_again,
            self.cancel,
            self.cancel,
            self.amend,
            self.list,
            self.move_price,
            self.spoil_an_order,
            self.spoil_a_look,
            self.be_killed,
        ]
        try:
            await self.one_of(acts)()
        except (UserError, ExchangeError):
            return  # the person reads of it
        except (Killed, BaseExceptionGroup) as death:
            if isinstance(death, BaseExceptionGroup) and death.split(Killed)[1] is not None:
                raise
            self.desk.restart()
            await self.desk.now.reconciler.begin()

    async def order(self) -> None:
        below, above = int(self.price * Decimal("0.999")), int(self.price * Decimal("1.001"))
        side, text = self.one_of(
            [
                (Side.BUY, "btc 20"),
                (Side.BUY, "btc 0.001btc"),
                (Side.SELL, "btc 0.001"),
                (Side.BUY, f"btc 0.001btc @ {below}"),
                (Side.SELL, f"btc 0.001 @ {above}"),
                (Side.BUY, f"btc 0.001btc @ {below} ioc"),
                (Side.SELL, f"btc 0.001 stop {below}"),
                (Side.BUY, f"btc 0.001btc stop {above} @ {above}"),
                (Side.SELL, f"btc 0.001 tp {above} sl {below}"),
                (Side.BUY, "btc 0.001btc tp +0.1% sl -0.1%"),
                (Side.BUY, f"btc 0.001btc @ {below} tp +0.2% sl -0.1%"),
            ]
        )
        shown = await self.desk.ticket(text, side)
        self.intents.append(shown.intent)
        await self.desk.confirm(shown.intent)

    async def be_killed(self) -> None:
        with at_point(self.one_of(["C5", "C6", "C9", "C10", "C12", "C13", "C14"]), die):
            await self.one_of([self.order, self.wait, self.cancel])()

    async def tap_again(self) -> None:
        if self.intents:
            await self.desk.confirm(self.one_of(self.intents))

    async def cancel(self) -> None:
        if self.intents:
            if self.dice.fraction() < 0.3:
                self.desk.faults.add("DELETE", "/api/.*", self.one_of([Mode.LOST, Mode.DROP]))
            await self.desk.now.orders.cancel(await self.desk.intent(self.one_of(self.intents)))

    async def amend(self) -> None:
        if self.intents:
            done = await self.desk.amend(await self.desk.intent(self.one_of(self.intents)))
            if done.shown is not None:
                self.intents.append(done.shown.intent)
                await self.desk.confirm(done.shown.intent)

    async def list(self) -> None:
        await self.desk.now.orders.open(self.desk.person())

    async def move_price(self) -> None:
        self.price += Decimal(self.one_of([-150, -40, 40, 150]))
        self.desk.price("BTC-USDT", str(self.price))

    async def wait(self) -> None:
        await self.desk.rounds(self.one_of([0, 1, 2, 2, 3, 31]))

    async def spoil_an_order(self) -> None:
        other_code = json.dumps({"code": "300000", "msg": "busy"}).encode()
        how: dict[str, object] = self.one_of(
            [
                {"mode": Mode.LOST},
                {"mode": Mode.TRUNCATED},
                {"mode": Mode.DROP},
                {"mode": Mode.HTML, "status": 502},
                {"mode": Mode.ERROR, "code": "300000"},
                {"mode": Mode.ERROR, "code": "200004"},
                {"mode": Mode.ERROR, "code": "400002", "status": 401},
                {"mode": Mode.ERROR, "code": "429000", "status": 429},
                {"mode": Mode.EDITED, "edit": lambda body: other_code},
                {"mode": Mode.EDITED, "edit": edited(lambda data: None)},
            ]
        )
        self.desk.faults.add("POST", self.one_of([PLACE, PLACE, STOPS, OCOS]), **how)  # type: ignore[arg-type]  # the arguments of `add`

    async def spoil_a_look(self) -> None:
        path = self.one_of([BY_CLIENT_OID, FILLS, "/api/v1/hf/.*", f"{STOPS}/.*", "/api/v3/oco/client-order/.*"])
        how: dict[str, object] = self.one_of(
            [
                {"mode": Mode.ERROR, "code": "400100", "message": "The order does not exist."},
                {"mode": Mode.HTML, "status": 502},
                {"mode": Mode.DROP},
                {"mode": Mode.ERROR, "code": "300000"},
                {"mode": Mode.EDITED, "edit": edited(lambda data: data and {})},
            ]
        )
        self.desk.faults.add("GET", path, times=self.one_of([1, 2, 3]), **how)  # type: ignore[arg-type]  # as above

    async def come_to_rest(self) -> None:
        """The exchange is well again, time passes, and what still waits is cancelled."""
        self.desk.faults.clear()
        await self.desk.settle()
        await self.desk.rounds(31, 31)
        await self.desk.now.orders.cancel_many(self.desk.person())
        await self.desk.rounds(31, 2)


@pytest.mark.parametrize("seed", LIVES)
async def test_a_life_ends_in_the_truth(desk: Desk, seed: int) -> None:
    life = Life(desk, CountingIds(seed + 1000))
    for _ in range(STEPS):
        await life.step()
    await life.come_to_rest()
    assert {(await desk.intent(intent)).state for intent in life.intents}.isdisjoint(PENDING)
