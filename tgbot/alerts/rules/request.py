"""How an alert is written: `PAIR > 70000`, `PAIR cross 65000 every 30m for 3d note "sell the rest"`, `PAIR +2%`."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tgbot.alerts.rules.conditions import SIGNS, Beyond, Part, is_part, read_part, write_parts
from tgbot.alerts.rules.crossing import Kind
from tgbot.alerts.rules.endings import end_of, is_date, is_time
from tgbot.core.errors import UsageError
from tgbot.core.money import HUNDRED, ZERO, ceil_to, floor_to, plain
from tgbot.core.numbers import Ambiguous, DecimalSign, NotANumber, read_number
from tgbot.core.periods import NotAPeriod, print_period, read_period
from tgbot.core.reply import T

LONGEST_NOTE = 200
LONGEST_COOLDOWN = timedelta(days=30)
LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """What was written; what is missing is empty.

    `levels` holds two where the number has two readings. `move` is a fraction of the present price, +0.02 for `+2%`,
    and takes the place of kind and level. So do `parts`, of which a second one follows while it `is_joined`. `pair` is
    as the person wrote it. `until` is a date, a time or both, in the person's time zone, and takes the place of
    `lasts`.
    """

    pair: str = ""
    kind: Kind | None = None
    levels: tuple[Decimal, ...] = ()
    move: Decimal | None = None
    parts: tuple[Part, ...] = ()
    is_joined: bool = False
    every: timedelta | None = None
    lasts: timedelta | None = None
    until: str = ""
    note: str = ""

    @property
    def has_condition(self) -> bool:
        return bool(self.kind or self.levels or self.parts) or self.move is not None

    @property
    def is_complete(self) -> bool:
        return bool(self.parts) or self.move is not None or (self.kind is not None and len(self.levels) == 1)

    def written(self) -> str:
        """The same with a decimal point, as one would type it."""
        words = [self.pair]
        words += [f"{'+' if self.move > 0 else ''}{plain(self.move * HUNDRED)}%"] if self.move else []
        words += [write_parts(self.parts)] if self.parts else []
        words += [SIGNS[self.kind]] if self.kind else []
        words += [_level_text(self.levels)] if self.levels else []
        words += [f"every {print_period(self.every)}"] if self.every else []
        words += [f"for {print_period(self.lasts)}"] if self.lasts else []
        words += [f"until {self.until}"] if self.until else []
        words += [f'note "{self.note}"'] if self.note else []
        return " ".join(word for word in words if word)


def condition(request: AlertRequest, price: Decimal, price_increment: Decimal) -> tuple[Kind, Decimal]:
    """Kind and level of a complete request at the present price; a distance is rounded away from the price."""
    if request.parts:
        return Kind.COMPUTED, ZERO
    if request.move is None:
        assert request.kind is not None  # noqa: S101 - narrows the type: callers ask for what is missing first
        return request.kind, request.levels[0]
    level = price * (1 + request.move)
    if request.move > 0:
        return Kind.ABOVE, ceil_to(level, price_increment)
    return Kind.BELOW, max(floor_to(level, price_increment), price_increment)


def ends_at(request: AlertRequest, now: datetime, time_zone: str) -> datetime | None:
    """`None` for what has no end. Raises `UsageError` for an end that is past, too far away or no date."""
    if request.lasts is not None:
        return now + request.lasts
    if not request.until:
        return None
    try:
        end = end_of(request.until, now, time_zone)
    except ValueError as error:
        raise UsageError(T.of("alerts.bad_end", word=request.until)) from error
    if end > now + LONGEST_LIFE:
        raise UsageError(T.of("alerts.bad_end", word=request.until))
    return end


def read_request(text: str, decimal_sign: DecimalSign) -> AlertRequest:
    """Raises `UsageError` that names the word which could not be read."""
    text, note = _cut_note(text)
    words = deque(_SPACELESS.sub(r" \1 ", text).split())
    request = AlertRequest(note=note)
    if words and not _is_known(words[0]):
        request = replace(request, pair=words.popleft())
    while words:
        word = words.popleft()
        read = _READERS.get(word.lower(), _read_bare)
        request = read(request, word, words, decimal_sign)
    if request.is_joined:
        raise UsageError(T.of("alerts.join_what", word=_AND))
    return request


def completed(draft: AlertRequest, text: str, decimal_sign: DecimalSign) -> AlertRequest:
    """The draft with what `text` adds to it; where both say something, what `text` says. Raises `UsageError`."""
    more = read_request(f"{draft.pair} {text}", decimal_sign)
    is_whole = bool(more.parts or more.move) or (more.has_condition and bool(draft.parts or draft.move))
    known = AlertRequest() if is_whole else draft
    return AlertRequest(
        pair=more.pair,
        kind=more.kind or known.kind,
        levels=more.levels or known.levels,
        move=more.move or known.move,
        parts=more.parts or known.parts,
        every=more.every or draft.every,
        lasts=more.lasts or (None if more.until else draft.lasts),
        until=more.until or ("" if more.lasts else draft.until),
        note=more.note or draft.note,
    )


Words = deque[str]
Reader = Callable[[AlertRequest, str, Words, DecimalSign], AlertRequest]

_SPACELESS = re.compile(r"([<>≥≤])=?")
_NOTE = re.compile(r'(?:^|\s)note\s+(?:["“„]([^"”“]*)["”“]|«([^»]*)»|(.+))', re.IGNORECASE | re.DOTALL)
_QUOTES = re.compile(r'["“”]')
_MOVE = re.compile(r"([+−-])(.+)%")
_AND = "and"


def _is_known(word: str) -> bool:
    """It is no pair."""
    return word.lower() in _READERS or is_part(word) or _MOVE.fullmatch(word) is not None


def _cut_note(text: str) -> tuple[str, str]:
    """The text without its note, and the note: in quotation marks, or all the rest."""
    match = _NOTE.search(text)
    if match is None:
        return text, ""
    # One line, and no quotation mark that would end it early when it is written again.
    note = _QUOTES.sub("'", " ".join((match[1] or match[2] or match[3] or "").split()))
    if len(note) > LONGEST_NOTE:
        raise UsageError(T.of("alerts.note_too_long", count=len(note), most=LONGEST_NOTE))
    return text[: match.start()] + text[match.end() :], note


def _read_level(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    if request.is_joined:
        return _join(request, _beyond(word, words.popleft() if words else "", sign))
    if request.has_condition:
        raise UsageError(T.of("alerts.one_condition", word=word))
    number = words.popleft() if words else ""
    return replace(request, kind=_KINDS[word.lower()], levels=_levels(number, sign) if number else ())


def _read_every(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    period = words.popleft() if words else ""
    every = _period(period)
    if every is None or every > LONGEST_COOLDOWN:
        raise UsageError(T.of("alerts.bad_period", word=period or word))
    return replace(request, every=every)


def _read_for(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    period = words.popleft() if words else ""
    lasts = _period(period)
    if lasts is None or lasts > LONGEST_LIFE:
        raise UsageError(T.of("alerts.bad_end", word=period or word))
    return replace(request, lasts=lasts, until="")


def _read_until(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    moment = words.popleft() if words else ""
    if is_date(moment) and words and is_time(words[0]):
        moment = f"{moment} {words.popleft()}"
    elif not is_date(moment) and not is_time(moment):
        raise UsageError(T.of("alerts.bad_end", word=moment or word))
    return replace(request, lasts=None, until=moment)


def _period(text: str) -> timedelta | None:
    try:
        return read_period(text)
    except NotAPeriod:
        return None


def _read_and(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    """What stands before it becomes the first of two parts."""
    parts = request.parts
    if len(request.levels) == 1 and request.kind in {Kind.ABOVE, Kind.BELOW}:
        parts = (Beyond(request.kind, request.levels[0]),)
    if len(parts) != 1 or request.is_joined:
        raise UsageError(T.of("alerts.join_what", word=word))
    return replace(request, kind=None, levels=(), parts=parts, is_joined=True)


def _join(request: AlertRequest, part: Part) -> AlertRequest:
    if part in request.parts:
        raise UsageError(T.of("alerts.join_what", word=part.written()))
    return replace(request, parts=(*request.parts, part), is_joined=False)


def _beyond(word: str, number: str, sign: DecimalSign) -> Beyond:
    kind, levels = _KINDS[word.lower()], _levels(number, sign) if number else ()
    if kind is Kind.CROSS or len(levels) != 1:
        raise UsageError(T.of("alerts.join_what", word=f"{word} {number}".strip()))
    return Beyond(kind, levels[0])


def _read_later(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    raise UsageError(T.of("alerts.not_yet", word=word))


def _read_bare(request: AlertRequest, word: str, words: Words, sign: DecimalSign) -> AlertRequest:
    """A level without a sign before it, or a distance such as `+2%`."""
    if is_part(word):
        if request.has_condition and not request.is_joined:
            raise UsageError(T.of("alerts.one_condition", word=word))
        return _join(request, read_part(word, words, sign))
    if request.has_condition:
        raise UsageError(T.of("alerts.unknown_word", word=word))
    move = _MOVE.fullmatch(word)
    if move is None:
        return replace(request, levels=_levels(word, sign))
    percents = _levels(move[2], sign)
    share = percents[0] / HUNDRED if move[1] == "+" else -percents[0] / HUNDRED
    if len(percents) > 1 or share <= -1:
        raise UsageError(T.of("alerts.bad_level", word=word))
    return replace(request, move=share)


def _level_text(levels: tuple[Decimal, ...]) -> str:
    """Two readings are those of a whole number with a comma before its last three digits."""
    text = plain(levels[-1])
    return text if len(levels) == 1 else f"{text[:-3]},{text[-3:]}"


def _levels(word: str, sign: DecimalSign) -> tuple[Decimal, ...]:
    try:
        levels: tuple[Decimal, ...] = (read_number(word, sign),)
    except Ambiguous as unclear:
        levels = unclear.readings
    except NotANumber as error:
        raise UsageError(T.of("alerts.unknown_word", word=word)) from error
    if not all(levels):
        raise UsageError(T.of("alerts.bad_level", word=word))
    return levels


_KINDS = {">": Kind.ABOVE, "≥": Kind.ABOVE, "<": Kind.BELOW, "≤": Kind.BELOW, "cross": Kind.CROSS}
_LATER = ("funding", "liq")
# Every kind of condition and every option has its row here.
_READERS: dict[str, Reader] = {
    **dict.fromkeys(_KINDS, _read_level),
    "every": _read_every,
    "for": _read_for,
    "until": _read_until,
    _AND: _read_and,
    **dict.fromkeys(_LATER, _read_later),
}
