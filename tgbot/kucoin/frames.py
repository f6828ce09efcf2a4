"""How a stream of bytes is divided into the frames of a WebSocket (RFC 6455, 5.2), as far as a client has to know."""

_WHOLE_TEXT = 0x81  # the last piece of a message, and the first
_TWO_MORE, _EIGHT_MORE = 126, 127  # bytes that tell the size


def begins_text(data: bytes, at: int) -> bool:
    """Whether here is the head of a frame that is a text by itself, of no more than 64 KB."""
    return data[at] == _WHOLE_TEXT and at + 1 < len(data) and data[at + 1] <= _TWO_MORE


def whole_texts(data: bytes, at: int) -> tuple[list[bytes], int]:
    """The texts of the frames from `at` on, as long as each is such a text and all of it has come; where the next frame
    begins."""
    texts: list[bytes] = []
    end = len(data)
    while end - at >= 2 and data[at] == _WHOLE_TEXT:
        size = data[at + 1]
        start = at + 2
        if size == _TWO_MORE and end - at >= 4:
            size = data[start] << 8 | data[start + 1]
            start += 2
        elif size >= _TWO_MORE:
            break
        stop = start + size
        if stop > end:
            break
        texts.append(data[start:stop])
        at = stop
    return texts, at


def length(data: bytes, at: int) -> int | None:
    """Of the frame that begins here, with its head; `None` where too little of the head has come."""
    if at + 2 > len(data):
        return None
    size = data[at + 1] & 0x7F
    more = {_TWO_MORE: 2, _EIGHT_MORE: 8}.get(size, 0)
    if at + 2 + more > len(data):
        return None
    return 2 + more + (int.from_bytes(data[at + 2 : at + 2 + more]) if more else size)
