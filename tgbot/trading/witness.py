"""A file beside the database that names the order sent last. A database that lacks this order is an older copy."""

import os
from pathlib import Path

import structlog

log = structlog.get_logger()

LENGTH = 64


class Witness:
    """Of one installation: it knows what was done, also when the database has been put back to before that."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> str:
        """The clientOid of the order sent last; empty if none was, or the file is not there, or a power cut has left
        nothing of what was in it. Whatever else stands there is the name of an order that nobody knows."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return ""
        return text[:LENGTH].replace("\0", "").strip()

    def note(self, client_oid: str) -> None:
        """Called when the right to send is on disk, before the first byte leaves. Overwrites in place, so that a full
        disk does not matter, and does not wait for the disk: when a copy is put back, this machine is up."""
        line = client_oid.ljust(LENGTH - 1).encode("ascii") + b"\n"
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(file, line, 0)
            finally:
                os.close(file)
        except OSError as error:
            log.warning("witness_not_written", path=str(self._path), reason=error.strerror)
