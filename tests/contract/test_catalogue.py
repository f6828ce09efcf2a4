"""What the catalogue forbids is seen: every word with which it narrows a value, and values that do not fit."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.contract.amendments import Entry
from tests.contract.catalogue import SHARED, Catalogue, Schema, faults_of, faults_of_request, needs_catalogue
from tests.kucoin.host import Request
from tgbot.core.orders import LONGEST_GTT

CHECKED = {
    *("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"),
    *("items", "properties", "required", "additionalProperties"),
}
TELLING = {"title", "description", "example", "default", "format", "x-apidog-refs"}
SECONDS: Schema = {"type": "integer", "minimum": 0, "exclusiveMinimum": 0, "maximum": 9, "exclusiveMaximum": 9}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer", "minimum": 1}, 1, 0),
        ({"type": "integer", "maximum": 9}, 9, 10),
        (SECONDS, 1, 0),
        (SECONDS, 8, 9),
        ({"type": "string", "minLength": 2}, "ab", "a"),
        ({"type": "string", "maxLength": 2}, "ab", "abc"),
        ({"type": "string", "enum": ["ab"]}, "ab", "ab "),
        ({"type": "integer"}, 1, True),
        ({"type": "array", "items": {"type": "string"}}, ["a"], ["a", 1]),
        ({"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"a": "b"}, {}),
        ({"properties": {"a": {"type": "string"}}}, {}, {"b": "c"}),
        ({"properties": {"a": {"type": "string"}}, "additionalProperties": False}, {}, {"b": "c"}),
        ({"additionalProperties": {"type": "string"}}, {"b": "c"}, {"b": 1}),
    ],
)
def test_a_value_that_does_not_fit_is_a_fault(schema: Schema, good: object, bad: object) -> None:
    assert list(faults_of(good, schema)) == []
    assert len(list(faults_of(bad, schema))) == 1


@pytest.mark.rig
@needs_catalogue
def test_the_catalogue_narrows_nothing_by_a_word_that_is_not_checked() -> None:
    operations = [entry for entry in _read("rest.json") if entry["host"] == "Spot"]
    topics = [entry for entry in _read("ws.json") if entry["channel"].startswith("spot")]
    schemas = [entry["message"] for entry in topics] + [entry["response"] for entry in operations]
    schemas += [entry["body"] for entry in operations if entry["body"]]
    schemas += [parameter["schema"] for entry in operations for parameter in entry["parameters"] or ()]
    words = {word for schema in schemas for word in words_of(schema)}
    assert words - CHECKED == TELLING


def words_of(schema: Schema) -> Iterator[str]:
    yield from schema
    inner = [*schema.get("properties", {}).values()]
    inner += [schema[name] for name in ("items", "additionalProperties") if schema.get(name)]
    for part in inner:
        yield from words_of(part)


@pytest.mark.rig
@needs_catalogue
@pytest.mark.parametrize("path", ["/api/v1/hf/orders", "/api/v1/stop-order"])
def test_no_order_may_stay_a_second_longer_than_the_longest(catalogue: Catalogue, path: str) -> None:
    schema = catalogue.operation("POST", path)["body"]["properties"]["cancelAfter"]
    longest = LONGEST_GTT // timedelta(seconds=1)
    assert list(faults_of(longest, schema)) == []
    assert list(faults_of(longest + 1, schema)) != []


@pytest.mark.rig
@needs_catalogue
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("/api/v3/announcements?lang=en_US", "/api/v3/announcements?lang=en_EN"),
        ("/api/v3/announcements?annType=delistings", "/api/v3/announcements?annType=delisting"),
        (f"/api/v1/hf/fills?symbol=BTC-USDT&orderId={'a' * 24}", "/api/v1/hf/fills?symbol=BTC-USDT&orderId=o1"),
        ("/api/v1/hf/fills?symbol=BTC-USDT&lastId=1", "/api/v1/hf/fills?symbol=BTC-USDT&lastId=0"),
    ],
)
def test_a_question_that_does_not_fit_is_a_fault(catalogue: Catalogue, good: str, bad: str) -> None:
    assert (faults(catalogue, good), len(faults(catalogue, bad))) == ([], 1)


def _read(name: str) -> list[Entry]:
    entries: list[Entry] = json.loads((SHARED / name).read_text())
    return entries


def faults(catalogue: Catalogue, target: str) -> list[str]:
    request = Request("GET", target, {}, b"")
    entry = catalogue.asked(request)
    assert entry is not None
    unsigned = {**entry, "permission": "NULL"}
    return list(faults_of_request(unsigned, request))
