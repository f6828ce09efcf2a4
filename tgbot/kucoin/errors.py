"""What KuCoin's error codes mean. One code can mean many things, so a row is a code and a pattern of the message; the
first row that fits wins. For a write this table is the allow-list: what it does not name is not known to be a no."""

import re
from dataclasses import dataclass

from tgbot.core.errors import (
    LONGEST_MESSAGE,
    ExchangeError,
    ExchangeRejected,
    ExchangeUnavailable,
    NotSent,
    OutcomeUnknown,
    Reason,
    legible,
)

SUCCESS = "200000"
CLOCK_CODE = "400002"
LONGEST_JUDGED = 10_000  # characters; KuCoin never says as much, and all others wait while it is searched
THROTTLE_CODES = frozenset({"429000", "429", "200002", "1015"})

_DUPLICATE = r"clientOid\w*Duplicat|duplicat\w*\W*clientOid|clientOid.*(repeat|exist)"
_NO_SUCH_ORDER = r"order[\W_]*(does[\W_]*)?not[\W_]*(exist|found)"


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    reason: Reason
    pattern: str = ""

    def fits(self, code: str, message: str) -> bool:
        return code == self.code and re.search(self.pattern, message, re.IGNORECASE) is not None


def _rows(reason: Reason, codes: str) -> tuple[Row, ...]:
    return tuple(Row(code, reason) for code in codes.split())


DEFINITE: tuple[Row, ...] = (
    *_rows(Reason.KEY, "400001 400003 400004 400005 400008 400009"),
    *_rows(Reason.IP, "400006"),
    *_rows(Reason.PERMISSION, "400007 400010"),
    *_rows(Reason.ACCOUNT, "411100 400700 126002 130201 600004 40010 400301 400303 400500 200009"),
    Row("400100", Reason.NOT_FOUND, _NO_SUCH_ORDER),
    Row("400100", Reason.FUNDS, r"account\.available\.amount|insufficient|balance"),
    Row("400100", Reason.INCREMENT, r"increment"),
    Row("400100", Reason.TOO_SMALL, r"below the min|minimum"),
    Row("400100", Reason.SYMBOL, r"symbol.*(exist|invalid)"),
    Row("400100", Reason.OTHER),
    *_rows(Reason.FUNDS, "200004 126013 130203 130301 210021 230003 260100"),
    *_rows(Reason.TOO_SMALL, "600100 600101 126003"),
    *_rows(Reason.SYMBOL, "900001 400600 600203"),
    *_rows(Reason.SUSPENDED, "200001 126004 126006 126007 126009 126015 400200"),
    *_rows(Reason.PRICE_BAND, "400330 400370 400760 126022 126029 126030"),
    *_rows(Reason.TOO_MANY, "200003 126011 103000 210014 130204 126042 130311 130312 130313 130314"),
    *_rows(Reason.NOT_FOUND, "126043 order_not_exist orderNotExist"),
    *_rows(Reason.CLOSED, "401000 404000"),
    *_rows(Reason.OTHER, "400400 400000 130101 100001 415000"),
)
_DUPLICATES: tuple[Row, ...] = (
    Row("400100", Reason.DUPLICATE, _DUPLICATE),
    *_rows(Reason.DUPLICATE, "126033 126044 300018"),
)


def definite_reason(code: str, message: str) -> Reason | None:
    """Why nothing was done, if this answer proves that nothing was done. The reason is in what can be kept of its
    words, so that these mean the same when they are read again; that an order exists may stand anywhere in them."""
    if len(message) > LONGEST_JUDGED or is_duplicate(code, message):
        return None
    kept = legible(message, LONGEST_MESSAGE)
    return next((row.reason for row in DEFINITE if row.fits(code, kept)), None)


def is_duplicate(code: str, message: str) -> bool:
    """An order of ours with that clientOid exists already: the attempt before this answer has landed."""
    return any(row.fits(code, message) for row in _DUPLICATES)


def is_throttle(status: int, code: str) -> bool:
    return status == 429 or code in THROTTLE_CODES


def read_error(code: str, message: str) -> ExchangeError:
    """For a call that changes nothing. A clock error is a rejection that the caller may cure."""
    if code == CLOCK_CODE:
        return ExchangeRejected(code, message, Reason.CLOCK)
    reason = definite_reason(code, message)
    if reason is None:
        return ExchangeUnavailable(code, message)
    return ExchangeRejected(code, message, reason)


def write_error(code: str, message: str) -> ExchangeError:
    """For a call that may have changed something: unknown unless the table says otherwise. KuCoin looks at the
    timestamp before anything else, so a clock error means the call was never looked at."""
    if code == CLOCK_CODE:
        return NotSent(code, message)
    reason = definite_reason(code, message)
    if reason is None:
        return OutcomeUnknown(code, message)
    return ExchangeRejected(code, message, reason)
