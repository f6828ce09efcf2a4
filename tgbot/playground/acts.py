"""What the page may do for a person, by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tgbot.playground.chats import Chat, Json, Message, Person
from tgbot.playground.people import People


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a request: `person`, `chat` and `message` are ids. A field that is missing or names nothing raises
    `LookupError` or `ApiError`."""

    people: People
    fields: Json
    body: bytes = b""

    @property
    def person(self) -> Person:
        return self.people.world.people[int(self.fields["person"])]

    @property
    def member(self) -> Person:
        """As `person`, but it may be the bot."""
        bot = self.people.bot
        return bot if int(self.fields["person"]) == bot.id else self.person

    @property
    def chat(self) -> Chat:
        return self.people.world.chats[int(self.fields["chat"])]

    @property
    def message(self) -> Message:
        return self.chat.message(int(self.fields["message"]))

    def text(self, name: str = "text") -> str:
        return str(self.fields[name])


async def _say(asked: Asked) -> Message:
    reply_to = asked.fields.get("reply_to")
    answered = asked.chat.message(reply_to) if reply_to else None
    return await asked.people.say(asked.person, asked.chat, asked.text(), answered)


async def _press(asked: Asked) -> None:
    label, data = asked.fields.get("label", ""), asked.fields.get("data")
    await asked.people.press(asked.person, asked.message, label, data=data)


async def _edit(asked: Asked) -> None:
    await asked.people.edit(asked.message, asked.text())


async def _delete(asked: Asked) -> None:
    await asked.people.delete(asked.message)


async def _forward(asked: Asked) -> Message:
    return await asked.people.forward(asked.person, asked.message, asked.people.world.chats[int(asked.fields["to"])])


async def _photo(asked: Asked) -> Message:
    return await asked.people.send_photo(asked.person, asked.chat, asked.body, asked.fields.get("caption", ""))


async def _inline(asked: Asked) -> None:
    await asked.people.inline(asked.person, asked.text())


async def _block(asked: Asked) -> None:
    await asked.people.block(asked.person)


async def _unblock(asked: Asked) -> None:
    await asked.people.unblock(asked.person)


async def _join(asked: Asked) -> Person:
    name = asked.text("name").strip()
    if not name:
        raise ValueError("a person needs a name")
    return asked.people.person(name, asked.text("language"))


async def _promote(asked: Asked) -> None:
    await asked.people.promote(asked.chat, asked.member, anonymous=asked.fields.get("anonymous", False))


async def _demote(asked: Asked) -> None:
    await asked.people.demote(asked.chat, asked.member)


async def _remove(asked: Asked) -> None:
    await asked.people.remove(asked.chat, asked.member)


ACTS: dict[str, Callable[[Asked], Awaitable[Message | Person | None]]] = {
    "say": _say,
    "press": _press,
    "edit": _edit,
    "delete": _delete,
    "forward": _forward,
    "photo": _photo,
    "inline": _inline,
    "block": _block,
    "unblock": _unblock,
    "join": _join,
    "promote": _promote,
    "demote": _demote,
    "remove": _remove,
}
