"""Which texts the code asks for, read from its syntax trees."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CODE = Path(__file__).parents[2] / "tgbot"
MAKERS = {"T", "T.of", "say"}


@dataclass
class Uses:
    """`keys` by where they are named; `patterns` are f-strings with a domain in front; `values` are the names that
    `T.of` and `say` are given, where all of them can be seen."""

    keys: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    values: list[tuple[str, str, set[str]]] = field(default_factory=list)


def uses_of_texts(domains: set[str]) -> Uses:
    """String literals that look like a key of one of `domains`, and whatever is handed to `T`, `T.of` or `say`."""
    uses = Uses()
    key_of_a_domain = re.compile(rf"({'|'.join(sorted(domains))})\.[a-z0-9_]*[a-z0-9]")
    for file in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            place = f"{file.relative_to(CODE.parent)}:{getattr(node, 'lineno', 0)}"
            for key in _literal_keys(node):
                if isinstance(node, ast.Call) or key_of_a_domain.fullmatch(key):
                    uses.keys.setdefault(key, place)
            if isinstance(node, ast.JoinedStr) and (pattern := _pattern(node)).startswith(
                tuple(f"{d}\\." for d in domains)
            ):
                uses.patterns.setdefault(pattern, place)
            if isinstance(node, ast.Call) and (names := _names_given(node)) is not None:
                uses.values += [(key, place, names) for key in _literal_keys(node)]
    return uses


def _literal_keys(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS and node.args:
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _names_given(call: ast.Call) -> set[str] | None:
    """`None` where not all names are written out."""
    names = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    is_complete = len(names) == len(call.keywords) and len(call.args) == 1
    return names if is_complete else None


def _pattern(text: ast.JoinedStr) -> str:
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9_]+" for part in text.values
    )
