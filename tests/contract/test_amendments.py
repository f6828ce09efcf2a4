"""Exceptions to KuCoin's catalogue are about something in it, change no more than they say, and name their source."""

from copy import deepcopy
from pathlib import Path

import pytest

from tests.contract.amendments import OF_OPERATIONS, OF_TOPICS, Entry, Line, amend_operations, amend_topics, lines_of
from tests.contract.catalogue import AMENDMENTS, Catalogue, needs_catalogue

OPERATION: Entry = {
    "method": "GET",
    "path": "/p",
    "host": "Spot",
    "abandoned": True,
    "parameters": [{"name": "lang", "schema": {"type": "string", "enum": ["en "]}}],
    "body": {"properties": {"a": {"type": "string"}}},
    "response": {"properties": {"data": {"type": "object", "required": ["a", "b"]}}},
}
TOPIC: Entry = {"topic": "/t", "message": {"properties": {"data": {"properties": {}}}}}
AT = {"method": "GET", "path": "/p", "source": "somebody"}


@pytest.mark.rig
@needs_catalogue
@pytest.mark.parametrize("file", AMENDMENTS, ids=("shared", "ours"))
def test_every_amendment_is_of_a_known_kind_and_names_its_source(file: Path) -> None:
    written = lines_of(file)
    assert written.keys() <= {*OF_OPERATIONS, *OF_TOPICS, "operations"}
    assert [line for lines in written.values() for line in lines if not line.get("source", "").strip()] == []


@pytest.mark.rig
@needs_catalogue
@pytest.mark.parametrize("file", AMENDMENTS, ids=("shared", "ours"))
def test_no_correction_writes_anew_what_has_an_amendment_of_its_own(file: Path) -> None:
    """Whoever writes all parameters anew for the sake of one drops what the catalogue says of the others."""
    rewritten = {name for line in lines_of(file)["corrections"] for name in line["really"]}
    assert rewritten & {"parameters", "body", "response"} == set()


@pytest.mark.rig
@needs_catalogue
def test_every_amendment_is_about_something_in_the_catalogue() -> None:
    Catalogue()  # raises where one is not


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("corrections", {"really": {"abandoned": False}}),
        ("parameters", {"parameter": "lang", "really": {"enum": ["en"]}}),
        ("body_fields", {"field": {"b": {"type": "string"}}}),
        ("answered_fields", {"required": ["a"]}),
    ],
)
def test_an_amendment_is_made_once_and_where_it_says(kind: str, line: Line) -> None:
    entries = [deepcopy(OPERATION), {**deepcopy(OPERATION), "path": "/q"}]
    amend_operations(entries, {kind: [AT | line]})
    assert entries[0] != OPERATION
    assert entries[1] == {**OPERATION, "path": "/q"}
    with pytest.raises(LookupError, match="says so itself: GET /p"):
        amend_operations(entries, {kind: [AT | line]})
    with pytest.raises(LookupError, match="not in the catalogue: GET /r"):
        amend_operations(entries, {kind: [AT | line | {"path": "/r"}]})


def test_an_amended_parameter_keeps_the_rest_of_what_is_said_of_it_and_of_the_others() -> None:
    entry = deepcopy(OPERATION)
    entry["parameters"].append({"name": "annType", "schema": {"type": "string", "enum": ["a "]}})
    amend_operations([entry], {"parameters": [AT | {"parameter": "annType", "really": {"enum": ["a"]}}]})
    assert [parameter["schema"] for parameter in entry["parameters"]] == [
        {"type": "string", "enum": ["en "]},
        {"type": "string", "enum": ["a"]},
    ]
    with pytest.raises(LookupError, match="no parameter language"):
        amend_operations([entry], {"parameters": [AT | {"parameter": "language", "really": {"enum": ["a"]}}]})


def test_an_operation_that_the_catalogue_has_by_now_is_no_amendment() -> None:
    entries = [deepcopy(OPERATION)]
    amend_operations(entries, {"operations": [{**AT, "path": "/new"}]})
    assert [entry["path"] for entry in entries] == ["/p", "/new"]
    with pytest.raises(LookupError, match="has it already: GET /new"):
        amend_operations(entries, {"operations": [{**AT, "path": "/new"}]})


def test_an_amended_frame() -> None:
    entries = [deepcopy(TOPIC)]
    line = {"topic": "/t", "field": {"a": {"type": "string"}}, "source": "somebody"}
    amend_topics(entries, {"frame_fields": [line]})
    assert entries[0]["message"]["properties"]["data"]["properties"] == line["field"]
    with pytest.raises(LookupError, match="not in the catalogue: /u"):
        amend_topics(entries, {"frame_fields": [line | {"topic": "/u"}]})
