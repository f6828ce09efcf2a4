"""Words that need a race, a crash, another operator, or an answer of KuCoin or Telegram that no journey can wait for.
They are told as the bot would tell them, so that somebody looks at them."""

from decimal import Decimal

from tests.flows.gallery.traveller import Traveller
from tgbot.core.reply import Reply, T, Value
from tgbot.db.engine import Database
from tgbot.delivery.outbox import Notice, Outbox, Priority

AT_ONCE = 10  # Telegram takes one a second

VALUES: dict[str, Value] = {
    "id": "7F3K",
    "short": "7F3K",
    "size": Decimal("0.01"),
    "base": "BTC",
    "code": "200001",
    "message": "Trading is suspended",
    "names": "Bob, Eve",
    "name": "Eve",
    "counted": Decimal(1),
    "needed": Decimal(3),
    "reference": "9Q2M7F3K",
    "pairs": "BTC-USDT, ETH-USDT",
    "title": "Desk",
    "number": Decimal(7),
    "seal": "73a9ae0a",
}

CARDS = (
    ("trading.exit_given_up",),
    ("trading.exit_too_little",),
    ("trading.exit_void",),
    ("trading.exit_waits", "trading.exit_without_key"),
    ("trading.exit_no_more",),
    ("trading.exit_no_more_ever",),
    ("trading.exit_sent",),
    ("trading.not_searched", "trading.not_searched_how"),
    ("trading.pairs_not_searched",),
    ("trading.out_of_sight_why",),
    ("trading.ticket_overtaken", "trading.rest_is_less"),
    ("trading.ticket_overtaken", "trading.rest_is_alive"),
    ("trading.ticket_overtaken", "trading.rest_is_nothing"),
    ("trading.turned_up",),
    ("trading.was_not_over",),
    ("trading.stop_gone_why",),
    ("trading.cancel_asked",),
    ("trading.cancel_unknown",),
    ("trading.cancel_failed",),
    ("trading.desk_frozen",),
    ("trading.desk_limited",),
    ("trading.desk_unusable",),
    ("approvals.held", "approvals.too_few"),
    ("approvals.held", "approvals.unknown_voters"),
    ("approvals.held", "approvals.kucoin_silent"),
    ("approvals.void_account",),
    ("approvals.void_changed",),
    ("approvals.void_proposer",),
    ("approvals.void_worth",),
    ("approvals.telegram_silent",),
    ("approvals.file_not_sent",),
    ("alerts.admins_only",),
    ("alerts.news_blind", "alerts.news_unnamed"),
    ("delivery.for_one",),
    ("delivery.may_repeat",),
    ("delivery.cut",),
    ("delivery.no_buttons",),
    ("intake.failed",),
    ("accounts.bad_invitation",),
    ("accounts.stranger",),
    ("credentials.no_paper",),
    ("guards.frozen_by_operator",),
    ("guards.frozen_for_all",),
    ("approvals.head",),
)


async def hear_rare_words(one: Traveller) -> None:
    await one.quietly("/start")
    database = Database(one.stage.settings.database_url.get_secret_value())
    outbox = Outbox(one.stage.clock)
    for number in range(0, len(CARDS), AT_ONCE):
        cards = CARDS[number : number + AT_ONCE]
        one.look_away()
        async with database.write() as session:
            for keys in cards:
                reply = Reply(tuple(T(key, VALUES) for key in keys))
                await outbox.put(session, Notice(one.seat.chat.id, reply, Priority.ANSWER))
        await one.awaited(cards[-1][-1])
        await one.keep_all()
    await database.close()
