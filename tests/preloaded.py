"""What every process of `tests/forks.py` would do again, at the cost of most of its life."""

from sqlalchemy.orm import configure_mappers

from tests.approvals import racer
from tests.faults import living
from tgbot import app, cli
from tgbot.kucoin import readers
from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue

__all__ = ["app", "cli", "living", "racer"]

Catalogue(folder("locales"))
configure_mappers()
readers.fastest()
