"""What every process of `tests/forks.py` would do again, at the cost of most of its life."""

from sqlalchemy.orm import configure_mappers

from tests.approvals import racer
from tests.faults import living
from tgbot import app, cli
from tgbot.kucoin import readers
from tgbot.packaged import folder
from tgbot.system import spare_collector
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.notation import Reader, number

__all__ = ["app", "cli", "living", "racer"]

for language in Catalogue(folder("locales")).languages:
    number(1, Reader(language, "UTC"))
configure_mappers()
readers.fastest()
spare_collector()
