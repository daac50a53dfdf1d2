"""Which columns a noun's table has: read off its `.avsc`, stated nowhere else.

Two kinds of columns: the place where the record lies (run, topic, partition, offset, recorded_at) and the noun's
own fields under their own names. Bytes are kept out: a field `x` of bytes becomes its size, `x_bytes`. A record
field that is null becomes the tuple of empty values; a null reference is `('', -1, -1)`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
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

Value = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, how a field's value becomes its value (None: as it is), and what stands for null."""

    name: str
    type: str
    field: str
    convert: Value | None = None
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
            return Column(f"{name}_bytes", "UInt32", name, len, 0, doc=f"Size in bytes of: {doc}")
        case "string" if name in FEW_VALUES:
            return Column(name, "LowCardinality(String)", name, None, "", doc)
        case str() if kind in PRIMITIVES:
            return Column(name, PRIMITIVES[kind], name, None, EMPTY[PRIMITIVES[kind]], doc)
        case {"type": "enum"}:
            return Column(name, "LowCardinality(String)", name, None, "", doc)
        case ["null", inner]:
            return nullable(column(name, inner, types, doc))
        case {"type": "array", "items": items}:
            return array(column(name, items, types, doc))
        case {"type": "record", "fields": fields}:
            return tuple_of(name, [column(f["name"], f["type"], types) for f in fields], doc)
    raise TypeError(f"no column type for the Avro type {kind!r} of {name}")


def nullable(of: Column) -> Column:
    """Null stays null where ClickHouse can hold it, and is the empty tuple where it can not."""
    if not of.type.startswith("Tuple("):
        kind = of.type.replace("LowCardinality(String)", "String")
        return Column(of.name, f"Nullable({kind})", of.field, of.convert, None, of.doc)
    convert, empty = of.convert, of.empty
    assert convert is not None
    return Column(
        of.name, of.type, of.field, lambda value: empty if value is None else convert(value), empty, of.doc
    )


def array(of: Column) -> Column:
    """An array of what one element would be."""
    convert = of.convert
    every: Value = list if convert is None else lambda values: [convert(value) for value in values]
    return Column(of.name, f"Array({of.type})", of.field, every, [], of.doc)


def tuple_of(name: str, parts: list[Column], doc: str) -> Column:
    """A named tuple of a record's fields."""
    kind = f"Tuple({', '.join(f'{p.name} {p.type}' for p in parts)})"
    plain = [p.field for p in parts if p.convert is None]
    empty: Any = tuple(p.empty for p in parts)
    if len(plain) == len(parts):
        if [p.name for p in parts] == ["topic", "partition", "offset"]:
            empty = NO_REF
        # A function made once for each record type: M, 4 times as fast as asking for the fields one by one.
        fields = ", ".join(f"r.{f}" for f in plain)
        taken: Value = eval(f"lambda r: ({fields},)")  # noqa: S307 (field names of our own schemas)
        return Column(name, kind, name, taken, empty, doc)
    steps = [(p.field, p.convert) for p in parts]

    def convert(record: Any) -> Any:
        return tuple(
            getattr(record, field) if step is None else step(getattr(record, field)) for field, step in steps
        )

    return Column(name, kind, name, convert, empty, doc)


@cache
def own_columns(noun: str) -> tuple[Column, ...]:
    """The noun's own columns, in the schema's order; `model` spread over three."""
    text = schema_text(noun)
    types = named(text)
    found: list[Column] = []
    for f in json.loads(text)["fields"]:
        if f["name"] == "model":
            found += [
                Column(f"model_{part}", "LowCardinality(String)", f"model.{part}", doc=f"Model's {part}.")
                for part in ("name", "version", "sha256")
            ]
            continue
        found.append(column(f["name"], f["type"], types, f.get("doc", "")))
        if noun == "packets" and f["name"] == "packets":
            found.append(Column("packets_bytes", "UInt64", "packets", packets_bytes, 0, "Size of all in bytes."))
    return tuple(found)


def packets_bytes(packets: Any) -> int:
    """Size of coded packets."""
    return sum(len(p.data) for p in packets)


def all_columns(noun: str) -> tuple[Column, ...]:
    """Every column of the noun's table, as rows have them."""
    return (*(Column(name, PLACE_TYPES[name], "") for name in PLACE), *own_columns(noun))
