"""The page's own interface: what it is told, what it may do, and whom it lets in."""

import json
from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.clock import JumpClock
from tests.ids import CountingIds
from tests.playground.conftest import TOKEN, Json
from tests.playground.test_sending import png
from tgbot.playground import Hint, Playground
from tgbot.playground.chats import Chat, Person


async def events(http: httpx.AsyncClient, url: str) -> AsyncGenerator[Json, None]:
    async with http.stream("GET", f"{url}/play/events") as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


async def test_events_begin_with_the_whole_state(
    playground: Playground, ann: Person, chat: Chat, http: httpx.AsyncClient, url: str
) -> None:
    stream = events(http, url)
    state = await anext(stream)
    assert [person["first_name"] for person in state["people"]] == ["Ann", "Bob", "Eve"]
    assert [shown.get("title") for shown in state["chats"]] == [None, None, None, "Desk"]
    assert [message["text"] for message in state["chats"][0]["messages"]] == ["/start"]
    assert state == (await http.get(f"{url}/play/state")).json()
    await playground.say(ann, chat, "news")
    event = await anext(stream)
    assert (event["kind"], event["chat_id"], event["message"]["text"]) == ("message", chat.id, "news")
    await playground.block(ann)
    assert (await anext(stream))["chats"][0]["bot_status"] == "kicked"
    await stream.aclose()


async def test_hints_are_shown_as_they_were_given(clock: JumpClock, ids: CountingIds, http: httpx.AsyncClient) -> None:
    playground = Playground(clock, ids, TOKEN, hints=[Hint("Connect", "Copy these", {"API key": "65f1"})])
    async with playground.serve() as served:
        state = (await http.get(f"{served.url}/play/state")).json()
    assert state["hints"] == [{"title": "Connect", "text": "Copy these", "values": {"API key": "65f1"}}]


async def test_every_act_of_a_person(
    playground: Playground, ann: Person, eve: Person, chat: Chat, http: httpx.AsyncClient, url: str
) -> None:
    async def do(act: str, **asked: object) -> Json:
        answer = await http.post(f"{url}/play/{act}", json=asked)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()["result"]
        return result

    where = {"person": ann.id, "chat": chat.id}
    said = await do("say", **where, text="buy")
    await do("edit", chat=chat.id, message=said["message_id"], text="sell")
    reply = await do("say", **where, text="now", reply_to=said["message_id"])
    assert reply["reply_to_message"]["text"] == "sell"
    await do("forward", **where, message=said["message_id"], to=playground.desk.id)
    assert playground.messages(playground.desk)[-1].text == "sell"
    await do("delete", chat=chat.id, message=said["message_id"])
    await do("press", **where, message=reply["message_id"], data="x")
    await do("inline", person=ann.id, text="btc")
    await do("block", person=ann.id)
    await do("unblock", person=ann.id)
    zoe = await do("join", name=" Zoë ", language="de")
    assert (zoe["first_name"], zoe["language_code"]) == ("Zoë", "de")
    await do("demote", chat=playground.desk.id, person=zoe["id"])
    await do("remove", chat=playground.desk.id, person=zoe["id"])
    assert playground.desk.member(playground.person("Zoë")).status == "kicked"
    await do("promote", chat=playground.desk.id, person=playground.bot.id)
    assert playground.desk.member(playground.bot).status == "administrator"
    await do("promote", chat=playground.desk.id, person=eve.id)
    assert playground.desk.member(eve).status == "administrator"
    await do("demote", chat=playground.desk.id, person=eve.id)
    assert playground.desk.member(eve).status == "member"
    assert [message.text for message in playground.messages(chat)] == ["/start", "now"]


async def test_a_picture_is_sent_as_it_is_and_shown_again(
    playground: Playground, ann: Person, chat: Chat, http: httpx.AsyncClient, url: str
) -> None:
    where = {"person": str(ann.id), "chat": str(chat.id), "caption": "look"}
    headers = {"content-type": "image/png"}
    answer = await http.post(f"{url}/play/photo", params=where, content=png(20, 10), headers=headers)
    shown = answer.json()["result"]
    assert shown["caption"] == "look"
    picture = await http.get(f"{url}/play/files/{shown['photo'][0]['file_id']}")
    assert picture.content == png(20, 10)
    assert (await http.get(f"{url}/play/files/none")).status_code == 404


@pytest.mark.parametrize(
    ("act", "asked", "status"),
    [
        ("dance", {}, 404),
        ("say", {}, 400),
        ("join", {"name": " ", "language": "en"}, 400),
        ("say", {"person": 1, "chat": 1001, "text": "x"}, 400),
        ("press", {"person": 1001, "chat": 1001, "message": 1, "label": "Buy"}, 400),
        ("edit", {"chat": 1001, "message": 99, "text": "x"}, 400),
    ],
)
async def test_what_cannot_be_done_is_refused(
    chat: Chat, http: httpx.AsyncClient, url: str, act: str, asked: Json, status: int
) -> None:
    answer = await http.post(f"{url}/play/{act}", json=asked)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/play/state", "/play/events", "/page/js/app.js"])
async def test_other_sites_are_kept_out(http: httpx.AsyncClient, url: str, path: str, headers: Json) -> None:
    assert (await http.get(f"{url}{path}", headers=headers)).status_code == 403


async def test_a_foreign_page_cannot_act_for_a_person(
    playground: Playground, ann: Person, chat: Chat, http: httpx.AsyncClient, url: str
) -> None:
    asked = {"person": ann.id, "chat": chat.id, "text": "/buy btc max"}
    headers = {"origin": "https://evil.example"}
    assert (await http.post(f"{url}/play/say", json=asked, headers=headers)).status_code == 403
    assert len(playground.messages(chat)) == 1


@pytest.mark.parametrize("path", ["/", "/page/js/app.js", "/page/doodles.svg"])
async def test_the_page_and_its_parts_come_with_a_strict_policy(http: httpx.AsyncClient, url: str, path: str) -> None:
    page = await http.get(f"{url}{path}", headers={"origin": url})
    assert page.status_code == 200
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache", "else an old script meets a new server"
