"""What people do in their chats, and how to wait for what the bot does then."""

import asyncio
import re
from collections.abc import Callable
from typing import TypeVar

from tgbot.playground.chats import ANONYMOUS, GONE, Chat, Json, Member, Message, Person, Status, reply_content
from tgbot.playground.entities import detect
from tgbot.playground.params import Upload
from tgbot.playground.world import InlineQuery, Press, World

_Found = TypeVar("_Found")
_COMMAND = re.compile(r"/\w+(?:@(\w+))?")
_FORWARDED = ("text", "entities", "caption", "caption_entities", "photo", "document")
_ALL_RIGHTS = frozenset({"can_manage_chat", "can_delete_messages", "can_pin_messages", "can_restrict_members"})


class People:
    """Every act is finished when it returns: the chat has changed and the update lies ready for the bot, or its webhook
    has been called."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def bot(self) -> Person:
        return self.world.bot

    # Who and where

    def person(self, name: str, language: str | None = None) -> Person:
        """The person of that name, made if there is none (English by default); `language` changes what there was."""
        found = next((person for person in self.world.people.values() if person.name == name), None)
        if found is None:
            return self.world.add_person(name, language or "en")
        if language is not None:
            self.world.set_language(found, language)
        return found

    def private(self, person: Person) -> Chat:
        """The chat between this person and the bot."""
        return self.world.chats[person.id]

    async def group(self, title: str, owner: Person, *others: Person, kind: str = "supergroup") -> Chat:
        """A new group in which the bot is a plain member; `kind` is group or supergroup."""
        chat = self.world.add_group(title, kind)
        chat.members[owner.id] = Member(owner, Status.CREATOR)
        chat.members |= {person.id: Member(person) for person in others}
        chat.members[self.bot.id].status = Status.LEFT
        await self._set_member(chat, self.bot, Member(self.bot), by=owner)
        return chat

    def messages(self, chat: Chat) -> list[Message]:
        """What is in the chat now, oldest first."""
        return [message for message in chat.messages.values() if not message.is_deleted]

    # Messages

    async def say(
        self, person: Person, chat: Chat, text: str, reply_to: Message | None = None, *, anonymous: bool = False
    ) -> Message:
        """`anonymous` writes in the group's name, as its administrators may."""
        found = detect(text)
        content: Json = {"text": text, "entities": found} if found else {"text": text}
        return await self._post(person, chat, content, reply_to, anonymous=anonymous)

    async def send_photo(self, person: Person, chat: Chat, data: bytes, caption: str = "") -> Message:
        stored = self.world.files.add("photo", Upload("photo.png", data))
        return await self._post(person, chat, {"photo": [stored.shown]} | _captioned(caption))

    async def send_document(self, person: Person, chat: Chat, name: str, data: bytes, caption: str = "") -> Message:
        stored = self.world.files.add("document", Upload(name, data))
        return await self._post(person, chat, {"document": stored.shown} | _captioned(caption))

    async def forward(self, person: Person, message: Message, chat: Chat) -> Message:
        """Into `chat`; the keyboard stays behind."""
        origin = {"type": "user", "date": message.date, "sender_user": message.sender.to_json()}
        content = {key: message.content[key] for key in _FORWARDED if key in message.content}
        return await self._post(person, chat, content | {"forward_origin": origin})

    async def edit(self, message: Message, text: str) -> None:
        """By the one who wrote it."""
        kept = {key: value for key, value in message.content.items() if key not in {"text", "entities"}}
        found = detect(text)
        self.world.rewrite(message, kept | {"text": text} | ({"entities": found} if found else {}))
        await self._tell("edited_message", message)

    async def delete(self, message: Message) -> None:
        """The bot is not told."""
        self.world.remove(message)

    # Buttons and queries

    async def press(self, person: Person, message: Message, label: str = "", *, data: str | None = None) -> Press:
        """A button by its label, with or without the symbol before the word; with `data` any press that a client can
        make up, also on a keyboard long gone. Raises `LookupError` when no such button is there."""
        press = self.world.ask_press(person, message, _data_of(message, label) if data is None else data)
        shown = message.to_json()
        if message.is_deleted:
            shown = {"chat": message.chat.to_json(), "message_id": message.id, "date": 0}
        query = {"id": press.id, "from": person.to_json(), "message": shown, "data": press.data}
        self.world.updates.push("callback_query", query | {"chat_instance": str(abs(message.chat.id))})
        await self.world.updates.deliver()
        return press

    async def inline(self, person: Person, text: str) -> InlineQuery:
        """Types `@bot text` somewhere."""
        revision = self.world.journal.publish("inline", person=person.id)
        query = InlineQuery(str(10**16 + len(self.world.inline_queries)), person, text, revision)
        self.world.inline_queries[query.id] = query
        shown = {"id": query.id, "from": person.to_json(), "query": text, "offset": "", "chat_type": "sender"}
        self.world.updates.push("inline_query", shown)
        await self.world.updates.deliver()
        return query

    # Membership

    async def block(self, person: Person) -> None:
        """Stops the bot in the private chat."""
        await self._set_member(self.private(person), self.bot, Member(self.bot, Status.KICKED), by=person)

    async def unblock(self, person: Person) -> None:
        await self._set_member(self.private(person), self.bot, Member(self.bot), by=person)

    async def promote(
        self, chat: Chat, person: Person, *, anonymous: bool = False, rights: frozenset[str] = _ALL_RIGHTS
    ) -> None:
        """Makes an administrator; `person` may be the bot."""
        place = Member(person, Status.ADMINISTRATOR, anonymous, rights)
        await self._set_member(chat, person, place, by=_owner(chat))

    async def demote(self, chat: Chat, person: Person) -> None:
        """Back to a plain member; also lets somebody in."""
        await self._set_member(chat, person, Member(person), by=_owner(chat))

    async def remove(self, chat: Chat, person: Person) -> None:
        await self._set_member(chat, person, Member(person, Status.KICKED), by=_owner(chat))

    async def migrate(self, chat: Chat) -> Chat:
        """Turns a group into a supergroup with another id, as Telegram does when a group grows."""
        new = self.world.add_group(chat.title, "supergroup")
        new.members = dict(chat.members)
        await self._post(_owner(chat), chat, {"migrate_to_chat_id": new.id})
        chat.migrated_to = new.id
        await self._post(_owner(new), new, {"migrate_from_chat_id": chat.id})
        return new

    # Waiting for the bot

    async def wait_for(
        self,
        chat: Chat,
        what: str | Callable[[Message], bool],
        timeout: float = 5,  # noqa: ASYNC109 - the failure has to show what there was instead
        since: Message | Press | None = None,
    ) -> Message:
        """The newest message of the bot in `chat` that fits: a pattern to be found in its text, or a condition. With
        `since` it must have come or changed after that. Raises `TimeoutError` that quotes what is there."""
        fits = what if callable(what) else _contains(what)
        after = since.revision if since is not None else 0

        def find() -> Message | None:
            mine = (message for message in reversed(self.messages(chat)) if message.sender is self.bot)
            return next((message for message in mine if message.revision > after and fits(message)), None)

        try:
            return await self.until(find, timeout)
        except TimeoutError:
            there = "\n---\n".join(f"{message.text}\n{message.labels}" for message in self.messages(chat)[-5:])
            raise TimeoutError(f"no message fits {what!r}; the last ones are:\n{there}") from None

    async def answered(self, press: Press, timeout: float = 5) -> Press:  # noqa: ASYNC109 - as above
        """The press once the bot has answered it; `text` is its toast."""
        return await self.until(lambda: press if press.is_answered else None, timeout)

    async def until(self, find: Callable[[], _Found | None], timeout: float = 5) -> _Found:  # noqa: ASYNC109 - as above
        """What `find` gives as soon as it is not `None`; it is asked after every event. Raises `TimeoutError`."""
        with self.world.journal.watch() as watcher:
            if (found := find()) is not None:
                return found
            async with asyncio.timeout(timeout):
                async for _ in watcher.events():
                    if (found := find()) is not None:
                        return found
        raise TimeoutError("the playground was closed")

    # How it is done

    async def _post(
        self, person: Person, chat: Chat, content: Json, reply_to: Message | None = None, *, anonymous: bool = False
    ) -> Message:
        chat.is_started = True
        if reply_to is not None:
            content |= reply_content(reply_to)
        if anonymous or chat.member(person).is_anonymous:
            content |= {"sender_chat": chat.to_json()}
            person = ANONYMOUS
        message = self.world.post(chat, person, content)
        await self._tell("message", message)
        return message

    async def _tell(self, kind: str, message: Message) -> None:
        if _bot_hears(message, self.bot):
            self.world.updates.push(kind, message.to_json())
        await self.world.updates.deliver()

    async def _set_member(self, chat: Chat, person: Person, member: Member, by: Person) -> None:
        self.world.set_member(chat, person, member, by)
        await self.world.updates.deliver()


