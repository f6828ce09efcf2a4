"""What is put right in KuCoin's catalogue: the lines of two files, each with its source, each about something in it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
Line = dict[str, Any]

OURS = Path(__file__).with_name("amendments.json")
_NAMES = ("method", "path", "host", "topic")


def lines_of(file: Path) -> dict[str, list[Line]]:
    """By what kind of amendment they are."""
    written: dict[str, Any] = json.loads(file.read_text())
    return {kind: lines for kind, lines in written.items() if kind != "_"}


def amend_operations(entries: list[Entry], amendments: dict[str, list[Line]]) -> None:
    """Raises `LookupError` for a line that is about nothing, or that says what is so already."""
    for kind, part_of in OF_OPERATIONS.items():
        _amend(entries, amendments.get(kind, ()), part_of)
    for line in amendments.get("operations", ()):
        if _meant(entries, line):
            raise LookupError(f"the catalogue has it already: {_name(line)}")
        entries.append(line)


def amend_topics(entries: list[Entry], amendments: dict[str, list[Line]]) -> None:
    """As `amend_operations`."""
    for kind, part_of in OF_TOPICS.items():
        _amend(entries, amendments.get(kind, ()), part_of)


def rate_sources() -> dict[tuple[str, str], str]:
    """Whence the pool and the weight of a call are known that are not from the catalogue."""
    corrections = lines_of(OURS)["corrections"]
    return {(line["method"], line["path"]): line["source"] for line in corrections if "rate_weight" in line["really"]}


def _whole(entry: Entry, line: Line) -> tuple[Entry, Entry]:
    return entry, line["really"]


def _parameter(entry: Entry, line: Line) -> tuple[Entry, Entry]:
    found = [parameter for parameter in entry["parameters"] if parameter["name"] == line["parameter"]]
    if not found:
        raise LookupError(f"no parameter {line['parameter']}: {_name(line)}")
    return found[0]["schema"], line["really"]


def _body(entry: Entry, line: Line) -> tuple[Entry, Entry]:
    return entry["body"]["properties"], line["field"]


def _answer(entry: Entry, line: Line) -> tuple[Entry, Entry]:
    data = entry["response"]["properties"]["data"]
    return data.get("items", data), {"required": line["required"]}


def _frame(entry: Entry, line: Line) -> tuple[Entry, Entry]:
    return entry["message"]["properties"]["data"]["properties"], line["field"]


# Of each kind, which part of an entry it changes, and into what.
PartOf = Callable[[Entry, Line], tuple[Entry, Entry]]
OF_OPERATIONS: dict[str, PartOf] = {
    "corrections": _whole,
    "parameters": _parameter,
    "body_fields": _body,
    "answered_fields": _answer,
}
OF_TOPICS: dict[str, PartOf] = {"frame_fields": _frame}


def _amend(entries: list[Entry], lines: Iterable[Line], part_of: PartOf) -> None:
    for line in lines:
        meant = _meant(entries, line)
        if not meant:
            raise LookupError(f"not in the catalogue: {_name(line)}")
        for entry in meant:
            part, change = part_of(entry, line)
            if part == part | change:
                raise LookupError(f"the catalogue says so itself: {_name(line)}")
            part |= change


def _meant(entries: list[Entry], line: Line) -> list[Entry]:
    return [entry for entry in entries if all(entry[name] == line[name] for name in _NAMES if name in line)]


def _name(line: Line) -> str:
    return " ".join(line[name] for name in _NAMES if name in line)
