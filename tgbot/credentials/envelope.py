"""Envelope encryption: a fresh data key for every record, wrapped by the master key; both bound to where they belong.

AES-256-GCM with random 96-bit nonces. A data key seals one record once, so its nonce cannot repeat; the additional data
name installation, person, key and record version, so a row moved anywhere else does not open.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tgbot.core.errors import BotError

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32
FORMAT = b"\x01"


class CannotOpen(BotError):
    """The record was changed, moved, or sealed under another master key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record belongs; sealed in, never stored with it."""

    installation: str
    person_id: int
    key_id: str
    version: int

    def additional_data(self, part: str) -> bytes:
        return f"tgbot|{part}|1|{self.installation}|{self.person_id}|{self.key_id}|{self.version}".encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """`master_version` says which master key wraps the data key."""

    data: bytes
    wrapped_key: bytes
    master_version: int


@dataclass(frozen=True, slots=True)
class MasterKey:
    version: int
    secret: bytes

    def __repr__(self) -> str:
        return f"MasterKey(version={self.version})"


def seal(master: MasterKey, place: Place, plaintext: bytes) -> Sealed:
    data_key = AESGCM.generate_key(KEY_BYTES * 8)
    return Sealed(
        data=_encrypt(data_key, plaintext, place.additional_data("record")),
        wrapped_key=_encrypt(master.secret, data_key, place.additional_data(f"data-key/{master.version}")),
        master_version=master.version,
    )


def unseal(master: MasterKey, place: Place, sealed: Sealed) -> bytes:
    """Raises `CannotOpen`."""
    data_key = _decrypt(master.secret, sealed.wrapped_key, place.additional_data(f"data-key/{sealed.master_version}"))
    return _decrypt(data_key, sealed.data, place.additional_data("record"))


def _encrypt(key: bytes, plaintext: bytes, additional_data: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plaintext, additional_data)


def _decrypt(key: bytes, box: bytes, additional_data: bytes) -> bytes:
    if box[:1] != FORMAT or len(box) < len(FORMAT) + NONCE_BYTES + TAG_BYTES:
        raise CannotOpen("unknown format")
    nonce, ciphertext = box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, additional_data)
    except InvalidTag:
        raise CannotOpen("does not open with this master key at this place") from None
