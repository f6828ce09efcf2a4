"""What Telegram knows of groups and of the people in them."""

from telegram import ChatMember, ChatMemberRestricted

from tgbot.chat.bot import Telegram, in_our_words
from tgbot.core.people import Standing

PATIENCE = 5.0  # seconds; whoever waits for it holds a button pressed

_STANDINGS = {
    ChatMember.OWNER: Standing.OWNER,
    ChatMember.ADMINISTRATOR: Standing.ADMIN,
    ChatMember.MEMBER: Standing.MEMBER,
}


class Groups:
    """Asks each time: nothing is remembered. Telegram promises an answer only to a bot that is an administrator."""

    def __init__(self, bot: Telegram) -> None:
        self._bot = bot

    async def standing(self, chat_id: int, person_id: int) -> Standing:
        """Raises `DeliveryError` where Telegram does not say."""
        asking = self._bot.get_chat_member(
            chat_id, person_id, read_timeout=PATIENCE, connect_timeout=PATIENCE, pool_timeout=PATIENCE
        )
        return _standing(await in_our_words(asking))

    async def admins(self, chat_id: int) -> list[int]:
        """The people who administer it, as far as the bot is shown them. Raises `DeliveryError`."""
        asking = self._bot.get_chat_administrators(chat_id, read_timeout=PATIENCE)
        return [member.user.id for member in await in_our_words(asking) if not member.user.is_bot]

    async def send_file(self, chat_id: int, thread_id: int | None, name: str, content: bytes) -> None:
        """As a document. Raises `DeliveryError`."""
        sending = self._bot.send_document(chat_id, content, filename=name, message_thread_id=thread_id)
        await in_our_words(sending)

    def start_link(self, payload: str) -> str:
        """Opens the private chat with us, where the person then sends `/start PAYLOAD`."""
        return f"https://t.me/{self._bot.username}?start={payload}"


def _standing(member: ChatMember) -> Standing:
    if isinstance(member, ChatMemberRestricted):
        return Standing.MEMBER if member.is_member else Standing.OUTSIDE
    return _STANDINGS.get(member.status, Standing.OUTSIDE)
