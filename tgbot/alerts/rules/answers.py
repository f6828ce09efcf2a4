"""What a button of a question carries. Telegram takes no more than 64 bytes of it. Pure.

Where there is room it is the whole alert as one would type it: such a button outlives its question. Else it is the
answer alone, and the seal of the draft that it completes: beside another draft it would say something else.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from tgbot.alerts.rules.request import AlertRequest, completed

LONGEST_DATA = 64
CHOICES = ("#1", "#2")  # of a number with two readings

Offer = Callable[[AlertRequest, str], str]  # the alert once it is pressed, and what of it is the answer; gives the data


def going_on(draft: AlertRequest) -> Offer:
    """For a new alert."""

    def offer(wanted: AlertRequest, answer: str) -> str:
        return _whole_or(f"alert_on:{wanted.written()}", f"alert_answer:{seal(draft)} {answer}")

    return offer


def changing(short: str, draft: AlertRequest) -> Offer:
    """For the alert of this name; `draft` is what it is to become, as far as that is known."""

    def offer(wanted: AlertRequest, answer: str) -> str:
        change = replace(wanted, pair="").written()
        return _whole_or(f"alert_change:{short} {change}", f"alert_amend:{short} {seal(draft)} {answer}")

    return offer


def seal(draft: AlertRequest) -> str:
    """The same for drafts that say the same."""
    return sha256(draft.written().encode()).hexdigest()[:8]


def answered(draft: AlertRequest, answer: str) -> AlertRequest:
    """Raises `UsageError` for what no button of ours has said."""
    chosen = dict(zip(CHOICES, draft.levels, strict=False))
    if answer in chosen:
        return replace(draft, levels=(chosen[answer],))
    return completed(draft, answer, ".")


def _whole_or(whole: str, answer: str) -> str:
    return whole if len(whole.encode()) <= LONGEST_DATA else answer
