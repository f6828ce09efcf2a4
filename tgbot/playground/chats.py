"""People, chats and messages, as Telegram keeps them and as its JSON shows them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tgbot.playground.errors import ApiError, bad_request, forbidden

Json = dict[str, Any]

_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
)


class Status(StrEnum):
    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"


ADMINS = frozenset({Status.CREATOR, Status.ADMINISTRATOR})
GONE = frozenset({Status.LEFT, Status.KICKED})


@dataclass(slots=True)
class Person:
    """Somebody with an account, the bot included. `language` is what their app reports."""

    id: int
    name: str
    username: str
    language: str = ""
    is_bot: bool = False

    def to_json(self) -> Json:
        shown: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name, "username": self.username}
        return shown | {"language_code": self.language} if self.language else shown


ANONYMOUS = Person(1087968824, "Group", "GroupAnonymousBot", is_bot=True)


@dataclass(slots=True)
class Member:
    person: Person
    status: Status = Status.MEMBER
    is_anonymous: bool = False
    rights: frozenset[str] = frozenset()

    def to_json(self) -> Json:
        shown: Json = {"user": self.person.to_json(), "status": self.status.value}
        if self.status in ADMINS:
            shown["is_anonymous"] = self.is_anonymous
        if self.status == Status.ADMINISTRATOR:
            shown |= {"can_be_edited": False} | {right: right in self.rights for right in _RIGHTS}
        if self.status == Status.KICKED:
            shown["until_date"] = 0
        return shown


@dataclass(slots=True, eq=False)
class Chat:
    """`type` is private, group or supergroup. A private chat has its person's id and two members."""

    id: int
    type: str
    title: str
    members: dict[int, Member] = field(default_factory=dict)
    username: str = ""
    is_started: bool = True
    migrated_to: int | None = None
    pinned: list[int] = field(default_factory=list)
    messages: dict[int, "Message"] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        return self.type == "private"

    def member(self, person: Person) -> Member:
        """`person`'s place here; of a stranger it says that they are not in."""
        return self.members.get(person.id) or Member(person, Status.LEFT)

    def message(self, message_id: int, role: str = "message") -> "Message":
        """Raises `ApiError` "`role` not found" where there is none, or no longer."""
        found = self.messages.get(message_id)
        if found is None or found.is_deleted:
            raise bad_request(f"{role} not found")
        return found

    def to_json(self) -> Json:
        if self.is_private:
            return {"id": self.id, "type": self.type, "first_name": self.title, "username": self.username}
        return {"id": self.id, "type": self.type, "title": self.title}


@dataclass(slots=True, eq=False)
class Message:
    """`content` is everything of the Bot API's message that can change or is optional. `revision` counts all changes of
    the playground and tells what happened later than what."""

    chat: Chat
    id: int
    date: int
    sender: Person
    content: Json
    revision: int = 0
    is_deleted: bool = False

    @property
    def text(self) -> str:
        """The text, or the caption of a picture or document."""
        shown: str = self.content.get("text") or self.content.get("caption") or ""
        return shown

    @property
    def buttons(self) -> list[list[Json]]:
        rows: list[list[Json]] = self.content.get("reply_markup", {}).get("inline_keyboard", [])
        return rows

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]

    def to_json(self) -> Json:
        return {
            "message_id": self.id,
            "date": self.date,
            "chat": self.chat.to_json(),
            "from": self.sender.to_json(),
        } | self.content


def reply_content(answered: Message) -> Json:
    """What marks a message as a reply. The message within it carries no reply of its own."""
    quoted = {key: value for key, value in answered.to_json().items() if key != "reply_to_message"}
    return {"reply_to_message": quoted}


def require_bot(chat: Chat, bot: Person, *, to_write: bool = False) -> None:
    """Raises `ApiError` unless the bot may act in `chat` (and write there) now."""
    if chat.migrated_to is not None:
        raise ApiError(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    status = chat.member(bot).status
    if chat.is_private:
        _require_private(chat, status, to_write=to_write)
    elif status == Status.KICKED:
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    elif status == Status.LEFT:
        raise forbidden(f"bot is not a member of the {chat.type} chat")


def _require_private(chat: Chat, status: Status, *, to_write: bool) -> None:
    if not chat.is_started:
        raise forbidden("bot can't initiate conversation with a user") if to_write else bad_request("chat not found")
    if status == Status.KICKED and to_write:
        raise forbidden("bot was blocked by the user")
