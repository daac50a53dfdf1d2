"""Which schema can read what another wrote: the rules, a line each, and fastavro itself as the witness."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import released
from schemas.codec import schema_text
from schemas.compatibility import BadSchema, Level, faults, unreadable


def rec(*fields: dict[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def fixed(size: int) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size}


READABLE: dict[str, tuple[Any, Any]] = {
    "nothing by nothing": (rec(), rec()),
    "int as long": ("long", "int"),
    "int as float": ("float", "int"),
    "float as double": ("double", "float"),
    "bytes as string": ("string", "bytes"),
    "a value as an optional one": (["null", "int"], "int"),
    "int as an optional long": (["null", "long"], ["null", "int"]),
    "branches in another order": (["int", "null"], ["null", "int"]),
    "a new field with a default": (rec(field("a", "int", default=1)), rec()),
    "a dropped field": (rec(), rec(field("a", "int"))),
    "a renamed field with its alias": (rec(field("b", "int", aliases=["a"])), rec(field("a", "int"))),
    "a renamed record with its alias": (rec(name="S", aliases=["R"]), rec()),
    "a new symbol": (enum("a", "b"), enum("a")),
    "a lost symbol with a default": (enum("a", default="a"), enum("a", "b")),
    "items that grow": ({"type": "array", "items": "long"}, {"type": "array", "items": "int"}),
    "itself within itself": (rec(field("n", ["null", "R"])), rec(field("n", ["null", "R"]))),
    "a logical type": ({"type": "long", "logicalType": "timestamp-micros"}, "long"),
}
UNREADABLE: dict[str, tuple[Any, Any]] = {
    "long as int": ("int", "long"),
    "double as float": ("float", "double"),
    "an optional value as a sure one": ("int", ["null", "int"]),
    "a lost branch": (["null", "int"], ["null", "int", "string"]),
    "a new field without a default": (rec(field("a", "int")), rec()),
    "a renamed record": (rec(name="S"), rec()),
    "a lost symbol": (enum("a"), enum("a", "b")),
    "another size": (fixed(4), fixed(8)),
    "a map as a list": ({"type": "array", "items": "int"}, {"type": "map", "values": "int"}),
    "items of another type": ({"type": "array", "items": "int"}, {"type": "array", "items": "string"}),
    "deep inside": (
        rec(field("x", rec(field("a", "int"), name="In"))),
        rec(field("x", rec(name="In"))),
    ),
}


@pytest.mark.parametrize("case", READABLE)
def test_old_records_stay_readable(case: str) -> None:
    reader, writer = READABLE[case]
    assert unreadable(json.dumps(reader), json.dumps(writer)) == []


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_could_not_be_read_any_more_is_found(case: str) -> None:
    reader, writer = UNREADABLE[case]
    assert unreadable(json.dumps(reader), json.dumps(writer)) != []


@pytest.mark.parametrize("text", ["", "{", "7", '{"type": "record"}', '{"type": "nonsense"}'])
def test_text_that_is_no_schema_is_a_bad_schema(text: str) -> None:
    with pytest.raises(BadSchema):
        unreadable(text, '"int"')


NARROW, WIDE = '"int"', '"long"'  # WIDE reads what NARROW wrote, not the other way round


@pytest.mark.parametrize(
    ("level", "new", "olds", "fits"),
    [
        ("BACKWARD", WIDE, [], True),
        ("NONE", NARROW, [WIDE], True),
        ("BACKWARD", WIDE, [NARROW], True),
        ("BACKWARD", NARROW, [WIDE], False),
        ("FORWARD", NARROW, [WIDE], True),
        ("FORWARD", WIDE, [NARROW], False),
        ("FULL", WIDE, [NARROW], False),
        ("FULL", WIDE, [WIDE], True),
        ("BACKWARD", NARROW, [WIDE, NARROW], True),
        ("BACKWARD_TRANSITIVE", NARROW, [WIDE, NARROW], False),
    ],
)
def test_a_level_says_who_must_read_whom(level: Level, new: str, olds: list[str], fits: bool) -> None:
    assert (faults(new, olds, level) == []) is fits


PRIMITIVES = st.sampled_from(["int", "long", "float", "double", "string", "bytes", "boolean"])
OPTIONAL = st.one_of(PRIMITIVES, PRIMITIVES.map(lambda kind: ["null", kind]))
KINDS = st.one_of(OPTIONAL, OPTIONAL.map(lambda kind: {"type": "array", "items": kind}))
SAMPLES: dict[str, Any] = {
    "int": 1, "long": 1 << 40, "float": 0.5, "double": 0.1, "string": "s", "bytes": b"b", "boolean": True,
}  # fmt: skip


def samples(kind: Any) -> list[Any]:
    """Values that show every branch of a type."""
    match kind:
        case ["null", inner]:
            return [None, *samples(inner)]
        case {"items": items}:
            return [[], samples(items)]
    return [SAMPLES[kind]]


@given(KINDS, KINDS)
def test_what_is_called_readable_fastavro_reads(reader: Any, writer: Any) -> None:
    r, w = rec(field("x", reader)), rec(field("x", writer))
    if unreadable(json.dumps(r), json.dumps(w)):
        return
    for value in samples(writer):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, w, {"x": value})
        assert fastavro.schemaless_reader(io.BytesIO(out.getvalue()), w, r) is not None


def test_nothing_released_breaks_nothing(tmp_path: Path) -> None:
    assert released.check(tmp_path / "none") == []


def test_todays_schemas_are_frozen_once_and_held_against_ever_after(tmp_path: Path) -> None:
    assert {p.name.split(".")[0] for p in released.freeze(tmp_path)} >= {"frames", "highlights"}
    assert released.freeze(tmp_path) == []
    assert released.check(tmp_path) == []
    wider = json.loads(schema_text("clips"))
    wider["fields"].append({"name": "gone", "type": "int", "doc": "a field that today's lacks"})
    (tmp_path / "clips.2.avsc").write_text(json.dumps(wider))
    assert released.check(tmp_path) == []
    wider["fields"] = [f | ({"type": "string"} if f["name"] == "seq" else {}) for f in wider["fields"]]
    (tmp_path / "clips.3.avsc").write_text(json.dumps(wider))
    assert any("clips.avsc" in line and "long" in line for line in released.check(tmp_path))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "new", "type": "int"}, "new"),  # without a default
        ({"name": "seq", "type": "string"}, "string"),
        ({"name": "new", "type": "int", "default": 0}, ""),
    ],
    ids=["no default", "another type", "fine"],
)
def test_the_check_of_make_check_refuses_what_old_records_could_not_be_read_with(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    """The command itself, on a copy of the schemas with one of them changed."""
    copy = tmp_path / "schemas"
    shutil.copytree(released.FOLDER.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    wanted = json.loads((copy / "clips.avsc").read_text())
    wanted["fields"] = [f for f in wanted["fields"] if f["name"] != change["name"]] + [change]
    (copy / "clips.avsc").write_text(json.dumps(wanted))
    done = subprocess.run(
        [sys.executable, "-m", "schemas.released", "--check"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == (1 if says else 0), done.stderr
    assert says in done.stderr
    assert "clips.avsc" in done.stderr or not says
    assert "Traceback" not in done.stderr
