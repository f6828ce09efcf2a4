"""Answers that say no, in KuCoin's codes and words."""


class Rejection(Exception):
    """`status` is the HTTP status: KuCoin answers business errors with 200 and refusals of the key with 401."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def bad_parameter(message: str) -> Rejection:
    """400100, KuCoin's code for most of what is wrong with a request; only the words tell which."""
    return Rejection("400100", message)


def order_unknown() -> Rejection:
    return Rejection("400100", "The order does not exist.")


def not_cancellable() -> Rejection:
    return Rejection("400100", "order_not_exist_or_not_allow_to_cancel")


def symbol_unknown() -> Rejection:
    return Rejection("900001", "symbol not exists")


def no_price() -> Rejection:
    return Rejection("400600", "symbolNotAvailable")


def insufficient() -> Rejection:
    return Rejection("200004", "Balance insufficient!")


def unauthorized(code: str, message: str) -> Rejection:
    return Rejection(code, message, status=401)
