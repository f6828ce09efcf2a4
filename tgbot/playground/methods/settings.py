"""Methods about the bot itself: who it is, its commands and texts, its webhook, its files."""

import re

from tgbot.playground.chats import Json
from tgbot.playground.errors import bad_request
from tgbot.playground.params import Params
from tgbot.playground.profile import Scope
from tgbot.playground.updates import Webhook
from tgbot.playground.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MOST_COMMANDS = 100
_LONGEST_TEXT = {"name": 64, "description": 512, "short_description": 120}
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_SECRET = 256
_LOOPBACK = re.compile(r"http://(?:127\.[0-9.]+|localhost|\[::1\])(?:[:/]|$)")


def get_me(world: World, _params: Params) -> Json:
    return world.bot.to_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(world: World, params: Params) -> bool:
    commands = params.listed("commands")
    if len(commands) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    world.profile.set_commands(_scope(params), params.text("language_code"), [_checked(entry) for entry in commands])
    world.journal.publish("menu")
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.profile.commands(_scope(params), params.text("language_code"))


def delete_my_commands(world: World, params: Params) -> bool:
    world.profile.set_commands(_scope(params), params.text("language_code"), [])
    world.journal.publish("menu")
    return True


def set_my_name(world: World, params: Params) -> bool:
    return _set_text(world, params, "name")


def set_my_description(world: World, params: Params) -> bool:
    return _set_text(world, params, "description")


def set_my_short_description(world: World, params: Params) -> bool:
    return _set_text(world, params, "short_description")


def get_my_name(world: World, params: Params) -> Json:
    return {"name": world.profile.text("name", params.text("language_code")) or world.bot.name}


def get_my_description(world: World, params: Params) -> Json:
    return {"description": world.profile.text("description", params.text("language_code"))}


def get_my_short_description(world: World, params: Params) -> Json:
    return {"short_description": world.profile.text("short_description", params.text("language_code"))}


def set_chat_menu_button(world: World, params: Params) -> bool:
    world.profile.set_menu_button(params.number("chat_id"), params.fields("menu_button") or {"type": "default"})
    world.journal.publish("menu")
    return True


def get_chat_menu_button(world: World, params: Params) -> Json:
    return world.profile.menu_button(params.number("chat_id"))


def set_webhook(world: World, params: Params) -> bool:
    url = params.text("url")
    if not url:
        return delete_webhook(world, params)
    # Telegram takes HTTPS only; plain HTTP on this machine is let pass for tests.
    if not url.startswith("https://") and not _LOOPBACK.match(url):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret_token = params.text("secret_token")
    if len(secret_token) > _LONGEST_SECRET:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret_token):
        raise bad_request("secret token contains unallowed characters")
    world.updates.allow(params)
    world.updates.set_webhook(Webhook(url, secret_token))
    return _drop_if_asked(world, params)


def delete_webhook(world: World, params: Params) -> bool:
    world.updates.set_webhook(None)
    return _drop_if_asked(world, params)


def get_webhook_info(world: World, _params: Params) -> Json:
    updates = world.updates
    shown: Json = {
        "url": updates.webhook.url if updates.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending),
    }
    if updates.last_webhook_error:
        shown |= {"last_error_date": world.now(), "last_error_message": updates.last_webhook_error}
    return shown


def get_file(world: World, params: Params) -> Json:
    stored = world.files.find(params.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id" if params.text("file_id") else "file_id not specified")
    return {key: stored.shown[key] for key in ("file_id", "file_unique_id", "file_size")} | {"file_path": stored.path}


def _scope(params: Params) -> Scope:
    scope = params.fields("scope")
    return scope.get("type", "default"), scope.get("chat_id", 0), scope.get("user_id", 0)


def _checked(entry: Json) -> Json:
    command = str(entry.get("command", "")).removeprefix("/")
    description = str(entry.get("description", ""))
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


def _set_text(world: World, params: Params, name: str) -> bool:
    text = params.text(name)
    if len(text) > _LONGEST_TEXT[name]:
        raise bad_request(f"bot {name.replace('_', ' ')} is too long")
    world.profile.set_text(name, params.text("language_code"), text)
    world.journal.publish("menu")
    return True


def _drop_if_asked(world: World, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        world.updates.drop_pending()
    return True
