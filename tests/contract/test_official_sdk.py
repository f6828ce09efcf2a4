"""KuCoin's own client trades on the paper exchange and sees what paper holds."""

import pytest

from tests.contract.foreign import peer_python, staged


@pytest.mark.peers
@pytest.mark.timeout(120)
async def test_the_official_sdk_trades_on_paper() -> None:
    python = peer_python("sdk")
    async with staged() as stage:
        await stage.check(await stage.play(python, "official_sdk.py"))
