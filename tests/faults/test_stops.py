"""Orders that wait outside the book: stops and OCOs, under the same faults as limit orders, judged by the oracles."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import delete

from tests.trading.desk import BY_CLIENT_OID, Desk, Killed, at_point, die, read
from tgbot.core.errors import TooLate
from tgbot.core.ids import mark_of
from tgbot.core.orders import Side
from tgbot.paper.faults import Mode
from tgbot.paper.stops import PaperStop
from tgbot.trading.elsewhere import kind_of
from tgbot.trading.rules.settlement import State
from tgbot.trading.store import AttemptRow, Intent, IntentRow
from tgbot.trading.views import lists
from tgbot.trading.views import orders as views


@dataclass(frozen=True)
class Kind:
    """An order that waits, a price that triggers and fills it, and where it is posted."""

    text: str
    side: Side
    trigger: int
    post: str
    words: str


STOPS, OCOS = "/api/v1/stop-order", "/api/v3/oco/order"
KINDS = {
    "stop": Kind(
        "btc 0.01 stop 66000",
        Side.SELL,
        66_000,
        STOPS,
        "sell 0.01 BTC at market when it falls to 66,000",
    ),
    "stop limit": Kind(
        "btc 0.01btc stop 68000 @ 68100",
        Side.BUY,
        68_000,
        STOPS,
        "buy 0.01 BTC at 68,100 when it rises to 68,000",
    ),
    "oco": Kind(
        "btc 0.01 tp 70000 sl 66000",
        Side.SELL,
        70_100,
        OCOS,
        "sell 0.01 BTC at 70,000, or when it falls to 66,000",
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def posts_of(kind: Kind, desk: Desk, mode: Mode, times: int = 1, **how: str | int) -> None:
    desk.faults.add("POST", kind.post, mode, times, **how)  # type: ignore[arg-type]  # the arguments of `add`


def hide(desk: Desk, times: int) -> None:
    """The exchange does not find it yet, whether in the book or outside."""
    for path in (BY_CLIENT_OID, f"{STOPS}/.*", "/api/v3/oco/(client-order|order)/.*"):
        desk.faults.add("GET", path, Mode.ERROR, times, code="400100", message="The order does not exist.")


def waiting(desk: Desk) -> list[PaperStop]:
    return desk.exchange._store.waiting_stops()


async def state_of(desk: Desk, intent: Intent) -> State:
    return (await desk.intent(intent)).state


@every_kind
async def test_it_waits_is_triggered_fills_and_each_is_told(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    assert await desk.told() == [f"✎ Placed: {kind.words}\n#{intent.short} · BTC-USDT"]
    assert intent.state is State.WAITING
    await desk.rounds(31, 31)
    assert await desk.told() == []
    desk.price("BTC-USDT", kind.trigger)
    await desk.rounds(31)
    card, news = await desk.told()
    assert card.startswith(f"✎ Filled: {kind.words}\n0.01 BTC at ")
    assert news.startswith("↩ Filled")
    assert len(desk.placed()) == 1


async def test_a_stop_always_says_which_way(desk: Desk) -> None:
    """What KuCoin would take for granted is a sale below; a buy above the market would be executed at once."""
    for text, side, kind in (
        ("btc 0.001 stop 66000", Side.SELL, "loss"),
        ("btc 0.001 stop 68000", Side.SELL, "entry"),
        ("btc 0.001btc stop 66000", Side.BUY, "loss"),
        ("btc 0.001btc stop 68000", Side.BUY, "entry"),
    ):
        await desk.send(text, side)
        assert waiting(desk)[-1].kind == kind
    assert desk.placed() == []


async def test_a_triggered_limit_order_rests_in_the_book_and_says_so(desk: Desk) -> None:
    intent = await desk.send("btc 0.01btc stop 68000 @ 67500")
    await desk.told()
    desk.price("BTC-USDT", 68_000)
    await desk.rounds(31)
    card, _ = await desk.told()
    assert card.startswith("✎ Placed: buy 0.01 BTC at 67,500 when it rises to 68,000\nThe price has come")
    assert await state_of(desk, intent) is State.OPEN
    await desk.now.orders.cancel(await desk.intent(intent))
    assert await desk.headlines() == ["✎ Cancelled"]


@every_kind
async def test_a_price_that_came_between_ticket_and_tap_sends_nothing(desk: Desk, kind: Kind) -> None:
    """Another direction would be another order."""
    shown = await desk.ticket(kind.text, kind.side)
    desk.price("BTC-USDT", kind.trigger)
    with pytest.raises(TooLate) as caught:
        await desk.confirm(shown.intent)
    assert caught.value.text.key == "trading.trigger_passed"
    assert waiting(desk) == []


async def test_prices_relative_to_a_market_that_has_moved_are_shown_anew(desk: Desk) -> None:
    shown = await desk.ticket("btc 0.01 tp +4% sl -2%", Side.SELL)
    assert shown.intent.spec.price == Decimal(69_680)
    desk.price("BTC-USDT", 67_500)
    anew = await desk.confirm(shown.intent)
    assert anew is not None
    assert anew.intent.spec.price == Decimal(70_200)
    assert waiting(desk) == []


async def test_one_side_of_an_exit_is_a_stop_or_a_limit_order(desk: Desk) -> None:
    await desk.send("btc 0.01 sl -2%", Side.SELL)
    await desk.send("btc 0.01 tp +4%", Side.SELL)
    (stop,), (limit,) = waiting(desk), desk.placed()
    assert (stop.stop_price, stop.request.price, stop.oco) == (Decimal(65_660), None, "")
    assert (limit.price, limit.is_active) == (Decimal(69_680), True)


# --- Doubt -----------------------------------------------------------------------------------------------------------

AMBIGUOUS: dict[str, tuple[dict[str, object], bool]] = {
    "the reply is lost": ({"mode": Mode.LOST}, True),
    "the reply breaks off": ({"mode": Mode.TRUNCATED}, True),
    "it never arrived": ({"mode": Mode.DROP}, False),
    "300000": ({"mode": Mode.ERROR, "code": "300000"}, False),
    "a page of a proxy": ({"mode": Mode.HTML, "status": 502}, False),
}


@every_kind
@pytest.mark.parametrize("case", AMBIGUOUS)
async def test_no_definite_answer_is_unknown_and_the_truth_follows(desk: Desk, kind: Kind, case: str) -> None:
    how, has_taken = AMBIGUOUS[case]
    fault = desk.faults.add("POST", kind.post, **how)  # type: ignore[arg-type]  # the arguments of `add`
    intent = await desk.send(kind.text, kind.side)
    assert await desk.headlines() == ["✎ Unknown, checking"]
    await desk.settle()
    assert (await desk.headlines())[0] == ("✎ Placed" if has_taken else "✎ Not placed")
    assert await state_of(desk, intent) is (State.WAITING if has_taken else State.NOT_PLACED)
    assert fault.hits == 1, "nothing is ever posted again"


@every_kind
async def test_not_placed_is_said_when_its_signature_cannot_be_taken_any_more_and_not_before(
    desk: Desk, kind: Kind
) -> None:
    """Five seconds for the signature, two for the clocks, ten for a list that lags."""
    posts_of(kind, desk, Mode.DROP)
    intent = await desk.send(kind.text, kind.side)
    await desk.rounds(0, *[1] * 17)
    assert await state_of(desk, intent) is State.UNKNOWN
    await desk.rounds(1)
    assert await state_of(desk, intent) is State.NOT_PLACED


@every_kind
@pytest.mark.parametrize("lookups", [1, 5])
async def test_a_query_that_lags_behind_proves_nothing(desk: Desk, kind: Kind, lookups: int) -> None:
    posts_of(kind, desk, Mode.LOST)
    hide(desk, lookups)
    intent = await desk.send(kind.text, kind.side)
    await desk.rounds(*[2] * 8)
    assert await state_of(desk, intent) is State.WAITING


@every_kind
async def test_what_was_asked_in_vain_before_it_was_taken_does_not_prove_that_it_is_gone(
    desk: Desk, kind: Kind
) -> None:
    """Its POST took a while, and for ten seconds after that KuCoin shows it nowhere."""
    arrives = asyncio.Event()
    shown = await desk.ticket(kind.text, kind.side)
    post = desk.faults.add("POST", kind.post, Mode.DELAY, until=arrives)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.confirm(shown.intent))
        while not post.hits:
            await desk.intent(shown.intent)
        await desk.now.reconciler.look()
        desk.clock.advance(2.5)
        arrives.set()
    hide(desk, 99)
    for path in (STOPS, "/api/v3/oco/orders"):
        desk.show(lambda data: data | {"items": []}, path=path)
    await desk.rounds(*[2] * 4)
    assert await state_of(desk, shown.intent) is State.WAITING
    desk.faults.clear()
    await desk.rounds(2)
    assert await desk.headlines() == ["✎ Placed"]


@every_kind
async def test_what_only_the_lists_show_is_found_there(desk: Desk, kind: Kind) -> None:
    posts_of(kind, desk, Mode.LOST)
    hide(desk, 999)
    intent = await desk.send(kind.text, kind.side)
    await desk.settle()
    assert await state_of(desk, intent) is State.WAITING


@every_kind
async def test_triggered_and_filled_before_anybody_looked_is_filled(desk: Desk, kind: Kind) -> None:
    posts_of(kind, desk, Mode.LOST)
    intent = await desk.send(kind.text, kind.side)
    desk.price("BTC-USDT", kind.trigger)
    await desk.settle()
    assert [line for line in await desk.headlines() if "✎" in line] == ["✎ Filled"]
    assert await state_of(desk, intent) is State.FILLED


@every_kind
async def test_a_triggered_order_that_is_listed_late_is_waited_for(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    desk.price("BTC-USDT", kind.trigger)
    desk.faults.add("GET", BY_CLIENT_OID, Mode.ERROR, 3, code="400100", message="The order does not exist.")
    await desk.rounds(31, 31, 31, 31, 31)
    assert await state_of(desk, intent) is State.FILLED


@every_kind
@pytest.mark.parametrize("code", ["200003", "404000"])
async def test_a_definite_no_is_told_with_kucoin_s_words(desk: Desk, kind: Kind, code: str) -> None:
    posts_of(kind, desk, Mode.ERROR, code=code, message="not <here>")
    intent = await desk.send(kind.text, kind.side)
    (told,) = await desk.told()
    assert told.startswith(f"✎ Rejected: {kind.words}")
    assert f"not <here> ({code})" in told
    assert await state_of(desk, intent) is State.REJECTED


@every_kind
@pytest.mark.parametrize(
    ("point", "state"),
    [("C5", State.TICKET), ("C6", State.NOT_PLACED), ("C9", State.WAITING), ("C10", State.WAITING)],
)
async def test_a_kill_at_any_point_leaves_one_at_most_and_the_truth_is_told(
    desk: Desk, kind: Kind, point: str, state: State
) -> None:
    shown = await desk.ticket(kind.text, kind.side)
    with at_point(point, die), pytest.raises(Killed):
        await desk.confirm(shown.intent)
    desk.restart()
    await desk.now.reconciler.begin()
    await desk.settle()
    assert await state_of(desk, shown.intent) is state
    assert len({stop.client_oid for stop in waiting(desk)}) == (1 if state is State.WAITING else 0)


@every_kind
@pytest.mark.parametrize("point", ["C12", "C13"])
async def test_killed_while_its_fill_is_written_down_it_is_written_once(desk: Desk, kind: Kind, point: str) -> None:
    intent = await desk.send(kind.text, kind.side)
    desk.price("BTC-USDT", kind.trigger)
    with at_point(point, die), pytest.raises(BaseExceptionGroup):
        await desk.rounds(31)
    desk.restart()
    await desk.rounds(0)
    assert await state_of(desk, intent) is State.FILLED


# --- The end ---------------------------------------------------------------------------------------------------------


async def by_id(desk: Desk, intent: Intent) -> None:
    assert (await desk.now.orders.cancel(intent)).state is State.CANCELLED


async def by_pair(desk: Desk, intent: Intent) -> None:
    ((ended, error),) = (await desk.now.orders.cancel_many(desk.person(), "BTC-USDT")).ours
    assert (ended.state, error) == (State.CANCELLED, None)


async def all_of_them(desk: Desk, intent: Intent) -> None:
    done = await desk.now.orders.cancel_many(desk.person())
    assert "cancelled" in read(lists.cancelled_many(done))


@every_kind
@pytest.mark.parametrize("cancel", [by_id, by_pair, all_of_them])
async def test_it_is_cancelled_at_once(desk: Desk, kind: Kind, cancel: Callable[..., object]) -> None:
    intent = await desk.send(kind.text, kind.side)
    await desk.told()
    await cancel(desk, intent)  # type: ignore[misc]  # each of them is a coroutine
    assert await desk.headlines() == ["✎ Cancelled"]
    assert waiting(desk) == []
    desk.price("BTC-USDT", kind.trigger)
    assert desk.placed() == []


@every_kind
async def test_a_cancel_whose_reply_is_lost_is_found_out(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    desk.faults.add("DELETE", "/api/v1/stop-order/.*|/api/v3/oco/.*", Mode.LOST)
    asked = await desk.now.orders.cancel(intent)
    if asked.state is not State.CANCELLED:
        assert "has been asked to cancel" in read(views.cancelled(asked))
        await desk.rounds(*[2] * 8)
    assert await state_of(desk, intent) is State.CANCELLED


@every_kind
async def test_a_cancel_that_comes_too_late_tells_of_the_fill(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    desk.price("BTC-USDT", kind.trigger)
    assert (await desk.now.orders.cancel(intent)).state is State.FILLED


@every_kind
async def test_cancelled_elsewhere_it_is_said_to_be_gone_after_a_second_look(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    await desk.told()
    desk.exchange._triggers.cancel(waiting(desk))
    if kind.post == STOPS:
        await desk.rounds(31)
        assert await desk.told() == [], "KuCoin shows no cancelled stops, so once not found proves nothing"
        await desk.rounds(*[2] * 6)
        card, news = await desk.told()
        assert "KuCoin does not have it any more" in card
        assert news.startswith("↩ Cancelled")
    else:
        await desk.rounds(31)
        assert await desk.headlines() == ["✎ Cancelled", "↩ Cancelled"]
    assert await state_of(desk, intent) is State.CANCELLED


async def test_a_stop_that_finds_no_balance_is_said_to_be_gone(desk: Desk) -> None:
    intent = await desk.send("btc 0.01 stop 66000", Side.SELL)
    desk.exchange._store.reset_balances(waiting(desk)[0].account, {"BTC": Decimal("0.005")})
    desk.price("BTC-USDT", 66_000)
    await desk.rounds(31, *[2] * 8)
    assert await state_of(desk, intent) is State.CANCELLED


@every_kind
async def test_after_days_of_standing_still_a_stop_that_is_gone_is_for_the_person_to_check(
    desk: Desk, kind: Kind
) -> None:
    """It may have been triggered, filled, and forgotten."""
    intent = await desk.send(kind.text, kind.side)
    desk.exchange._triggers.cancel(waiting(desk))
    hide(desk, 999)
    await desk.rounds(3 * 86_400, *[2] * 8)
    assert await state_of(desk, intent) is State.INDETERMINATE


# --- Lists -----------------------------------------------------------------------------------------------------------


@every_kind
async def test_it_is_listed_with_where_it_lives(desk: Desk, kind: Kind) -> None:
    intent = await desk.send(kind.text, kind.side)
    shown = read(lists.open_orders(await desk.now.orders.open(desk.person())))
    assert f"#{intent.short} {kind.words}\nBTC-USDT · filled 0 · waits at KuCoin" in shown
    assert read(views.detail(await desk.now.orders.current(intent))).startswith(f"Placed: {kind.words}")


async def test_what_was_made_elsewhere_is_listed_and_can_be_cancelled(desk: Desk, foreign: set[str]) -> None:
    for kind in KINDS.values():
        await desk.send(kind.text, kind.side)
    foreign |= {stop.client_oid for stop in waiting(desk)}
    await forget(desk)
    found = await desk.now.orders.open(desk.person())
    assert len(found.others) == 3
    shown = read(lists.open_orders(found))
    assert "sell 0.01 BTC at market when it falls to 66,000\nBTC-USDT · waits · made elsewhere" in shown
    assert "sell 0.01 BTC as OCO: 70,000" in shown.replace("70000", "70,000")
    for order in found.others:
        kind_word = kind_of(order)
        after = await desk.now.orders.cancel_other(desk.person(), kind_word, order.symbol, order.order_id)
        assert "cancelled" in read(lists.cancelled_other(order.symbol, after)).lower() or after is None
    assert waiting(desk) == []


async def forget(desk: Desk) -> None:
    """As a database that was made anew: of another installation."""
    desk.now.adoption.mark = mark_of("another installation")
    async with desk.database.write() as session:
        await session.execute(delete(AttemptRow))
        await session.execute(delete(IntentRow))
