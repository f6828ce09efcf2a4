"""What the Bot API answers when it does not do what was asked."""

from typing import Any

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class ApiError(Exception):
    """`code` is both the HTTP status and `error_code`; `parameters` go into the answer beside the description."""

    def __init__(self, code: int, detail: str = "", **parameters: int) -> None:
        title = _TITLES.get(code, "Error")
        self.code = code
        self.description = f"{title}: {detail}" if detail else title
        self.parameters = parameters
        super().__init__(self.description)

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | {"parameters": self.parameters} if self.parameters else body


def bad_request(detail: str) -> ApiError:
    return ApiError(400, detail)


def forbidden(detail: str) -> ApiError:
    return ApiError(403, detail)


def too_many(retry_after: int) -> ApiError:
    return ApiError(429, f"retry after {retry_after}", retry_after=retry_after)
