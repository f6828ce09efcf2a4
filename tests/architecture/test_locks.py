"""The locks name releases and hashes, never the place they came from, and they fit pyproject.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,-]+\])?==(\S+)", re.MULTILINE)
LINE = re.compile(r"[a-z0-9-]+==[\w.+!]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_pins_and_hashes_and_nothing_else(lock: str) -> None:
    strange = [line for line in (ROOT / lock).read_text().splitlines() if not LINE.fullmatch(line)]
    assert strange == []


@pytest.mark.parametrize(("lock", "group"), [("requirements-dev.lock", "dev"), ("requirements-build.lock", "build")])
def test_lock_satisfies_its_group(lock: str, group: str) -> None:
    assert unsatisfied(group_requirements(group), pins(lock)) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_satisfies_what_the_bot_needs(lock: str) -> None:
    assert unsatisfied(project()["project"]["dependencies"], pins(lock)) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_developers_have_the_very_versions_that_ship(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements-dev.lock").items()


def unsatisfied(requirements: list[str], pinned: dict[str, str]) -> list[str]:
    return [text for text in requirements if not fits(Requirement(text), pinned)]


def fits(requirement: Requirement, pinned: dict[str, str]) -> bool:
    version = pinned.get(canonicalize_name(requirement.name))
    return version is not None and version in requirement.specifier


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


def group_requirements(name: str) -> list[str]:
    """A group of pyproject.toml, with the groups that it includes."""
    found = []
    for entry in project()["dependency-groups"][name]:
        found += [entry] if isinstance(entry, str) else group_requirements(entry["include-group"])
    return found


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
