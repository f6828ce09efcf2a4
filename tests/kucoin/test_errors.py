"""The whole table, by what it says of KuCoin's codes: what proves that nothing was done, and what proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgbot.core.errors import LONGEST_MESSAGE, ExchangeRejected, ExchangeUnavailable, NotSent, OutcomeUnknown, Reason
from tgbot.kucoin.errors import LONGEST_JUDGED, definite_reason, is_duplicate, is_throttle, read_error, write_error

A_NO = {
    Reason.KEY: "400001 400003 400004 400005 400008 400009",
    Reason.IP: "400006",
    Reason.PERMISSION: "400007 400010",
    Reason.ACCOUNT: "411100 400700 126002 130201 600004 40010 400301 400303 400500 200009",
    Reason.FUNDS: "200004 126013 130203 130301 210021 230003 260100",
    Reason.TOO_SMALL: "600100 600101 126003",
    Reason.SYMBOL: "900001 400600 600203",
    Reason.SUSPENDED: "200001 126004 126006 126007 126009 126015 400200",
    Reason.PRICE_BAND: "400330 400370 400760 126022 126029 126030",
    Reason.TOO_MANY: "200003 126011 103000 210014 130204 126042 130311 130312 130313 130314",
    Reason.NOT_FOUND: "126043 order_not_exist orderNotExist",
    Reason.CLOSED: "401000 404000",
    Reason.OTHER: "400100 400400 400000 130101 100001 415000",
}
ROWS = [(code, reason) for reason, codes in A_NO.items() for code in codes.split()]

MESSAGES_OF_400100 = [
    ("Order size increment invalid.", Reason.INCREMENT),
    ("Funds increment invalid.", Reason.INCREMENT),
    ("The amount increment is invalid.", Reason.INCREMENT),
    ("Order size below the minimum requirement.", Reason.TOO_SMALL),
    ("The quantity is below the minimum requirement.", Reason.TOO_SMALL),
    ("account.available.amount", Reason.FUNDS),
    ("validation.createOrder.clientOidIsRequired", Reason.OTHER),
    ("order_not_exist_or_not_allow_to_cancel", Reason.NOT_FOUND),
    ("The order does not exist.", Reason.NOT_FOUND),
    ("symbol not exists", Reason.SYMBOL),
]

# Of a write these leave open whether anything happened.
NOT_A_NO = "500000 408000 126038 126039 135005 135018 130202 300000 429000 200002 1015 126033 126044 300018"


@pytest.mark.parametrize(("code", "reason"), ROWS)
def test_a_no_is_a_no_for_reads_and_writes(code: str, reason: Reason) -> None:
    for error in (read_error(code, "some words"), write_error(code, "some words")):
        assert isinstance(error, ExchangeRejected)
        assert (error.code, error.reason) == (code, reason)


@pytest.mark.parametrize(("message", "reason"), MESSAGES_OF_400100)
def test_the_code_for_everything_is_told_apart_by_its_message(message: str, reason: Reason) -> None:
    assert definite_reason("400100", message) is reason


@pytest.mark.parametrize("code", NOT_A_NO.split())
def test_what_is_no_clear_no_leaves_a_write_unknown_and_a_read_to_be_repeated(code: str) -> None:
    assert isinstance(write_error(code, ""), OutcomeUnknown)
    assert isinstance(read_error(code, ""), ExchangeUnavailable)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("400100", "validation.createOrder.clientOidDuplicated"),
        ("400100", "Duplicate clientOid"),
        ("126033", ""),
        ("126044", "clientOid duplicate"),
        ("300018", "clientOid parameter repeated"),
        ("400100", f"{'x' * LONGEST_MESSAGE} Balance insufficient! Duplicate clientOid"),
        ("400100", f"Balance insufficient! {'x' * LONGEST_MESSAGE} Duplicate clientOid"),
    ],
)
def test_a_duplicate_means_that_an_earlier_attempt_has_landed(code: str, message: str) -> None:
    assert is_duplicate(code, message)
    assert isinstance(write_error(code, message), OutcomeUnknown)


def test_what_nobody_has_read_to_its_end_proves_nothing() -> None:
    for message in ("x" * (LONGEST_JUDGED + 1), "clientOid" * LONGEST_JUDGED):
        assert isinstance(write_error("400100", message), OutcomeUnknown)


def test_a_refused_timestamp_means_that_the_call_was_never_looked_at() -> None:
    assert isinstance(write_error("400002", "Invalid KC-API-TIMESTAMP"), NotSent)
    curable = read_error("400002", "Invalid KC-API-TIMESTAMP")
    assert isinstance(curable, ExchangeRejected)
    assert curable.reason is Reason.CLOCK


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(429, "429000", True), (200, "429000", True), (429, "http 429", True), (200, "200002", True), (500, "1", False)],
)
def test_who_asks_too_often_is_told_by_status_or_code(status: int, code: str, expected: bool) -> None:
    assert is_throttle(status, code) is expected


@given(st.text(max_size=10), st.text(max_size=60))
def test_a_code_that_the_table_lacks_is_never_a_no(code: str, message: str) -> None:
    if code not in {known for known, _ in ROWS} | {"400002"}:
        assert isinstance(write_error(code, message), OutcomeUnknown)