def _bot_hears(message: Message, bot: Person) -> bool:
    """Privacy mode: in a group a bot that is no administrator hears commands, replies to it and service messages."""
    chat, place = message.chat, message.chat.member(bot)
    if place.status in GONE:
        return False
    if chat.is_private or place.status == Status.ADMINISTRATOR:
        return True
    if command := _COMMAND.match(message.content.get("text", "")):
        return command[1] is None or command[1].lower() == bot.username.lower()
    answers: Json = message.content.get("reply_to_message", {}).get("from", {})
    return answers.get("id") == bot.id or not any(key in message.content for key in _FORWARDED)


def _owner(chat: Chat) -> Person:
    return next(member.person for member in chat.members.values() if member.status == Status.CREATOR)


def _captioned(caption: str) -> Json:
    found = detect(caption)
    return {"caption": caption, "caption_entities": found} if found else {"caption": caption} if caption else {}


def _contains(pattern: str) -> Callable[[Message], bool]:
    return lambda message: re.search(pattern, message.text) is not None


def _data_of(message: Message, label: str) -> str:
    buttons = [button for row in message.buttons for button in row if "callback_data" in button]
    for button in buttons:
        if label in {button["text"], button["text"].partition(" ")[2]}:
            data: str = button["callback_data"]
            return data
    raise LookupError(f"no button {label!r}; there are {message.labels}")
