"""The wheel works where there is no repository: installed into an environment of its own, started from elsewhere."""

import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory, cwd=ROOT)
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a fresh environment lie that holds the wheel; it borrows the dependencies from ours."""
    environment = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    uv = Path(sys.executable).with_name("uv")
    run(uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel)
    return python.parent


def test_command_line_starts(programs: Path, tmp_path: Path) -> None:
    assert "demo" in run(programs / "tgbot", "--help", cwd=tmp_path)


@pytest.mark.parametrize("name", ["migrations", "locales"])
def test_folder_travels_along_whole(programs: Path, tmp_path: Path, name: str) -> None:
    where = run(programs / "python", "-c", f"from tgbot.packaged import folder; print(folder('{name}'))", cwd=tmp_path)
    folder = Path(where.strip())
    assert folder.is_relative_to(programs.parent)
    assert files_in(folder) == files_in(ROOT / name) != set()


def test_font_and_its_licence_travel_along(wheel: Path, programs: Path, tmp_path: Path) -> None:
    fonts = [name for name in ZipFile(wheel).namelist() if "/fonts/" in name]
    assert [Path(name).name for name in sorted(fonts)] == ["DejaVuSans.ttf", "LICENSE.txt"]
    ask = "from tgbot.markets.charts.pen import FONT, font_of; print(FONT); print(*font_of(30).getname())"
    where, name = run(programs / "python", "-c", ask, cwd=tmp_path).splitlines()
    assert Path(where).is_relative_to(programs.parent)
    assert name == "DejaVu Sans Book"


def test_paths_suit_every_file_system(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert [name for name in names if not name.isascii() or " " in name or len(name) > 120] == []
    assert [name for name, number in Counter(map(str.lower, names)).items() if number > 1] == []


def files_in(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*.*") if "__pycache__" not in path.parts}


def run(*command: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
