"""Identifiers and chance come through this door, so that a seed replays any run."""

from hashlib import sha256
from typing import Protocol


class Ids(Protocol):
    def unique(self) -> str:
        """32 hex characters, never the same twice."""
        ...

    def short(self, length: int = 4) -> str:
        """Crockford base-32 characters for people to read and type, e.g. `7F3K`; the caller checks for collisions."""
        ...

    def client_oid(self) -> str:
        """The id under which KuCoin will know an order of ours: `tb` and at most 38 more of `[A-Za-z0-9]`."""
        ...

    def secret(self) -> str:
        """43 URL-safe characters that nobody can guess."""
        ...

    def fraction(self) -> float:
        """Uniform in [0, 1), for jitter."""
        ...


def mark_of(installation: str) -> str:
    """How the clientOids of this installation begin: `tb`, and four characters by which it knows its own orders from
    those of another bot that has a key of the same account."""
    number = int.from_bytes(sha256(installation.encode()).digest()[:4])
    return "tb" + "".join(CROCKFORD[number >> 5 * place & 31] for place in range(4))


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def read_short(text: str) -> str | None:
    """What a person typed for a short id, `#7f3k` or `7F3K`, in its canonical form; `None` if it is not one."""
    canonical = read_start(text)
    return canonical if canonical is not None and len(canonical) >= 4 else None


def read_start(text: str) -> str | None:
    """As `read_short`, of the beginning of a short id: one character or more."""
    canonical = text.strip().removeprefix("#").upper().replace("O", "0").replace("I", "1").replace("L", "1")
    is_start = 1 <= len(canonical) <= 10 and all(letter in CROCKFORD for letter in canonical)
    return canonical if is_start else None
