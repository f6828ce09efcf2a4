"""All that one playground holds, and the few ways in which it changes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tgbot.core.clock import Clock
from tgbot.core.ids import Ids
from tgbot.playground.chats import Chat, Json, Member, Message, Person, Status, require_bot
from tgbot.playground.errors import ApiError, bad_request
from tgbot.playground.faults import Faults
from tgbot.playground.files import Files
from tgbot.playground.journal import Journal
from tgbot.playground.limits import Limits
from tgbot.playground.profile import Profile
from tgbot.playground.updates import Updates

_PRESS_LASTS = 30
_FIRST_PERSON = 1001
_FIRST_GROUP = 11
_SHARED = 0


@dataclass(slots=True, eq=False)
class Press:
    """Of an inline button, and the answer to it once `is_answered`."""

    id: str
    person: Person
    message: Message
    data: str
    at: int
    revision: int
    is_answered: bool = False
    text: str = ""
    is_alert: bool = False
    url: str = ""


@dataclass(slots=True, eq=False)
class InlineQuery:
    """Of somebody who typed `@bot text`, and the bot's results once `is_answered`."""

    id: str
    person: Person
    text: str
    revision: int
    is_answered: bool = False
    results: Sequence[Json] = field(default_factory=list)


class World:
    def __init__(self, clock: Clock, ids: Ids, token: str, username: str) -> None:
        self.clock = clock
        self.ids = ids
        self.token = token
        self.bot = Person(int(token.partition(":")[0]), "tgbot", username, is_bot=True)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self._message_ids: Counter[int] = Counter()
        self.presses: dict[str, Press] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        # Beyond those of an earlier run, which the bot may remember.
        self.updates = Updates(first_id=int(clock.now().timestamp()))
        self.files = Files(ids)
        self.profile = Profile()
        self.journal = Journal()
        self.faults = Faults()
        self.limits = Limits(clock)

    def now(self) -> int:
        """In seconds since 1970, as Telegram gives dates."""
        return int(self.clock.now().timestamp())

    # People and chats

    def add_person(self, name: str, language: str) -> Person:
        letters = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
        person = Person(_FIRST_PERSON + len(self.people), name, f"{letters or 'person'}_demo", language)
        chat = Chat(person.id, "private", name, username=person.username, is_started=False)
        chat.members = {person.id: Member(person), self.bot.id: Member(self.bot)}
        self.people[person.id] = person
        self.chats[chat.id] = chat
        self.journal.publish("people")
        return person

    def set_language(self, person: Person, language: str) -> None:
        """What their app tells the bot from now on."""
        person.language = language
        self.journal.publish("people")

    def add_group(self, title: str, kind: str) -> Chat:
        """`kind` is group or supergroup; the bot is a plain member and nobody else is in yet."""
        number = _FIRST_GROUP + len(self.chats)
        chat_id = -1_001_000_000_000 - number if kind == "supergroup" else -4_000 - number
        chat = self.chats[chat_id] = Chat(chat_id, kind, title)
        chat.members[self.bot.id] = Member(self.bot)
        return chat

    def chat(self, chat_id: object, *, to_write: bool = False) -> Chat:
        """The chat of a request, open to the bot. Raises the `ApiError` that Telegram would give."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found" if chat_id else "chat_id is empty")
        require_bot(chat, self.bot, to_write=to_write)
        return chat

    def set_member(self, chat: Chat, person: Person, member: Member, by: Person) -> None:
        """Changes somebody's standing in a chat and tells the bot, if it may know."""
        before = chat.member(person).to_json()
        chat.members[person.id] = member
        change = {
            "chat": chat.to_json(),
            "from": by.to_json(),
            "date": self.now(),
            "old_chat_member": before,
            "new_chat_member": member.to_json(),
        }
        if person is self.bot:
            self.updates.push("my_chat_member", change)
        elif chat.member(self.bot).status == Status.ADMINISTRATOR:
            self.updates.push("chat_member", change)
        self.journal.publish("chat", chat_id=chat.id)

    # Messages

    def post(self, chat: Chat, sender: Person, content: Json) -> Message:
        # Private chats and small groups share one count, as they do for a real account.
        counted = chat.id if chat.type == "supergroup" else _SHARED
        self._message_ids[counted] += 1
        message = Message(chat, self._message_ids[counted], self.now(), sender, content)
        chat.messages[message.id] = message
        message.revision = self.journal.publish("message", chat_id=chat.id, message=message.to_json())
        return message

    def rewrite(self, message: Message, content: Json) -> None:
        """Puts `content` in place of what was there and marks the message as edited."""
        message.content = content | {"edit_date": self.now()}
        message.revision = self.journal.publish("edit", chat_id=message.chat.id, message=message.to_json())

    def remove(self, message: Message) -> None:
        message.is_deleted = True
        message.revision = self.journal.publish("delete", chat_id=message.chat.id, message_id=message.id)

    # Questions to the bot

    def ask_press(self, person: Person, message: Message, data: str) -> Press:
        press_id = str(10**17 + len(self.presses))
        revision = self.journal.publish("press", chat_id=message.chat.id, person=person.id, press=press_id)
        press = self.presses[press_id] = Press(press_id, person, message, data, self.now(), revision)
        return press

    def open_press(self, press_id: str) -> Press:
        """Raises `ApiError` when it is unknown, answered or half a minute old."""
        press = self.presses.get(press_id)
        if press is None or press.is_answered or self.now() - press.at > _PRESS_LASTS:
            raise ApiError(400, "query is too old and response timeout expired or query ID is invalid")
        return press
