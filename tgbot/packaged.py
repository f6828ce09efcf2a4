"""Files that are not code but travel with it."""

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parent


def folder(name: Literal["migrations", "locales"]) -> Path:
    """The directory of that name: packed into an installed wheel, at the top of the repository in a working copy."""
    packed = PACKAGE / "resources" / name
    return packed if packed.is_dir() else PACKAGE.parent / name
