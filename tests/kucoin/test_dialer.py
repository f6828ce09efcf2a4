"""Opening a socket: where the token goes, and where it does not."""

import logging

import pytest

from tests.kucoin.host import Host
from tests.kucoin.sockets import Sockets
from tgbot.kucoin.dialer import Dialer, LinkLost
from tgbot.kucoin.sign import Credentials


async def test_every_dial_takes_a_token_of_its_own_to_the_address_that_came_with_it(
    dialer: Dialer, sockets: Sockets
) -> None:
    for dial in (1, 2):
        line = await dialer.public()
        assert sockets.tokens[-1] == f"token=={dial}&"
        await line.connection.close()


async def test_a_private_token_is_asked_for_with_the_key(
    dialer: Dialer, sockets: Sockets, host: Host, credentials: Credentials
) -> None:
    line = await dialer.private(credentials)
    await line.connection.close()
    (asked,) = host.seen("POST", "bullet-private")
    assert asked.headers["kc-api-key"] == credentials.key


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_token_follows_no_redirect(status: int, dialer: Dialer, sockets: Sockets) -> None:
    sockets.handshake_status, sockets.redirects_to = status, sockets.url + "/elsewhere"
    with pytest.raises(LinkLost) as lost:
        await dialer.public()
    assert sockets.dials == 1
    assert str(lost.value) == f"http {status}"


async def test_a_failed_dial_tells_nothing_of_the_token(dialer: Dialer, sockets: Sockets) -> None:
    sockets.url = "ws://127.0.0.1:1/endpoint"
    with pytest.raises(LinkLost) as lost:
        await dialer.public()
    error: BaseException | None = lost.value
    while error is not None:
        assert "token" not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__


async def test_no_log_is_told_of_the_token(dialer: Dialer, sockets: Sockets, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    line = await dialer.public()
    await line.connection.close()
    theirs = [record for record in caplog.records if "token" in record.getMessage()]
    assert {record.name for record in theirs} == {"websockets.server"}, "the far end tells of it, and nobody here"
