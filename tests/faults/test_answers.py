"""Rows R and N: whatever comes back when an order is sent, or does not come back, or cannot even leave. The oracles of
`oracle.py` judge each of these."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.clock import a_moment
from tests.kucoin.host import running_host
from tests.trading.desk import BY_CLIENT_OID, PLACE, Desk, at_point, edited
from tgbot.paper.faults import Mode
from tgbot.trading.rules.settlement import State

TOO_MUCH = 3 << 20  # more than is read of any answer

How = dict[str, Any]


def says(code: str, message: str = "Sorry, <b>busy</b>") -> How:
    """The order has been taken, and the answer denies it."""
    return {"mode": Mode.EDITED, "edit": lambda _: json.dumps({"code": code, "msg": message}).encode()}


def turned_away(code: str, message: str = "Sorry, <b>busy</b>") -> How:
    """With the same answer."""
    return {"mode": Mode.ERROR, "code": code, "message": message}


def answers(body: bytes | Callable[[Any], Any]) -> How:
    """The order has been taken, and this is said of it; a function changes the `data` of the real answer."""
    return {"mode": Mode.EDITED, "edit": edited(body) if callable(body) else lambda _: body}


async def doubted(desk: Desk, *hows: How) -> list[State]:
    """What becomes of orders whose POSTs are spoilt so, one after the other: all are unknown at first, none is posted
    again, and each has the number under which the exchange has it, or none."""
    posts = [desk.faults.add("POST", PLACE, **how) for how in hows]
    intents = [await desk.send("btc 100") for _ in hows]
    assert await desk.headlines() == ["✎ Unknown, checking"] * len(hows)
    await desk.settle()
    assert [post.hits for post in posts] == [1] * len(hows)
    ended = [await desk.intent(intent) for intent in intents]
    assert [intent.order_id for intent in ended if intent.order_id] == [order.id for order in desk.placed()]
    return [intent.state for intent in ended]


# --- It cannot leave (R3, N2) ----------------------------------------------------------------------------------------

NOBODY, NO_NAME = "http://127.0.0.1:1", "http://no-such-host.invalid"


def in_the_clear(desk: Desk) -> str:
    """Where nobody speaks TLS."""
    return desk.rest._base_url.replace("http:", "https:")


@pytest.mark.parametrize("where", [lambda _: NOBODY, lambda _: NO_NAME, in_the_clear], ids=["port", "name", "tls"])
async def test_what_could_not_leave_is_not_sent_and_a_new_tap_makes_a_new_order(
    desk: Desk, where: Callable[[Desk], str]
) -> None:
    await cannot_leave(desk, where(desk))
    assert desk.placed() == []
    assert (await desk.send("btc 100")).state is State.OPEN
    assert len(desk.placed()) == 1


async def test_whoever_has_a_certificate_of_their_own_gets_no_order(
    desk: Desk, own_certificate: ssl.SSLContext
) -> None:
    async with running_host(own_certificate) as impostor:
        await cannot_leave(desk, f"https://127.0.0.1:{impostor.port}")
        assert impostor.requests == []
    assert (await desk.send("btc 100")).state is State.OPEN
    assert len(desk.placed()) == 1


async def cannot_leave(desk: Desk, address: str) -> None:
    """That is where KuCoin is said to be when the right to send has just been used up."""
    real = desk.rest._base_url
    with at_point("C6", lambda: setattr(desk.rest, "_base_url", address)):
        intent = await desk.send("btc 100")
    desk.rest._base_url = real
    assert intent.state is State.NOT_SENT
    assert await desk.headlines() == ["✎ Not sent"]


# --- It is answered, and nobody knows what that means (R6-R10) -------------------------------------------------------


async def test_pages_of_somebody_in_between_leave_the_order_in_doubt_and_the_looks_go_on(desk: Desk) -> None:
    """Each look gets two such pages before its answer, too."""
    pages = [{"mode": Mode.HTML, "status": status} for status in (502, 503, 500)]
    for page in pages:
        desk.faults.add("GET", BY_CLIENT_OID, times=2, **page)  # type: ignore[arg-type]  # the arguments of `add`
    assert await doubted(desk, *pages) == [State.NOT_PLACED] * 3


async def test_an_answer_that_says_it_is_packed_and_is_not_leaves_the_order_in_doubt(desk: Desk) -> None:
    spoil_answer(desk, headers=[(b"content-encoding", b"gzip")])
    await found_out(desk)


async def test_a_code_that_is_not_known_to_be_a_no_is_none(desk: Desk) -> None:
    codes = ("300000", "987654", "", "2000041")
    assert await doubted(desk, *map(says, codes)) == [State.FILLED] * 4


async def test_trouble_within_kucoin_leaves_the_order_in_doubt(desk: Desk) -> None:
    codes = ("408000", "500000", "126038", "126039")
    ended = await doubted(desk, *map(says, codes), *map(turned_away, codes))
    assert ended == [State.FILLED] * 4 + [State.NOT_PLACED] * 4


async def test_a_clear_no_is_told_and_the_next_order_goes_out(desk: Desk) -> None:
    desk.faults.add("POST", PLACE, **turned_away("200004", "Balance <b>insufficient</b>!"))
    assert (await desk.send("btc 100")).state is State.REJECTED
    (told,) = await desk.told()
    assert "Balance <b>insufficient</b>! (200004)" in told, "its words, and no markup"
    assert (await desk.send("btc 100")).state is State.OPEN


async def test_a_success_without_its_number_is_no_success_yet(desk: Desk) -> None:
    hows = (
        {"mode": Mode.TRUNCATED},
        answers(b'{"code":"200000","data":null}'),
        answers(b'{"code":"200000"}'),
        answers(b'{"code":"200000","data":{'),
        answers(lambda data: {"orderId": ""}),
        answers(lambda data: {"orderId": 7}),
        answers(lambda data: [data]),
        answers(lambda data: data | {"clientOid": "tbSomebodyElse"}),
    )
    assert await doubted(desk, *hows) == [State.FILLED] * 8


async def test_a_duplicate_is_ours_and_is_adopted_though_it_shows_late(desk: Desk) -> None:
    desk.hide(9)
    duplicates = (
        ("126033", ""),
        ("126044", "clientOid duplicate"),
        ("300018", "clientOid parameter repeated"),
        ("400100", "validation.createOrder.clientOidDuplicated"),
    )
    assert await doubted(desk, *(says(*duplicate) for duplicate in duplicates)) == [State.FILLED] * 4


# --- It does not end (R17) -------------------------------------------------------------------------------------------


def spoil_answer(
    desk: Desk,
    *,
    status: int = 200,
    headers: list[tuple[bytes, bytes]] | None = None,
    body: Callable[[Receive, Send, bytes], Awaitable[None]] | None = None,
) -> None:
    """The next order is taken, and its answer has another head, or is sent by `body`."""
    real = desk.faults._app

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) != ("POST", PLACE):
            return await real(scope, receive, send)
        desk.faults._app = real
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)

        await real(scope, receive, keep)
        head, content = parts
        length = [] if body else [(b"content-length", str(len(content["body"])).encode())]
        await send({**head, "status": status, "headers": [*length, *(headers or [])]})
        if body:
            return await body(receive, send, content["body"])
        return await send(content)

    desk.faults._app = app


async def drip(receive: Receive, send: Send, body: bytes) -> None:
    """A byte now and then, for as long as somebody listens."""
    ended = asyncio.ensure_future(receive())
    while not (await asyncio.wait({ended}, timeout=0.02))[0]:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})


async def swell(receive: Receive, send: Send, body: bytes) -> None:
    """The answer, behind more room than anybody needs."""
    await send({"type": "http.response.body", "body": b" " * TOO_MUCH + body})


async def stop_short(receive: Receive, send: Send, body: bytes) -> None:
    """Less than was promised, and then nothing."""
    await send({"type": "http.response.body", "body": body[:-1], "more_body": True})
    await receive()


async def say_nothing(receive: Receive, send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": b""})


ENDLESS: dict[str, How] = {
    "it drips": {"body": drip},
    "it is huge": {"body": swell},
    "it promises more": {"body": stop_short, "headers": [(b"content-length", b"999")]},
    "it leads elsewhere": {"body": say_nothing, "status": 307, "headers": [(b"location", PLACE.encode())]},
}


@pytest.mark.parametrize("case", ENDLESS)
async def test_an_answer_without_measure_ends_and_its_order_is_looked_up(desk: Desk, case: str) -> None:
    spoil_answer(desk, **ENDLESS[case])
    await found_out(desk)


async def found_out(desk: Desk) -> None:
    """One order, of which nothing is known before the deadline is over."""
    with at_point("C6", lambda: setattr(desk.rest, "_deadline", 1)):  # second, of ten
        intent = await desk.send("btc 100")
    desk.rest._deadline = 10
    assert intent.state is State.UNKNOWN
    await desk.settle()
    assert (await desk.intent(intent)).state is State.FILLED
    assert len(desk.placed()) == 1, "what leads elsewhere is not followed"


# --- It does not come at all (R23) -----------------------------------------------------------------------------------


async def test_an_order_whose_answers_do_not_come_keeps_no_other_from_its_end(desk: Desk) -> None:
    slow, other = await desk.send("btc 0.01btc @ 66000"), await desk.send("btc 0.01btc @ 66001")
    await desk.rounds(0)
    until = asyncio.Event()
    path = f"/api/v1/hf/orders/client-order/{desk.placed()[0].client_oid}"
    desk.faults.add("GET", path, Mode.DELAY, until=until)
    desk.price("BTC-USDT", 65_990)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.rounds(31))
        while (await desk.intent(other)).state is not State.FILLED:
            await a_moment(0.003)
        assert (await desk.intent(slow)).state is State.OPEN
        until.set()
    await desk.rounds(31)
    assert (await desk.intent(slow)).state is State.FILLED
