import pytest

from tgbot.packaged import folder
from tgbot.texts.catalogue import Catalogue
from tgbot.texts.renderer import Renderer


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(folder("locales"))


@pytest.fixture(scope="session")
def renderer(catalogue: Catalogue) -> Renderer:
    return Renderer(catalogue)
