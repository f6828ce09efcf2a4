"""`/play/*`: what the page needs to show the chats and to act for people."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tgbot.playground.chats import Chat, Json, Message, Person
from tgbot.playground.errors import ApiError
from tgbot.playground.hints import Hint
from tgbot.playground.people import People

_CHANGES_STATE = frozenset({"people", "chat", "menu"})


@dataclass(frozen=True, slots=True)
class PlayApi:
    people: People
    hints: Sequence[Hint]

    async def events(self, _request: Request) -> Response:
        """Server-sent events: the whole state first, then every change."""
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self._state())

    async def file(self, request: Request) -> Response:
        stored = self.people.world.files.find(request.path_params["file_id"])
        if stored is None:
            return _error(404, "no such file")
        if stored.kind == "photo":
            return Response(stored.data, media_type="image/png")
        headers = {"Content-Disposition": "attachment"}
        return Response(stored.data, media_type="application/octet-stream", headers=headers)

    async def photo(self, request: Request) -> Response:
        """The body is the picture."""
        query = request.query_params
        body = await request.body()
        return await self._answer(self._send_photo, {**query, "body": body})

    async def act(self, request: Request) -> Response:
        """One act of a person, named by the path, described by a JSON object."""
        act = self._acts().get(request.path_params["act"])
        if act is None:
            return _error(404, "no such act")
        return await self._answer(act, await request.json())

    async def _answer(self, act: Callable[[Json], Awaitable[object]], asked: Json) -> Response:
        try:
            result = await act(asked)
        except (LookupError, TypeError, ValueError) as error:
            return _error(400, f"{type(error).__name__}: {error}")
        except ApiError as error:
            return _error(400, error.description)
        return JSONResponse({"result": result.to_json() if isinstance(result, Message) else None})

    async def _stream(self) -> AsyncIterator[str]:
        with self.people.world.journal.watch() as watcher:
            yield _event(self._state())
            async for event in watcher.events():
                yield _event(self._state() if event["kind"] in _CHANGES_STATE else event)

    def _state(self) -> Json:
        world = self.people.world
        return {
            "kind": "state",
            "bot": world.bot.to_json(),
            "people": [self._person(person) for person in world.people.values()],
            "chats": [self._chat(chat) for chat in world.chats.values() if chat.migrated_to is None],
            "hints": [asdict(hint) for hint in self.hints],
        }

    def _person(self, person: Person) -> Json:
        profile = self.people.world.profile
        return person.to_json() | {
            "bot_name": profile.text("name", person.language) or self.people.bot.name,
            "description": profile.text("description", person.language),
        }

    def _chat(self, chat: Chat) -> Json:
        members = chat.members.values()
        humans = [member.person for member in members if not member.person.is_bot]
        profile = self.people.world.profile
        return chat.to_json() | {
            "is_started": chat.is_started,
            "bot_status": chat.member(self.people.bot).status,
            "members": [{"id": member.person.id, "status": member.status} for member in members],
            "menus": {person.id: profile.menu(person, chat) for person in humans},
            "messages": [message.to_json() for message in self.people.messages(chat)],
        }

    def _acts(self) -> dict[str, Callable[[Json], Awaitable[object]]]:
        people = self.people
        return {
            "say": self._say,
            "press": lambda asked: people.press(
                self._actor(asked), self._message(asked), asked.get("label", ""), data=asked.get("data")
            ),
            "edit": lambda asked: people.edit(self._message(asked), asked["text"]),
            "delete": lambda asked: people.delete(self._message(asked)),
            "forward": lambda asked: people.forward(
                self._actor(asked), self._message(asked), people.world.chats[asked["to"]]
            ),
            "block": lambda asked: people.block(self._actor(asked)),
            "unblock": lambda asked: people.unblock(self._actor(asked)),
            "promote": lambda asked: people.promote(
                self._place(asked), self._actor(asked), anonymous=asked.get("anonymous", False)
            ),
            "demote": lambda asked: people.demote(self._place(asked), self._actor(asked)),
            "inline": lambda asked: people.inline(self._actor(asked), asked["text"]),
        }

    async def _say(self, asked: Json) -> Message:
        chat = self._place(asked)
        reply_to = chat.message(asked["reply_to"]) if asked.get("reply_to") else None
        return await self.people.say(self._actor(asked), chat, str(asked["text"]), reply_to)

    async def _send_photo(self, asked: Json) -> Message:
        caption = asked.get("caption", "")
        return await self.people.send_photo(self._actor(asked), self._place(asked), asked["body"], caption)

    def _actor(self, asked: Json) -> Person:
        return self.people.world.people[int(asked["person"])]

    def _place(self, asked: Json) -> Chat:
        return self.people.world.chats[int(asked["chat"])]

    def _message(self, asked: Json) -> Message:
        return self._place(asked).message(asked["message"])


def _event(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
