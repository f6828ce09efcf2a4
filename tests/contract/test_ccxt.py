"""ccxt, on which most trading programs stand, trades on the paper exchange and sees what paper holds."""

import pytest

from tests.contract.foreign import peer_python, staged


@pytest.mark.peers
@pytest.mark.timeout(120)
async def test_ccxt_trades_on_paper() -> None:
    python = peer_python("ccxt")
    async with staged() as stage:
        await stage.check(await stage.play(python, "with_ccxt.py"))
