"""Pictures and documents, kept in memory."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from PIL import Image, UnidentifiedImageError

from tgbot.core.ids import Ids
from tgbot.playground.chats import Json
from tgbot.playground.errors import bad_request
from tgbot.playground.params import Upload

_LARGEST_PHOTO = 10 * 2**20
_LARGEST_DOCUMENT = 50 * 2**20
_LARGEST_SIDES = 10_000
_LARGEST_RATIO = 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`shown` describes it as the Bot API does, without the path."""

    id: str
    kind: str
    name: str
    data: bytes
    shown: Json

    @property
    def path(self) -> str:
        """Below /file/bot<token>/."""
        return f"{self.kind}s/{self.id}{PurePath(self.name).suffix}"


class Files:
    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._files: dict[str, StoredFile] = {}

    def add(self, kind: str, upload: Upload) -> StoredFile:
        """`kind` is photo or document. Raises `ApiError` for what Telegram would not take."""
        if not upload.data:
            raise bad_request("file must be non-empty")
        file_id = self._ids.unique()
        shown: Json = {"file_id": file_id, "file_unique_id": file_id[:16], "file_size": len(upload.data)}
        shown |= _picture_facts(upload) if kind == "photo" else _document_facts(upload)
        stored = self._files[file_id] = StoredFile(file_id, kind, upload.name, upload.data, shown)
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        return self._files.get(file_id)

    def at_path(self, path: str) -> StoredFile | None:
        return self._files.get(PurePath(path).stem)


def _picture_facts(upload: Upload) -> Json:
    if len(upload.data) > _LARGEST_PHOTO:
        raise bad_request("PHOTO_SAVE_FILE_INVALID")
    try:
        with Image.open(BytesIO(upload.data)) as picture:
            width, height = picture.size
    except UnidentifiedImageError:
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > _LARGEST_SIDES or max(width, height) > _LARGEST_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return {"width": width, "height": height}


def _document_facts(upload: Upload) -> Json:
    if len(upload.data) > _LARGEST_DOCUMENT:
        raise bad_request("file is too big")
    return {"file_name": upload.name}
