"""Buttons that more than one feature shows, with the verbs they call."""

from tgbot.core.reply import Button, T

TRY_ON_PAPER = Button(T("common.try_on_paper"), "paper_try")
CONNECT = Button(T("common.connect_kucoin"), "connect")
HELP = Button(T("common.help"), "help")

START = ((TRY_ON_PAPER,), (CONNECT,), (HELP,))
