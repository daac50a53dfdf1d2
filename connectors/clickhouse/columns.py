"""Which columns a noun's table has: read off its `.avsc`, stated nowhere else.

Two kinds of columns: the place where the record lies (run, topic, partition, offset, recorded_at) and the noun's
own fields under their own names. Bytes are kept out: a field `x` of bytes becomes its size, `x_bytes`. A record
field that is null becomes the tuple of empty values; a null reference is `('', -1, -1)`.

How a value is taken of a decoded record is held as the text of an expression, so that `rows.py` can compile all of
a noun's columns into one function.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from schemas.codec import schema_text

PLACE = ("run", "topic", "partition", "offset", "recorded_at")
PLACE_TYPES = {
    "run": "LowCardinality(String)",
    "topic": "LowCardinality(String)",
    "partition": "Int32",
    "offset": "Int64",
    "recorded_at": "DateTime64(3, 'UTC')",
}
PRIMITIVES = {"string": "String", "long": "Int64", "int": "Int32", "float": "Float32", "double": "Float64",
              "boolean": "Bool"}  # fmt: skip
EMPTY = {"String": "", "Int64": 0, "Int32": 0, "Float32": 0.0, "Float64": 0.0, "Bool": False}
NO_REF = ("", -1, -1)
FEW_VALUES = frozenset({"stream_id", "status", "kind", "language", "emotion", "label", "breach", "cut"})

Text = Callable[[str], str]


def as_it_is(value: str) -> str:
    """The field's value is the column's."""
    return value


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, the field it is of, what stands for null, and the expression for its value, given the
    expression for the field's.
    """

    name: str
    type: str
    field: str
    taken: Text = as_it_is
    empty: Any = None
    doc: str = ""


@cache
def named(text: str) -> dict[str, Any]:
    """Records and enums of a schema by name."""
    found: dict[str, Any] = {}

    def walk(kind: Any) -> None:
        if isinstance(kind, list):
            for branch in kind:
                walk(branch)
        elif isinstance(kind, dict):
            if "name" in kind:
                found.setdefault(kind["name"], kind)
            for inner in [kind.get("items"), *[f["type"] for f in kind.get("fields", [])]]:
                if inner is not None:
                    walk(inner)

    walk(json.loads(text))
    return found


def column(name: str, kind: Any, types: dict[str, Any], doc: str = "") -> Column:
    """The column of one field; TypeError for an Avro type that no noun uses yet."""
    if isinstance(kind, str) and kind in types:
        kind = types[kind]
    match kind:
        case "bytes":
            return Column(f"{name}_bytes", "UInt32", name, "len({})".format, 0, doc=f"Size in bytes of: {doc}")
        case "string" if name in FEW_VALUES:
            return Column(name, "LowCardinality(String)", name, empty="", doc=doc)
        case str() if kind in PRIMITIVES:
            return Column(name, PRIMITIVES[kind], name, empty=EMPTY[PRIMITIVES[kind]], doc=doc)
        case {"type": "enum"}:
            return Column(name, "LowCardinality(String)", name, empty="", doc=doc)
        case ["null", inner]:
            return nullable(column(name, inner, types, doc))
        case {"type": "array", "items": items}:
            return array(column(name, items, types, doc))
        case {"type": "record", "fields": fields}:
            return tuple_of(name, [column(f["name"], f["type"], types) for f in fields], doc)
    raise TypeError(f"no column type for the Avro type {kind!r} of {name}")


def nullable(of: Column) -> Column:
    """Null stays null where ClickHouse can hold it, and is the empty tuple where it can not."""
    if of.type.startswith("Tuple("):
        return replace(of, taken=lambda v: f"({of.empty!r} if {v} is None else {of.taken(v)})")
    kind = of.type.replace("LowCardinality(String)", "String")
    taken = of.taken
    if taken is not as_it_is:
        taken = lambda v: f"(None if {v} is None else {of.taken(v)})"  # noqa: E731
    return replace(of, type=f"Nullable({kind})", taken=taken, empty=None)


def array(of: Column) -> Column:
    """An array of what one element would be."""

    def every(values: str) -> str:
        one = f"{values.partition('[')[0]}i"  # a name of its own at each depth
        return f"[{of.taken(one)} for {one} in {values}]"

    taken = as_it_is if of.taken is as_it_is else every
    return Column(of.name, f"Array({of.type})", of.field, taken, [], of.doc)


def tuple_of(name: str, parts: list[Column], doc: str) -> Column:
    """A named tuple of a record's fields."""
    kind = f"Tuple({', '.join(f'{p.name} {p.type}' for p in parts)})"
    empty: Any = tuple(p.empty for p in parts)
    if [p.name for p in parts] == ["topic", "partition", "offset"]:
        empty = NO_REF

    def taken(record: str) -> str:
        return "(" + "".join(f"{p.taken(f'{record}[{p.field!r}]')}, " for p in parts) + ")"

    return Column(name, kind, name, taken, empty, doc)


@cache
def own_columns(noun: str) -> tuple[Column, ...]:
    """The noun's own columns, in the schema's order; `model` spread over three."""
    text = schema_text(noun)
    types = named(text)
    found: list[Column] = []
    for f in json.loads(text)["fields"]:
        if f["name"] == "model":
            for part in ("name", "version", "sha256"):
                taken, told = f"{{}}['{part}']".format, f"Model's {part}."
                found.append(Column(f"model_{part}", "LowCardinality(String)", "model", taken, doc=told))
            continue
        found.append(column(f["name"], f["type"], types, f.get("doc", "")))
        if noun == "packets" and f["name"] == "packets":
            size = "sum([len(p['data']) for p in {}])".format
            found.append(Column("packets_bytes", "UInt64", "packets", size, 0, "Size of all in bytes."))
    return tuple(found)


def all_columns(noun: str) -> tuple[Column, ...]:
    """Every column of the noun's table, as rows have them."""
    return (*(Column(name, PLACE_TYPES[name], "") for name in PLACE), *own_columns(noun))
