"""What we tell people by ourselves, how loudly, and when not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum


class Kind(StrEnum):
    """Of a notice that nobody has asked for at this moment."""

    FILL = "fill"
    ALERT = "alert"
    WATCH = "watch"
    ACCOUNT = "account"


# These are let through in quiet hours.
URGENT_KINDS = frozenset({Kind.FILL, Kind.ACCOUNT})


class Level(StrEnum):
    ON = "on"
    SILENT = "silent"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `begins` until `ends` on the reader's clock, over midnight where `ends` is the earlier of the two."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who reads a chat: `language` as Telegram gives it, `time_zone` an IANA name. What `levels` lacks is on. One that
    is not known has chosen nothing: a person whom we have not met, or a group that nobody keeps."""

    language: str
    time_zone: str
    levels: Mapping[Kind, Level] = field(default_factory=dict)
    quiet: Quiet | None = None
    is_known: bool = True
