"""Methods that answer what a person did with the bot outside of a message."""

from tgbot.playground.errors import bad_request
from tgbot.playground.params import Params
from tgbot.playground.world import World

_MOST_TOAST = 200
_MOST_RESULTS = 50


def answer_callback_query(world: World, params: Params) -> bool:
    text = params.text("text")
    if len(text) > _MOST_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    press = world.open_press(params.text("callback_query_id"))
    press.is_answered = True
    press.text, press.is_alert, press.url = text, params.flag("show_alert"), params.text("url")
    world.journal.publish(
        "answer",
        chat_id=press.message.chat.id,
        person=press.person.id,
        message_id=press.message.id,
        text=press.text,
        alert=press.is_alert,
        url=press.url,
    )
    return True


def answer_inline_query(world: World, params: Params) -> bool:
    results = params.listed("results")
    if len(results) > _MOST_RESULTS:
        raise bad_request("too many inline query results specified")
    query = world.inline_queries.get(params.text("inline_query_id"))
    if query is None or query.is_answered:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    query.is_answered = True
    query.results = results
    world.journal.publish("inline_answer", person=query.person.id, query=query.id, results=results)
    return True
