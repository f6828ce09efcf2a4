"""What its reader wants done with a notice: sent, kept until the quiet hours are over, or left out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tgbot.core.notices import URGENT_KINDS, Kind, Level, Quiet, Recipient
from tgbot.texts.notation import zone


class Verdict(Enum):
    SEND = "send"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True, slots=True)
class KeepUntil:
    at: datetime


def judge(kind: Kind | None, recipient: Recipient, now: datetime) -> Verdict | KeepUntil:
    """What has no kind was asked for, and is always sent."""
    if kind is None:
        return Verdict.SEND
    if recipient.levels.get(kind) is Level.OFF:
        return Verdict.LEAVE_OUT
    until = None if kind in URGENT_KINDS else quiet_until(recipient, now)
    return Verdict.SEND if until is None else KeepUntil(until)


def is_silent(kind: Kind | None, recipient: Recipient) -> bool:
    return kind is not None and recipient.levels.get(kind) is Level.SILENT


def quiet_until(recipient: Recipient, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` lies."""
    if recipient.quiet is None:
        return None
    local = now.astimezone(zone(recipient.time_zone))
    if not _is_within(recipient.quiet, local):
        return None
    end = datetime.combine(local.date(), recipient.quiet.ends, local.tzinfo)
    # By the clock on the wall, also where a night is an hour longer.
    return end if end > local else end + timedelta(days=1)


def _is_within(quiet: Quiet, local: datetime) -> bool:
    at = local.time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= at < quiet.ends
    return at >= quiet.begins or at < quiet.ends
