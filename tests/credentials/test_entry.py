"""The dialogue itself, where a whole bot would only slow it down; the journeys are in `tests/flows/test_keys.py`."""

from datetime import timedelta

import pytest

from tests.credentials.conftest import MINE, Bank
from tests.kucoin.conftest import HurryClock
from tgbot.core.clock import Clock
from tgbot.core.errors import DeliveryUnknown, Refused, Throttled
from tgbot.core.reply import T
from tgbot.core.routing import Incoming
from tgbot.credentials.entry import PATIENCE, Asked, KeyEntry
from tgbot.credentials.redaction import Redaction
from tgbot.credentials.service import MOST_KEYS
from tgbot.intake.store import Dialogues
from tgbot.kucoin.sign import Credentials


class Chat:
    """Where messages can be deleted, or not, as told."""

    def __init__(self) -> None:
        self.answers: list[bool | Exception] = []
        self.deleted: list[int] = []

    async def delete(self, chat_id: int, message_id: int) -> bool:
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.deleted.append(message_id)
        return answer


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def redaction() -> Redaction:
    return Redaction(lambda name: name == "connect")


@pytest.fixture
def entry(bank: Bank, clock: Clock, redaction: Redaction, chat: Chat) -> KeyEntry:
    return KeyEntry(bank.database, clock, bank.keys, redaction, Dialogues(), chat)


class Typing:
    """What arrives when Ann writes: first at redaction, then at its handler."""

    def __init__(self, redaction: Redaction, clock: Clock) -> None:
        self.redaction = redaction
        self.clock = clock
        self.updates = 0

    def __call__(self, text: str) -> Incoming:
        self.updates += 1
        message = {
            "message_id": self.updates,
            "date": 1,
            "text": text,
            "chat": {"id": 7, "type": "private"},
            "from": {"id": 7, "first_name": "Ann"},
        }
        self.redaction({"update_id": self.updates, "message": message})
        return Incoming(self.updates, 7, True, None, 7, "Ann", "en", self.updates, self.clock.now())


@pytest.fixture
def types(redaction: Redaction, clock: HurryClock) -> Typing:
    return Typing(redaction, clock)


async def test_a_message_is_deleted_before_it_is_used(bank: Bank, entry: KeyEntry, chat: Chat, types: Typing) -> None:
    await entry.begin(bank.person())
    for text, step in ((MINE.key, "secret"), (MINE.secret, "passphrase")):
        assert await entry.take(bank.person(), types(text)) == Asked(step)
    assert chat.deleted == [1, 2]
    chat.answers = [False]
    with pytest.raises(Refused):
        await entry.take(bank.person(), types(MINE.passphrase))
    assert await bank.stored() == []
    assert bank.kucoin.seen("GET") == [], "KuCoin was not even asked"


async def test_a_deletion_waits_for_telegram_but_not_for_ever(
    bank: Bank, entry: KeyEntry, chat: Chat, types: Typing, clock: HurryClock
) -> None:
    await entry.begin(bank.person())
    chat.answers = [Throttled(35), DeliveryUnknown("lost"), True]  # type: ignore[arg-type]  # seconds as a number
    assert await entry.take(bank.person(), types(MINE.key)) == Asked("secret")
    assert clock.slept[-2:] == [35.0, 1.0]
    chat.answers = [DeliveryUnknown("lost")] * 3
    with pytest.raises(Refused) as refused:
        await entry.take(bank.person(), types(MINE.secret))
    assert refused.value.text == T("credentials.not_deleted")


async def test_spaces_around_what_was_copied_do_not_count(bank: Bank, entry: KeyEntry, types: Typing) -> None:
    await entry.begin(bank.person())
    for text in (f" {MINE.key}\n", f"\t{MINE.secret} "):
        await entry.take(bank.person(), types(text))
    linked = await entry.take(bank.person(), types(f"{MINE.passphrase} "))
    assert not isinstance(linked, Asked)
    assert (await bank.keys.account_of(linked.id)) is not None


async def test_more_keys_than_there_is_room_for_are_not_asked_for(
    bank: Bank, entry: KeyEntry, redaction: Redaction
) -> None:
    for number in range(MOST_KEYS):
        await bank.keys.link(bank.person(), Credentials(f"key-{number}", MINE.secret, MINE.passphrase))
    redaction.begin(7)  # as it was when `/connect` arrived
    with pytest.raises(Refused) as refused:
        await entry.begin(bank.person())
    assert refused.value.text.key == "credentials.too_many_keys"
    assert 7 not in redaction._entering


async def test_every_answer_gives_the_person_time_again(
    bank: Bank, entry: KeyEntry, types: Typing, clock: HurryClock
) -> None:
    await entry.begin(bank.person())
    for text in (MINE.key, MINE.secret):
        clock.advance((PATIENCE - timedelta(seconds=1)).total_seconds())
        assert isinstance(await entry.take(bank.person(), types(text)), Asked)
    clock.advance(PATIENCE.total_seconds())
    with pytest.raises(Refused) as refused:
        await entry.take(bank.person(), types(MINE.passphrase))
    assert refused.value.text.key == "credentials.entry_over"
    assert entry._sent == {}, "what was sent before is forgotten too"


async def test_another_question_ends_the_entry_but_not_its_secrecy(
    bank: Bank, entry: KeyEntry, types: Typing, clock: HurryClock
) -> None:
    dialogues = Dialogues()
    await entry.begin(bank.person())
    async with bank.database.write() as session:
        await dialogues.open(session, 7, "ticket_size", "abc", clock.now() + PATIENCE)
    with pytest.raises(Refused):
        await entry.take(bank.person(), types(MINE.key))
    async with bank.database.read() as session:
        assert await dialogues.current(session, 7, clock.now()) == ("ticket_size", "abc")


async def test_who_was_in_the_middle_at_a_crash_is_known_at_the_start(
    bank: Bank, entry: KeyEntry, clock: HurryClock, chat: Chat
) -> None:
    await entry.begin(bank.person())
    fresh = Redaction(lambda name: False)
    await KeyEntry(bank.database, clock, bank.keys, fresh, Dialogues(), chat).restore()
    assert fresh._entering == {7}
