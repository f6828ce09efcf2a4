"""Nothing is asked of KuCoin but what stands in one list, which is the one that is checked and documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.reference import OPERATIONS

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"\bapi/(v\d|ua/)")
LIST = ROOT / "tgbot/kucoin/operations.py"
# The paper exchange is asked, it does not ask: it has paths and an `Operation` of its own.
ASKING = sorted(file for file in (ROOT / "tgbot").rglob("*.py") if file != LIST and "paper" not in file.parts)
PLANTED = {
    "made elsewhere": "from tgbot.kucoin.operations import Operation, Pool\nX = Operation('GET', PATH, Pool.SPOT, 1)",
    "made elsewhere under another name": "from .operations import Operation as Op\nX = Op('GET', PATH, POOL, 1)",
    "made elsewhere by way of the module": "from tgbot.kucoin import operations\nX = operations.Operation(*ARGUMENTS)",
    "made out of another one": "import dataclasses\nX = dataclasses.replace(operations.ORDER, method='PUT')",
    "handed on to be made": "from tgbot.kucoin.operations import Operation\nmake = Operation",
    "a class of its own": "from tgbot.kucoin.operations import Operation\nclass Margin(Operation): ...",
    "a path without an operation": "async def read(client):\n    await client.get(url + '/api/v9/nonsense')",
    "a path with a name in it": "async def read(client):\n    await client.get(f'/api/v9/{name}')",
    "a whole address": "ADDRESS = 'https://api.kucoin.com/api/ua/v1/nonsense'",
}


def test_operations_are_made_in_their_list_only() -> None:
    assert {str(file.relative_to(ROOT)): found for file in ASKING if (found := list(strays(file.read_text())))} == {}


@pytest.mark.parametrize("kind", PLANTED)
def test_one_that_is_made_elsewhere_is_found(kind: str) -> None:
    assert list(strays(PLANTED[kind])) != []


def test_naming_an_operation_as_a_type_is_no_making() -> None:
    text = (
        "from tgbot.kucoin.operations import Operation\ndef read(it: Operation, all: list[Operation]) -> Operation: 0"
    )
    assert list(strays(text)) == []


def test_telling_of_a_path_is_no_asking() -> None:
    assert (
        list(strays('def place():\n    """The body of `POST /api/v1/hf/orders`."""\nclass A:\n    """api/v1/hf."""'))
        == []
    )


def test_every_operation_that_is_made_is_checked_and_documented() -> None:
    """Those under a name of the module are; no other is made."""
    tree = ast.parse(LIST.read_text())
    named = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and _is_making(statement.value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    assert named == OPERATIONS.keys()
    assert sum(_is_making(node) for node in ast.walk(tree)) == len(OPERATIONS)


def strays(source: str) -> Iterator[str]:
    """Lines that make an operation, or name a path of KuCoin's themselves."""
    tree = ast.parse(source)
    names = {"Operation"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Operation" and alias.asname
    }
    types = {id(part) for annotation in _annotations(tree) for part in ast.walk(annotation)}
    known = types | {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr) or id(node) in known:
            continue
        is_made = _name(node) in names
        if is_made or _is_copy(node) or _is_path(node):
            yield f"{node.lineno}: {ast.unparse(node)}"


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield node.returns


def _is_making(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "Operation"


def _is_copy(node: ast.expr) -> bool:
    """`replace` of something out of the list."""
    if not isinstance(node, ast.Call) or _name(node.func) != "replace":
        return False
    return any(isinstance(part, ast.Name) and part.id == "operations" for part in ast.walk(node))


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(PATH.search(node.value))


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
