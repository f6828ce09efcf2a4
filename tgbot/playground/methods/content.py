"""What goes into a message: text with its entities, media, the keyboard beneath it."""

import re

from tgbot.playground.chats import Chat, Json
from tgbot.playground.entities import with_detected
from tgbot.playground.errors import bad_request
from tgbot.playground.html import BadHtml, parse_html, trim
from tgbot.playground.params import Params
from tgbot.playground.world import World

_MOST = {"text": 4096, "caption": 1024}
_MOST_BUTTONS = 100
_MOST_DATA_BYTES = 64
_ACTIONS = frozenset(
    {"callback_data", "url", "web_app", "copy_text", "switch_inline_query", "login_url", "pay"}
    | {"switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "callback_game"}
)
_ADDRESS = re.compile(r"(?:https?|tg|ton)://[^/\s]*[^/\s:]+\.[^/\s]+|(?:tg|ton)://\S+")
_NO_TEXT = "can't parse inline keyboard button: Can't find field \"text\""
_NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"


def text_content(params: Params, key: str = "text") -> Json:
    """`text` or `caption` and what belongs to it. An empty caption gives nothing; an empty text is an error."""
    text, entities = _parsed(params.text(key), params.text("parse_mode"))
    entities_key = "entities" if key == "text" else "caption_entities"
    entities = params.listed(entities_key) or entities
    if not text and key == "text":
        raise bad_request("message text is empty")
    if len(text) > _MOST[key]:
        raise bad_request("message is too long" if key == "text" else "message caption is too long")
    if not text:
        return {}
    shown = with_detected(text, entities)
    return {key: text, entities_key: shown} if shown else {key: text}


def _parsed(source: str, mode: str) -> tuple[str, list[Json]]:
    if not mode:
        return trim(source), []
    if mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    try:
        return parse_html(source)
    except BadHtml as error:
        raise bad_request(f"can't parse entities: {error}") from None


def media_content(world: World, params: Params, kind: str, value: str) -> Json:
    """The uploaded file or the one known by its id; `kind` is photo or document."""
    if not value and kind not in params.files:
        raise bad_request(f"there is no {kind} in the request")
    upload = params.files.get(value.removeprefix("attach://") or kind)
    stored = world.files.add(kind, upload) if upload else world.files.find(value)
    if stored is None or stored.kind != kind:
        raise bad_request("wrong remote file identifier specified: Wrong padding in the string")
    return {kind: [stored.shown] if kind == "photo" else stored.shown}


def keyboard_content(params: Params, chat: Chat) -> Json:
    """The inline keyboard, checked. Other kinds of reply_markup do not show in a message."""
    rows = params.fields("reply_markup").get("inline_keyboard")
    if not rows:
        return {}
    if sum(len(row) for row in rows) > _MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button, chat)
    return {"reply_markup": {"inline_keyboard": [row for row in rows if row]}}


def _check_button(button: Json, chat: Chat) -> None:
    actions = _ACTIONS & button.keys()
    if "text" not in button:
        raise bad_request(_NO_TEXT)
    if not str(button["text"]).strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if len(actions) != 1 or button.get("callback_data") == "":
        raise bad_request(_NO_ACTION)
    if len(str(button.get("callback_data", "")).encode()) > _MOST_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in actions and not _ADDRESS.match(button["url"]):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "web_app" in actions:
        _check_web_app(button["web_app"].get("url", ""), chat)


def _check_web_app(url: str, chat: Chat) -> None:
    if not url.startswith("https://"):
        raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    if not chat.is_private:
        raise bad_request("BUTTON_TYPE_INVALID")
