"""How alerts look in the chat."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from tgbot.alerts.armed import Crossing
from tgbot.alerts.rules.crossing import Kind, Stance
from tgbot.alerts.rules.request import AlertRequest
from tgbot.alerts.service import Listing
from tgbot.alerts.store import Alert, State
from tgbot.core.errors import UsageError
from tgbot.core.market import Tick
from tgbot.core.money import HUNDRED
from tgbot.core.reply import Button, Code, Percent, Reply, T, Toast
