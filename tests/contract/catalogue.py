"""KuCoin's own description of its spot host: what may be asked, what is answered, what is pushed.

It lies beside this repository. What is known to be wrong in it is put right by the amendments there and by
`amendments.json` here, each with its source.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.amendments import OURS, Entry, amend_operations, amend_topics, lines_of
from tests.kucoin.host import Request

Schema = dict[str, Any]

SHARED = Path(__file__).parents[2] / "../shared/kucoin"
AMENDMENTS = (SHARED / "amendments.json", OURS)
needs_catalogue = pytest.mark.skipif(
    not SHARED.exists(), reason="no catalogue of KuCoin's: ../shared is not beside this clone"
)

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class Catalogue:
    def __init__(self) -> None:
        self._operations = {(entry["method"], entry["path"]): entry for entry in _spot_operations()}
        self._topics = {entry["topic"]: entry for entry in _spot_topics()}

    def operation(self, method: str, template: str) -> Entry:
        return self._operations[method, template]

    def asked(self, request: Request) -> Entry | None:
        """What this request means; of a fixed path and one with a name in it the fixed one."""
        fitting = [
            entry
            for entry in self._operations.values()
            if entry["method"] == request.method and _pattern(entry["path"]).fullmatch(request.path)
        ]
        return min(fitting, key=lambda entry: entry["path"].count("{"), default=None)

    def topic(self, topic: str) -> Entry | None:
        """Of `/market/ticker:BTC-USDT,ETH-USDT`, say."""
        fixed = self._topics.get(topic)
        fitting = [entry for template, entry in self._topics.items() if _topic_pattern(template).fullmatch(topic)]
        return fixed or next(iter(fitting), None)


def faults_of_request(entry: Entry, request: Request) -> Iterator[str]:
    """What KuCoin would have against this request, apart from its signature."""
    if entry.get("abandoned"):
        yield "is abandoned"
    yield from _faults_of_query(entry, request)
    if entry.get("body"):
        yield from faults_of(json.loads(request.body), entry["body"], "body")
    elif request.body:
        yield "has a body"
    is_signed = "kc-api-sign" in request.headers
    if is_signed != (_permission(entry) is not None):
        yield "is signed" if is_signed else "is not signed"


def _permission(entry: Entry) -> str | None:
    permission: str = entry["permission"]
    return None if permission == "NULL" else permission


def _faults_of_query(entry: Entry, request: Request) -> Iterator[str]:
    known = {parameter["name"]: parameter for parameter in entry.get("parameters", ()) if parameter["in"] == "query"}
    given = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    yield from (f"?{name} is missing" for name, it in known.items() if it["required"] and name not in given)
    for name, values in given.items():
        if name not in known:
            yield f"?{name} is not in the catalogue"
        elif len(values) > 1:
            yield f"?{name} is there twice"
        else:
            yield from faults_of(_as(known[name]["schema"], values[0]), known[name]["schema"], f"?{name}")


def faults_of(value: object, schema: Schema, where: str = "$", *, is_required: bool = True) -> Iterator[str]:
    """What keeps a value from fitting its schema. KuCoin's examples give `null` for optional fields only."""
    if value is None:
        if is_required:
            yield f"{where} is null"
        return
    kind = schema.get("type", "object")
    if not isinstance(value, KINDS[kind]) or (kind in {"integer", "number"} and isinstance(value, bool)):
        yield f"{where} is {value!r}, not {kind}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    elif isinstance(value, int | float) and not _is_within(value, schema):
        yield f"{where} is {value!r}, out of bounds"
    elif isinstance(value, str) and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{where} is {value!r}, too short or too long"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults_of(item, schema.get("items", {}), f"{where}[{index}]")
    elif isinstance(value, dict):
        yield from _faults_of_object(value, schema, where)


def _is_within(value: float, schema: Schema) -> bool:
    """KuCoin writes an excluded bound beside the same bound included; the excluded one is the narrower."""
    least, most = schema.get("minimum", value), schema.get("maximum", value)
    above, below = schema.get("exclusiveMinimum", float("-inf")), schema.get("exclusiveMaximum", float("inf"))
    return bool(least <= value <= most and above < value < below)


def _faults_of_object(value: dict[str, object], schema: Schema, where: str) -> Iterator[str]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    yield from (f"{where}.{name} is missing" for name in required if name not in value)
    for name, item in value.items():
        if name in properties:
            yield from faults_of(item, properties[name], f"{where}.{name}", is_required=name in required)
        elif schema.get("additionalProperties"):
            yield from faults_of(item, schema["additionalProperties"], f"{where}.{name}")
        elif properties:
            yield f"{where}.{name} is not in the catalogue"


def _as(schema: Schema, text: str) -> object:
    is_whole = schema.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+", text)
    return int(text) if is_whole else text


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))


def _topic_pattern(template: str) -> re.Pattern[str]:
    """A template that lists two symbols takes any number of them."""
    prefix, colon, names = template.partition(":")
    name = names.split(",", maxsplit=1)[0].replace("{symbol}", "[A-Z0-9]+-[A-Z0-9]+").replace("{type}", r"\w+")
    name = name.replace("{market}", r"\w+")
    return re.compile(re.escape(prefix) + colon + name + (f"(,{name})*" if "," in names else ""))


def _spot_operations() -> list[Entry]:
    entries: list[Entry] = json.loads((SHARED / "rest.json").read_text())
    for file in AMENDMENTS:
        amend_operations(entries, lines_of(file))
    return [entry for entry in entries if entry["host"] == "Spot"]


def _spot_topics() -> list[Entry]:
    entries: list[Entry] = json.loads((SHARED / "ws.json").read_text())
    for file in AMENDMENTS:
        amend_topics(entries, lines_of(file))
    return [entry for entry in entries if entry["channel"].startswith("spot")]
