"""The import contracts of pyproject.toml hold, and each of them bites."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")

# One violation of every kind: the module it is planted in, and what it wrongly imports.
VIOLATIONS = (
    ("tgbot.core.planted", "asyncio"),
    ("tgbot.core.planted", "tgbot.db.planted"),
    ("tgbot.db.planted", "tgbot.audit.planted"),
    ("tgbot.kucoin.planted", "tgbot.db.planted"),
    ("tgbot.kucoin.planted", "tgbot.chat.planted"),
    ("tgbot.kucoin.wire.planted", "httpx"),
    ("tgbot.audit.planted", "tgbot.accounts.planted"),
    ("tgbot.markets.planted", "tgbot.accounts.planted"),
    ("tgbot.accounts.planted", "tgbot.trading.planted"),
    ("tgbot.trading.planted", "tgbot.alerts.planted"),
    ("tgbot.trading.planted", "tgbot.settings"),
    ("tgbot.trading.planted", "telegram"),
    ("tgbot.trading.planted", "starlette.routing"),
    ("tgbot.alerts.rules.planted", "sqlalchemy"),
    ("tgbot.alerts.planted", "tgbot.packaged"),
    ("tgbot.alerts.planted", "tests.clock"),
)


def test_contracts_hold() -> None:
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the project in which every violation is planted."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "tgbot", copy / "tgbot", ignore=shutil.ignore_patterns("__pycache__"))
    for importer, imported in VIOLATIONS:
        plant(copy, importer, f"import {imported}\n")
        if imported.endswith(".planted"):
            plant(copy, imported, "")
    plant(copy, "tgbot.strategies.planted", "")
    checked = lint_imports(copy)
    assert checked.returncode == 1, checked.stdout
    return " ".join(checked.stdout.split())


@pytest.mark.parametrize(("importer", "imported"), VIOLATIONS)
def test_forbidden_import_is_found(verdict: str, importer: str, imported: str) -> None:
    # Of a foreign package the linter knows the name only.
    found = imported if imported.startswith("tgbot.") else imported.partition(".")[0]
    assert f"{importer} -> {found}" in verdict


def test_package_without_a_tier_is_found(verdict: str) -> None:
    assert "tgbot.strategies" in verdict


def plant(root: Path, module: str, text: str) -> None:
    file = root.joinpath(*module.split(".")).with_suffix(".py")
    make_package(root, module.rpartition(".")[0])
    with file.open("a") as lines:
        lines.write(text)


def make_package(root: Path, package: str) -> None:
    """Makes it and those above it, also of what is a single module so far."""
    directory = root
    for name in package.split("."):
        directory /= name
        directory.mkdir(exist_ok=True)
        single_module = directory.with_suffix(".py")
        if single_module.exists():
            single_module.rename(directory / "__init__.py")
        (directory / "__init__.py").touch()


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=directory, capture_output=True, text=True, check=False
    )
