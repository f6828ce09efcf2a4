"""Who may be heard."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from tests.clock import START
from tgbot.core.errors import NotAllowed, TooLate
from tgbot.core.people import Person
from tgbot.core.routing import Answer, Command, Dialogue, Incoming, Origin, Place, Press, Route, Tombstone
from tgbot.intake.rules import Routes, require_fresh, require_somebody, require_untouched

NOW = START
MESSAGE = Incoming(1, 7, True, None, 7, "Ann", "en", 9, NOW, text="/buy btc 100", command="buy", args="btc 100")


async def handle(person: Person, incoming: Incoming) -> Answer:
    raise AssertionError("the gate comes first")


BUY = Command("buy", handle, ("b",), trades=True)
PRICE = Command("price", handle, place=Place.ANYWHERE)
SETTINGS = Command("settings", handle)
CONFIRM = Press("ticket_ok", handle)
REFRESH = Press("price", handle, Place.ANYWHERE)
SIZE = Dialogue("ticket_size", handle)
SECRET = Dialogue(Tombstone.ENTRY, handle)
ROUTES: list[Route] = [BUY, PRICE, SETTINGS, CONFIRM, REFRESH, SIZE]


@pytest.mark.parametrize("route", ROUTES)
def test_what_somebody_has_just_written_themselves_is_heard(route: Route) -> None:
    require_somebody(MESSAGE)
    require_untouched(MESSAGE)
    require_fresh(MESSAGE, route, 1, NOW)


@pytest.mark.parametrize(("route", "origin"), [pair for pair in product(ROUTES, Origin) if pair[1] is not Origin.FRESH])
def test_nothing_acts_that_its_sender_did_not_just_write(route: Route, origin: Origin) -> None:
    with pytest.raises(NotAllowed) as refused:
        require_fresh(replace(MESSAGE, origin=origin), route, 1, NOW)
    assert refused.value.text.key == f"intake.{origin.value}"


def test_nobody_is_not_heard_at_all() -> None:
    with pytest.raises(NotAllowed):
        require_somebody(replace(MESSAGE, origin=Origin.ANONYMOUS))


@pytest.mark.parametrize("origin", list(Origin))
def test_a_secret_reaches_its_handler_however_it_was_sent_for_it_must_be_deleted(origin: Origin) -> None:
    require_fresh(replace(MESSAGE, origin=origin), SECRET, 1, NOW)


@pytest.mark.parametrize("route", [BUY, SETTINGS, CONFIRM])
def test_what_belongs_into_the_private_chat_is_refused_in_a_group(route: Route) -> None:
    with pytest.raises(NotAllowed) as refused:
        require_fresh(replace(MESSAGE, is_private=False, chat_id=-1001), route, 1, NOW)
    assert refused.value.text.key == "intake.private_only"


@pytest.mark.parametrize("route", [PRICE, REFRESH])
def test_prices_are_told_anywhere(route: Route) -> None:
    require_fresh(replace(MESSAGE, is_private=False, chat_id=-1001), route, 1, NOW)


@pytest.mark.parametrize(
    ("seconds", "is_too_old"), [(0, False), (60, False), (60.001, True), (3600, True), (-5, False)]
)
def test_a_command_that_trades_is_acted_upon_for_a_minute(seconds: float, *, is_too_old: bool) -> None:
    late = NOW + timedelta(seconds=seconds)
    if not is_too_old:
        require_fresh(MESSAGE, BUY, 33, late)
        return
    with pytest.raises(TooLate) as refused:
        require_fresh(MESSAGE, BUY, 33, late)
    assert refused.value.text.values["seconds"] == int(seconds)
    assert refused.value.buttons[0][0].data == "again:33"


@pytest.mark.parametrize("route", [route for route in ROUTES if route is not BUY])
def test_what_does_not_trade_does_not_grow_old(route: Route) -> None:
    require_fresh(MESSAGE, route, 1, NOW + timedelta(days=1))


def test_routes_are_found_by_name_alias_verb_and_question() -> None:
    routes = Routes([*ROUTES, SECRET])
    assert routes.find(MESSAGE) is BUY
    assert routes.find(replace(MESSAGE, command="b")) is BUY
    assert routes.find(replace(MESSAGE, command="sell")) is None
    assert routes.find(replace(MESSAGE, command="", press_id="1", verb="ticket_ok")) is CONFIRM
    assert routes.find(replace(MESSAGE, command="", press_id="1", verb="buy")) is None
    assert routes.find(replace(MESSAGE, command="", dialogue="ticket_size")) is SIZE
    assert routes.find(replace(MESSAGE, command="", dialogue="")) is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("bye", "buy"), ("prise", "price"), ("setings", "settings"), ("xyz", None)]
)
def test_the_nearest_command_is_suggested(typed: str, meant: str | None) -> None:
    assert Routes(ROUTES).nearest(typed) == meant


@pytest.mark.parametrize(
    "twins",
    [
        [BUY, Command("b", handle)],
        [CONFIRM, Press("ticket_ok", handle)],
        [SIZE, Dialogue("ticket_size", handle)],
    ],
)
def test_two_routes_of_one_name_are_a_mistake_found_at_the_start(twins: list[Route]) -> None:
    with pytest.raises(ValueError, match="two routes"):
        Routes(twins)


HERE = replace(MESSAGE, is_private=False, chat_id=-1001)
PROPOSE = Command("buy", handle, ("b",), Place.GROUP, trades=True)
VOTE = Press("vote_yes", handle, Place.GROUP)


def test_one_name_is_heard_differently_in_the_private_chat_and_in_groups() -> None:
    routes = Routes([BUY, PROPOSE, VOTE, CONFIRM, SETTINGS])
    assert routes.find(MESSAGE) is BUY
    assert routes.find(HERE) is PROPOSE
    assert routes.find(replace(HERE, command="b")) is PROPOSE
    assert routes.find(replace(MESSAGE, press_id="1", verb="vote_yes")) is VOTE
    assert routes.find(replace(HERE, command="settings")) is SETTINGS
    assert routes.nearest("by") == "buy"


def test_what_belongs_into_a_group_is_refused_elsewhere() -> None:
    require_fresh(HERE, PROPOSE, 1, NOW)
    for route in (PROPOSE, VOTE):
        with pytest.raises(NotAllowed) as refused:
            require_fresh(MESSAGE, route, 1, NOW)
        assert refused.value.text.key == "intake.group_only"


def test_a_group_command_that_trades_is_refused_when_it_is_old() -> None:
    require_fresh(HERE, PROPOSE, 1, NOW + timedelta(seconds=60))
    with pytest.raises(TooLate):
        require_fresh(HERE, PROPOSE, 1, NOW + timedelta(seconds=61))
    for origin in set(Origin) - {Origin.FRESH}:
        with pytest.raises(NotAllowed):
            require_fresh(replace(HERE, origin=origin), PROPOSE, 1, NOW)
