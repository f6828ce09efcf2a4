"""A statement is compiled once in a process, as in production, where a process has one database. Here every test has
one of its own, with a dialect of its own, and compiling all statements anew took a seventh of the time."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect

_COMPILED: dict[Any, Any] = {}
_made = Engine.__init__


def _is_same(one: DefaultDialect, other: object) -> bool:
    return type(one) is type(other)


def _make(engine: Engine, *arguments: Any, **named: Any) -> None:
    _made(engine, *arguments, **named)
    engine._compiled_cache = _COMPILED  # what every connection of it looks into


# Compiled statements are kept by dialect, among others; two of a kind on one machine write the same SQL.
DefaultDialect.__eq__ = _is_same  # type: ignore[method-assign, assignment]  # it has none of its own
DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign, assignment]  # it has none of its own
Engine.__init__ = _make  # type: ignore[method-assign, assignment]  # every engine that a test makes
