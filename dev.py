#!/usr/bin/env python3
"""Everything a developer or a curious visitor needs, in one command: python3 dev.py <verb> [arguments].

It needs Python 3.11 or newer and nothing else: it makes `.venv` beside this file, fills it with exactly what the
locks name (each file checked against its hash), and then starts the verb in there. A second start finds the
environment as it was and costs nothing.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

# Before anything that an older Python would stumble over.
if not (3, 11) <= sys.version_info < (3, 15):
    sys.exit(f"dev.py needs Python 3.11 to 3.14; this is {sys.version.split()[0]} ({sys.executable}).")

ROOT = Path(__file__).resolve().parent
RIG = ROOT.parent / "shared" / "rig" / "telegram"
PEERS = ROOT / "tests" / "contract" / "peers"  # KuCoin clients that are set upon the paper exchange

RUNTIME_LOCK = ROOT / "requirements.lock"
BUILD_LOCK = ROOT / "requirements-build.lock"  # the installer, and what makes a package of this directory
DEVELOPMENT_LOCK = ROOT / "requirements-dev.lock"  # holds both others, at the same versions

Verb = Callable[[list[str]], int]
Command = Sequence[str | Path]


def main() -> int:
    name, arguments = (sys.argv[1] if len(sys.argv) > 1 else "help"), sys.argv[2:]
    verb = VERBS.get(name)
    if verb is None:
        print_verbs()
        return 0 if name in {"help", "-h", "--help"} else 2
    os.chdir(ROOT)
    return verb(arguments)


def demo(arguments: list[str]) -> int:
    """the bot, a paper exchange and a chat page in the browser; no token, no keys, no network"""
    become([runtime_python(), "-m", "tgbot", "demo", *arguments])


def run(arguments: list[str]) -> int:
    """the real bot, set up by TGBOT_… variables or a .env file"""
    become([runtime_python(), "-m", "tgbot", "run", *arguments])


def test(arguments: list[str]) -> int:
    """the tests; arguments go to pytest, -m postgres, browser, peers or image asks for what is not run by itself"""
    python = development_python()
    if RIG.is_dir():
        peer_environment("rig", RIG / "requirements.txt")
    if "peers" in arguments:
        for name in ("sdk", "ccxt"):
            peer_environment(name, PEERS / f"{name}.txt")
    # Much of a test's time is waiting for sockets and the disk, so it takes more workers than cores: with three
    # a core none is idle, and a further one only collects once more what all of them collect.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the suite starts our program a hundred times over
    subprocess.run([python, "-m", "compileall", "-q", "-j", "0", "tgbot", "migrations"], cwd=ROOT, check=True)
    is_whole = not arguments or arguments == ["-m", "postgres"]
    side_by_side = ["-n", str(3 * (os.cpu_count() or 1)), "--dist", "worksteal"] if is_whole else []
    become([python, "-m", "pytest", *side_by_side, *arguments])


def faults(arguments: list[str]) -> int:
    """what can go wrong, row by row, with its tests; --long also kills the bot at every pair of points"""
    become([development_python(), "-m", "tests.faults", *arguments])


def sabotage(arguments: list[str]) -> int:
    """plants faults into copies of the source, one at a time, and demands that the tests notice each"""
    become([development_python(), "-m", "tests.sabotage", *arguments])


def lint(arguments: list[str]) -> int:
    """format, ruff, mypy, import contracts, declared dependencies, Dockerfile; changes nothing"""
    programs = development_python().parent
    checks = (
        ["ruff", "format", "--check"],
        ["ruff", "check"],
        ["mypy"],
        ["lint-imports", "--no-logo"],
        ["deptry", "."],
        ["hadolint", "Dockerfile"],
    )
    failed = [" ".join(check) for check in checks if not succeeds([programs / check[0], *check[1:]])]
    print(f"lint: failed: {', '.join(failed)}" if failed else "lint: all clean")
    return 1 if failed else 0


def fix(arguments: list[str]) -> int:
    """mends what ruff can mend by itself: format, import order, simple findings"""
    ruff = development_python().parent / "ruff"
    mended = succeeds([ruff, "check", "--fix"])
    return 0 if succeeds([ruff, "format"]) and mended else 1


def bench(arguments: list[str]) -> int:
    """how fast it is, measured beside its peers; `bench quick` once through, `bench feed` a part of it"""
    python = development_python()
    peer_environment("bench", ROOT / "bench" / "peers.txt")
    become([python, "-m", "bench", *arguments])


def soak(arguments: list[str]) -> int:
    """a crowd for a while: `soak 10m` watches that memory stays, and that nothing is lost and nothing told twice"""
    become([development_python(), "-m", "bench.soak", *arguments])


def gallery(arguments: list[str]) -> int:
    """photographs every card of the chat at phone width, in each language, into docs/gallery; needs Chromium"""
    become([development_python(), "-m", "tests.flows.gallery", *arguments])


def lock(arguments: list[str]) -> int:
    """writes the locks anew from pyproject.toml; --upgrade takes newer releases"""
    uv = runtime_python().parent / "uv"
    # No header, annotations or index: a lock names releases and hashes, never the place they came from.
    options = ["--no-config", "--quiet", "--universal", "--python-version", "3.11"]
    options += ["--generate-hashes", "--no-header", "--no-annotate", *arguments]
    for target, source in (
        (RUNTIME_LOCK, ["pyproject.toml"]),
        (DEVELOPMENT_LOCK, ["pyproject.toml", "--group", "dev", "--constraint", RUNTIME_LOCK.name]),
        (BUILD_LOCK, ["--group", "build", "--constraint", DEVELOPMENT_LOCK.name]),
    ):
        demand([uv, "pip", "compile", *options, *source, "--output-file", target.name])
    return 0


VERBS: dict[str, Verb] = {
    verb.__name__: verb for verb in (demo, run, test, faults, sabotage, lint, fix, bench, soak, gallery, lock)
}


def print_verbs() -> None:
    print("python3 dev.py <verb> [arguments]\n")
    for name, verb in VERBS.items():
        print(f"  {name:8} {verb.__doc__}")


def runtime_python() -> Path:
    """The python of `.venv`, with at least what the bot needs to run."""
    return project_environment("runtime", RUNTIME_LOCK, BUILD_LOCK)


def development_python() -> Path:
    """The python of `.venv`, with what tests and checks need on top."""
    return project_environment("development", DEVELOPMENT_LOCK)


def project_environment(kind: str, *locks: Path) -> Path:
    """Makes `.venv` hold exactly what the locks name, and this project; does nothing if it already holds as much."""
    directory = ROOT / ".venv"
    python, stamp = directory / "bin" / "python", directory / "made-from"
    state = digest(RUNTIME_LOCK, BUILD_LOCK, DEVELOPMENT_LOCK)
    if stamp.exists() and stamp.read_text() in {f"{kind} {state}", f"development {state}"}:
        return python
    print(f"Making .venv ({kind}) …", file=sys.stderr, flush=True)
    make_environment(directory)
    stamp.unlink(missing_ok=True)
    install(python, ["--require-hashes"], locks)
    # In place rather than by PYTHONPATH: `tgbot` the program and its metadata then exist as they do for a user.
    demand([python, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "--editable", "."])
    stamp.write_text(f"{kind} {state}")
    return python


def peer_environment(name: str, *requirements: Path) -> Path:
    """The python of `.venv-NAME`, for other people's programs that tests and measurements run beside ours.

    They live outside the locks, so that what they need never decides what we ship.
    """
    directory = ROOT / f".venv-{name}"
    python, stamp = directory / "bin" / "python", directory / "made-from"
    state = digest(BUILD_LOCK, *requirements)
    if stamp.exists() and stamp.read_text() == state:
        return python
    print(f"Making .venv-{name} …", file=sys.stderr, flush=True)
    make_environment(directory)
    install(python, [], requirements)
    stamp.write_text(state)
    return python


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def make_environment(directory: Path) -> None:
    """An environment that has pip; one that is there and whole stays."""
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python3.{sys.version_info.minor}-venv"
        sys.exit(f"This Python cannot make environments. On Debian and Ubuntu: sudo apt-get install {package}")
    python = directory / "bin" / "python"
    if not (python.exists() and succeeds([python, "-c", "import pip"])):
        demand([sys.executable, "-m", "venv", "--clear", directory])


def install(python: Path, options: list[str], requirements: Sequence[Path]) -> None:
    """Installs by uv, itself checked against its hash; by pip, many times slower, where uv cannot be had."""
    if "PIP_INDEX_URL" in os.environ:
        os.environ.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    pip: Command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    uv: Command = [python.parent / "uv", "pip", "install", "--quiet", "--python", python]
    files: Command = [word for file in requirements for word in ("--requirement", file)]
    has_uv = succeeds([*pip, "--require-hashes", "--requirement", BUILD_LOCK])
    if has_uv and succeeds([*uv, "--exact", "--compile-bytecode", *options, *files]):
        return
    print("uv did not manage; trying pip, which takes a few minutes …", file=sys.stderr, flush=True)
    if not succeeds([*pip, *options, *files]):
        sys.exit("What the locks name could not be installed, see above. Can the package index be reached from here?")


def succeeds(command: Command) -> bool:
    return subprocess.run(command, check=False).returncode == 0


def demand(command: Command) -> None:
    if not succeeds(command):
        sys.exit(f"This failed, see above: {' '.join(map(str, command))}")


def become(command: Command) -> NoReturn:
    """Replaces this process, so that signals and the exit code are the program's own."""
    os.execv(command[0], [str(word) for word in command])


if __name__ == "__main__":
    sys.exit(main())
