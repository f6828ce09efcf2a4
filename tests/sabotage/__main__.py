"""Plants each fault into a copy of the source and runs its tests there: `python3 dev.py sabotage [WORDS OF A NAME]`.

Exits with 0 if every fault was noticed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sabotage.plants import PLANTS, Plant

ROOT = Path(__file__).parents[2]
COPIED = ("tgbot", "tests", "migrations", "locales", "docs", "bench", "pyproject.toml", "dev.py", "README.md")
FAILED = 1  # what pytest exits with when tests have failed, and nothing else went wrong
SIDE_BY_SIDE = os.cpu_count() or 1


def main(words: Sequence[str]) -> int:
    wanted = " ".join(words)
    plants = [plant for plant in PLANTS if wanted in plant.name]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        results = list(pool.map(noticed, plants))
    unnoticed = [plant.name for plant, is_noticed in zip(plants, results, strict=True) if not is_noticed]
    print(f"\n{len(plants) - len(unnoticed)} of {len(plants)} planted faults were noticed")  # noqa: T201 - a script
    return 1 if unnoticed or not plants else 0


def noticed(plant: Plant) -> bool:
    with copy_of_the_source() as folder:
        file = folder / plant.file
        file.write_text(plant.planted(file.read_text()))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-m",
            "not image",
            "-p",
            "no:cacheprovider",
            *plant.tests,
        ]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1:]
    print(f"{'noticed' if done.returncode == FAILED else 'NOT NOTICED':12}{plant.name} ({' '.join(last)})", flush=True)  # noqa: T201 - a script
    return done.returncode == FAILED


@contextmanager
def copy_of_the_source() -> Iterator[Path]:
    with TemporaryDirectory() as place:
        folder = Path(place) / "project"
        folder.mkdir()
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        yield folder


sys.exit(main(sys.argv[1:]))
