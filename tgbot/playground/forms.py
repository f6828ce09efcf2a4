"""Bodies of requests: JSON, urlencoded and multipart."""

import json
from email.message import Message as Head
from email.parser import HeaderParser
from urllib.parse import parse_qsl

from starlette.requests import Request

from tgbot.playground.errors import bad_request
from tgbot.playground.params import Params, Upload


async def read_params(request: Request) -> Params:
    """Everything that the request carries; the body wins over the query. Raises `ApiError` for what cannot be read."""
    values: dict[str, object] = dict(request.query_params)
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        return Params(values | _json_object(body))
    if content_type.startswith("multipart/form-data"):
        fields, files = _multipart(content_type, body)
        return Params(values | fields, files)
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return Params(values | fields)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        read = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse request JSON object") from None
    if not isinstance(read, dict):
        raise bad_request("can't parse request JSON object")
    return read


def _multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    head = Head()
    head["content-type"] = content_type
    boundary = head.get_boundary()
    if not boundary:
        raise bad_request("boundary expected in the multipart request")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in _parts(body, b"--" + boundary.encode()):
        name, file_name, data = _part(part)
        if file_name is None:
            fields[name] = data.decode(errors="replace")
        else:
            files[name] = Upload(file_name, data)
    return fields, files


def _parts(body: bytes, delimiter: bytes) -> list[bytes]:
    """What lies between two delimiters, each of which stands at the beginning of a line."""
    pieces = (b"\r\n" + body).split(b"\r\n" + delimiter)
    return [piece.removeprefix(b"\r\n") for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(part: bytes) -> tuple[str, str | None, bytes]:
    header, _, data = part.partition(b"\r\n\r\n")
    head = HeaderParser().parsestr(header.decode(errors="replace"))
    name = head.get_param("name", header="content-disposition")
    file_name = head.get_filename()
    return (name if isinstance(name, str) else ""), file_name, data
