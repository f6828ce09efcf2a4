"""Identifiers that a seed decides, so that every run of a test sees the same ones."""

import base64
import hashlib

from tgbot.core.ids import CROCKFORD


class CountingIds:
    """Implements `core.ids.Ids`; the nth call gives the same answer for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._calls = 0

    def unique(self) -> str:
        return self._next().hex()[:32]

    def short(self, length: int = 4) -> str:
        return "".join(CROCKFORD[byte % 32] for byte in self._next()[:length])

    def client_oid(self) -> str:
        return f"tb{self.unique()}"

    def secret(self) -> str:
        return base64.urlsafe_b64encode(self._next()).decode().rstrip("=")

    def fraction(self) -> float:
        return int.from_bytes(self._next()[:6]) / 2**48

    def _next(self) -> bytes:
        self._calls += 1
        return hashlib.sha256(f"{self._seed}:{self._calls}".encode()).digest()
