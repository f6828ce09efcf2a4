"""What a reader may expect of every source file."""

import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("dev.py", "tgbot", "tests", "migrations", "bench")
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:|mypy:)", re.IGNORECASE)
# The rule in the marker itself, the reason behind it; two markers may share one reason.
RULE = r"(?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z-]+(?:, [a-z-]+)*\])"
EXPLAINED = re.compile(rf"(?:# {RULE}\s+)+[#-] \S+ \S+.*")
IMPORT = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)


def test_every_suppression_names_its_rule_and_its_reason() -> None:
    unexplained = [
        f"{file.relative_to(ROOT)}:{comment.start[0]}: {comment.string}"
        for file in python_files(*OURS)
        for comment in comments(file)
        if SUPPRESSION.search(comment.string) and not EXPLAINED.fullmatch(comment.string)
    ]
    assert unexplained == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    code = [file for kind in ("py", "js", "css", "html") for file in (ROOT / "tgbot").rglob(f"*.{kind}")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in code}
    assert {file: length for file, length in lengths.items() if length > 400} == {}


def test_core_imports_the_standard_library_and_itself_only() -> None:
    imported = {name for file in python_files("tgbot/core") for name in IMPORT.findall(file.read_text())}
    assert imported - sys.stdlib_module_names == {"tgbot"}


def test_every_package_says_what_it_is_for() -> None:
    silent = [str(file) for file in (ROOT / "tgbot").rglob("__init__.py") if not file.read_text().startswith('"""')]
    assert silent == []


def python_files(*names: str) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def comments(file: Path) -> list[tokenize.TokenInfo]:
    with file.open("rb") as source:
        return [token for token in tokenize.tokenize(source.readline) if token.type == tokenize.COMMENT]
