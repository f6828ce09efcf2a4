"""How alerts look in the chat: one of them, the list, and the message when it rings. What is still missing from one is
asked for in `questions.py`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from tgbot.alerts import wording
from tgbot.alerts.rules.conditions import Indicator, parts_of
from tgbot.alerts.rules.crossing import Armed, Crossing, is_true
from tgbot.alerts.store import LISTED, Alert, State
from tgbot.core.money import HUNDRED
from tgbot.core.periods import print_period
from tgbot.core.reply import Button, Percent, Reply, T
from tgbot.markets.views import deal_buttons

LATE_AFTER = timedelta(seconds=10)
A_PAGE = 6
STEPS = (Decimal(1), Decimal(-1))  # per cent
SNOOZES = (timedelta(minutes=15), timedelta(hours=1))

Row = tuple[Button, ...]
Prices = Mapping[str, Decimal]  # without those that cannot be had


def card(alert: Alert, price: Decimal | None, *, holds: bool | None = None) -> Reply:
    """One alert as it now is; `price` where it is known, and whether the condition of a computed one `holds`."""
    lines = [T.of(f"alerts.card_{alert.state}", what=what(alert))]
    if alert.condition and alert.state is State.ARMED:
        lines += _computed(alert, holds)
    elif alert.state is State.ARMED and price is not None:
        is_so = is_true(alert.armed(), price)
        lines.append(T.of("alerts.already", price=price) if is_so else T.of("alerts.away", **_away(alert, price)))
    if alert.state is State.SNOOZED and alert.wakes_at is not None:
        lines.append(T.of("alerts.snoozed_until", time=alert.wakes_at))
    if alert.ends_at is not None and alert.state in LISTED:
        lines.append(T.of("alerts.ends", time=alert.ends_at))
    if alert.note:
        lines.append(T.of("alerts.note", note=alert.note))
    return Reply((*lines, _footer(alert)), _card_buttons(alert))


def fired(alert: Alert, crossing: Crossing, late: timedelta) -> Reply:
    """`alert` as it is after this crossing. The note comes first: that is what its owner wanted to read."""
    is_late = late > LATE_AFTER
    first = T.of("alerts.fired_late" if is_late else "alerts.fired", what=what(crossing.alert), price=crossing.price)
    how_late = [T.of("alerts.late", late=late)] if is_late else []
    return _cockpit(alert, first, *wording.measured(crossing), *how_late)


def still_so(alert: Alert, price: Decimal) -> Reply:
    """It has been snoozed, and what it waited for is so."""
    return _cockpit(alert, T.of("alerts.still_so", what=what(alert), price=price))


def ended(alert: Alert) -> Reply:
    """Its time has run out."""
    lines = (T.of("alerts.ended", what=what(alert)), T.of("alerts.ended_fires", count=alert.fires), _footer(alert))
    return Reply(lines, (_change_buttons(alert), _list_button()))


def muted(symbol: str, alerts: Sequence[Alert]) -> Reply:
    """All those of a pair have been paused."""
    line = T.of("alerts.muted", pair=symbol, count=len(alerts))
    unmute = Button(T("alerts.button_unmute"), f"alert_unmute:{symbol}")
    return Reply((line,), ((unmute,), _list_button()))


def regained(count: int) -> Reply:
    """The chat is there again, and so are its alerts."""
    return Reply((T.of("alerts.regained", count=count),), (_list_button(),))


def not_fed(symbol: str, count: int) -> Reply:
    """The exchange sends no prices of this symbol, so its alerts were paused."""
    return Reply((T.of("alerts.not_fed", pair=symbol, count=count), T("alerts.not_fed_how")), (_list_button(),))


def page(alerts: Sequence[Alert], prices: Prices, number: int) -> Reply:
    """The page of that number, or the last one before it."""
    ordered = _by_pair(alerts, prices)
    pages = -(-len(ordered) // A_PAGE)
    number = max(1, min(number, pages))
    shown = ordered[(number - 1) * A_PAGE : number * A_PAGE]
    key = "alerts.title" if pages == 1 else "alerts.title_page"
    lines = [T.of(key, count=len(ordered), page=number, pages=pages)]
    for symbol, of_pair in groupby(shown, lambda alert: alert.symbol):
        lines.append(_pair_line(symbol, prices.get(symbol)))
        lines += [_list_line(alert, prices.get(symbol)) for alert in of_pair]
    rows = tuple(_list_buttons(alert, number) for alert in shown)
    return Reply(tuple(lines), (*rows, _page_buttons(number, pages)))


def _by_pair(alerts: Sequence[Alert], prices: Prices) -> Sequence[Alert]:
    """The pair with the nearest alert first; within a pair the nearest first, and what is paused behind."""

    def rank(alert: Alert) -> tuple[bool, Decimal, int]:
        return alert.state is not State.ARMED, abs(_distance(alert, prices.get(alert.symbol))), alert.id

    ranks: dict[str, tuple[bool, Decimal, int]] = {}
    for alert in alerts:
        ranks[alert.symbol] = min(rank(alert), ranks.get(alert.symbol, rank(alert)))
    return sorted(alerts, key=lambda alert: (ranks[alert.symbol], rank(alert)))


def _distance(alert: Alert, price: Decimal | None) -> Decimal:
    """From the price to the level, as a fraction of the price; infinite where there is none or the price is not
    known."""
    return Decimal("Infinity") if price is None or alert.condition else alert.level / price - 1


def what(alert: Alert | Armed) -> T:
    return T.of("alerts.what", pair=alert.symbol, condition=wording.condition(alert))


def _computed(alert: Alert, holds: bool | None) -> list[T]:
    lines = [T("alerts.holds_already")] if holds else []
    is_by_candle = any(isinstance(part, Indicator) for part in parts_of(alert.condition))
    return [*lines, T("alerts.by_candle")] if is_by_candle else lines


def _cockpit(alert: Alert, *lines: T) -> Reply:
    """From here everything that one may want to do next is one tap away."""
    note = [T.of("alerts.fired_note", note=alert.note)] if alert.note else []
    snoozes = tuple(_snooze(alert, span) for span in SNOOZES)
    moves = () if alert.condition else (tuple(_move(alert, step) for step in STEPS),)
    mute = Button(T("alerts.button_mute"), f"alert_mute:{alert.symbol}")
    rows = (snoozes, *moves, deal_buttons(alert.symbol), (mute, _edit(alert)), _change_buttons(alert))
    brief = T.of("alerts.brief_noted", note=alert.note, line=lines[0]) if alert.note else lines[0]
    return Reply((*note, *lines, _footer(alert)), rows, brief=brief)


def _away(alert: Alert, price: Decimal) -> dict[str, Decimal | Percent]:
    return {"price": price, "distance": Percent(_distance(alert, price) * HUNDRED, signed=True)}


def _footer(alert: Alert) -> T:
    if alert.cooldown is None:
        return T.of("alerts.footer_once" if alert.state is State.ARMED else "alerts.footer", id=alert.short)
    return T.of("alerts.footer_every", id=alert.short, every=alert.cooldown)


def _pair_line(symbol: str, price: Decimal | None) -> T:
    return T.of("alerts.pair", pair=symbol, price=T("alerts.no_price") if price is None else price)


def _list_line(alert: Alert, price: Decimal | None) -> T:
    parts: list[T] = []
    if alert.state is State.PAUSED:
        parts.append(T("alerts.list_paused"))
    elif alert.state is State.SNOOZED and alert.wakes_at is not None:
        parts.append(T.of("alerts.list_snoozed", time=alert.wakes_at))
    elif price is not None and not alert.condition:
        parts.append(T.of("alerts.list_away", distance=_away(alert, price)["distance"]))
    if alert.cooldown is not None:
        parts.append(T.of("alerts.list_every", every=alert.cooldown))
    if alert.ends_at is not None:
        parts.append(T.of("alerts.list_ends", time=alert.ends_at))
    if alert.note:
        parts.append(T.of("alerts.list_note", note=alert.note))
    line = T.of("alerts.list_line", id=alert.short, condition=wording.condition(alert))
    for part in parts:
        line = T.of("alerts.list_and", line=line, part=part)
    return line


def _card_buttons(alert: Alert) -> tuple[Row, ...]:
    if alert.state is State.DELETED:
        return (_list_button(),)
    return (_change_buttons(alert), (_edit(alert), *_list_button()))


def _change_buttons(alert: Alert) -> Row:
    if alert.state is State.ARMED:
        change = Button(T("alerts.button_pause"), f"alert_pause:{alert.short}")
    else:
        is_waiting = alert.state in LISTED
        label = T("alerts.button_resume") if is_waiting else T("alerts.button_again")
        change = Button(label, f"alert_arm:{alert.short}")
    return (change, Button(T("alerts.button_delete"), f"alert_delete:{alert.short}"))


def _move(alert: Alert, step: Decimal) -> Button:
    return Button(T.of("alerts.button_move", step=Percent(step, signed=True)), f"alert_move:{alert.short} {step:+}%")


def _snooze(alert: Alert, span: timedelta) -> Button:
    return Button(T.of("alerts.button_snooze", span=span), f"alert_snooze:{alert.short} {print_period(span)}")


def _edit(alert: Alert) -> Button:
    return Button(T("alerts.button_edit"), f"alert_edit:{alert.short}")


def _list_buttons(alert: Alert, number: int) -> Row:
    """They change the list in place, so they say which page it is."""
    if alert.state is State.ARMED:
        change = Button(T.of("alerts.button_pause_one", id=alert.short), f"alert_pause:{alert.short} {number}")
    else:
        change = Button(T.of("alerts.button_resume_one", id=alert.short), f"alert_arm:{alert.short} {number}")
    edit = Button(T.of("alerts.button_edit_one", id=alert.short), f"alert_edit:{alert.short}")
    snooze = Button(
        T.of("alerts.button_snooze_one", id=alert.short),
        f"alert_snooze:{alert.short} {print_period(SNOOZES[-1])} {number}",
    )
    delete = Button(T.of("alerts.button_delete_one", id=alert.short), f"alert_delete:{alert.short} {number}")
    return (change, edit, snooze, delete)


def _page_buttons(number: int, pages: int) -> Row:
    refresh = Button(T("common.refresh"), f"alerts:{number}")
    before = (Button(T("alerts.button_before"), f"alerts:{number - 1}"),) if number > 1 else ()
    after = (Button(T("alerts.button_after"), f"alerts:{number + 1}"),) if number < pages else ()
    return (*before, refresh, *after)


def _list_button() -> Row:
    return (Button(T("alerts.button_list"), "alerts"),)
