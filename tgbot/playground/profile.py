"""What a bot sets once about itself: its commands, texts and menu button."""

from tgbot.playground.chats import ADMINS, Chat, Json, Person

Scope = tuple[str, int, int]
DEFAULT: Scope = ("default", 0, 0)


class Profile:
    def __init__(self) -> None:
        self._commands: dict[tuple[Scope, str], list[Json]] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._menu_buttons: dict[int, Json] = {}

    def set_commands(self, scope: Scope, language: str, commands: list[Json]) -> None:
        """An empty list deletes."""
        self._commands.pop((scope, language), None)
        if commands:
            self._commands[scope, language] = commands

    def commands(self, scope: Scope, language: str) -> list[Json]:
        """Exactly those that were set for this scope and language."""
        return self._commands.get((scope, language), [])

    def menu(self, person: Person, chat: Chat) -> list[Json]:
        """What `person` is shown in `chat`: the narrowest scope that has commands, in their language first."""
        language = person.language.partition("-")[0]
        choices = ((scope, tongue) for scope in _scopes(person, chat) for tongue in (language, ""))
        return next((self._commands[choice] for choice in choices if choice in self._commands), [])

    def set_text(self, name: str, language: str, text: str) -> None:
        """`name` is name, description or short_description."""
        self._texts[name, language] = text

    def text(self, name: str, language: str) -> str:
        return self._texts.get((name, language)) or self._texts.get((name, ""), "")

    def set_menu_button(self, chat_id: int, button: Json) -> None:
        """For one private chat, or for all with 0."""
        self._menu_buttons[chat_id] = button

    def menu_button(self, chat_id: int) -> Json:
        return self._menu_buttons.get(chat_id) or self._menu_buttons.get(0) or {"type": "commands"}


def _scopes(person: Person, chat: Chat) -> list[Scope]:
    """Narrowest first."""
    if chat.is_private:
        return [("chat", chat.id, 0), ("all_private_chats", 0, 0), DEFAULT]
    for_admins: list[Scope] = [("chat_administrators", chat.id, 0)]
    for_all_admins: list[Scope] = [("all_chat_administrators", 0, 0)]
    is_admin = chat.member(person).status in ADMINS
    return [
        ("chat_member", chat.id, person.id),
        *(for_admins if is_admin else []),
        ("chat", chat.id, 0),
        *(for_all_admins if is_admin else []),
        ("all_group_chats", 0, 0),
        DEFAULT,
    ]
