"""`/play/*`: what the page needs to show the chats and to act for people."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tgbot.playground.acts import ACTS, Asked
from tgbot.playground.chats import Chat, Json, Person
from tgbot.playground.errors import ApiError
from tgbot.playground.hints import Hint
from tgbot.playground.people import People

_AS_IT_SAYS = {"X-Content-Type-Options": "nosniff"}
_CHANGES_STATE = frozenset({"people", "chat", "menu"})


@dataclass(frozen=True, slots=True)
class PlayApi:
    people: People
    hints: Sequence[Hint]

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self._state())

    async def events(self, _request: Request) -> Response:
        """Server-sent events: the whole state first, then every change."""
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def file(self, request: Request) -> Response:
        stored = self.people.world.files.find(request.path_params["file_id"])
        if stored is None:
            return _error(404, "no such file")
        if stored.kind == "photo":
            return Response(stored.data, media_type="image/png", headers=_AS_IT_SAYS)
        headers = _AS_IT_SAYS | {"Content-Disposition": "attachment"}
        return Response(stored.data, media_type="application/octet-stream", headers=headers)

    async def act(self, request: Request) -> Response:
        """One act of a person, named by the path; its details are a JSON object, or the query if the body is a file."""
        act = ACTS.get(request.path_params["act"])
        if act is None:
            return _error(404, "no such act")
        try:
            result = await act(await self._asked(request))
        except (LookupError, TypeError, ValueError) as error:
            return _error(400, f"{type(error).__name__}: {error}")
        except ApiError as error:
            return _error(400, error.description)
        return JSONResponse({"result": result.to_json() if result is not None else None})

    async def _asked(self, request: Request) -> Asked:
        body = await request.body()
        if request.headers.get("content-type", "").startswith("application/json"):
            return Asked(self.people, json.loads(body))
        return Asked(self.people, dict(request.query_params), body)

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
        profile = self.people.world.profile
        members = chat.members.values()
        return chat.to_json() | {
            "is_started": chat.is_started,
            "bot_status": chat.member(self.people.bot).status,
            "members": [
                {"id": member.person.id, "status": member.status, "is_anonymous": member.is_anonymous}
                for member in members
            ],
            "menus": {member.person.id: profile.menu(member.person, chat) for member in members},
            "messages": [message.to_json() for message in self.people.messages(chat)],
        }


def _event(event: Json) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
