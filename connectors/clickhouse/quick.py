"""A noun's row straight from Avro bytes, by a function compiled from its schema.

fastavro makes dicts of names and values, of which `rows.row_maker` makes tuples: 11.6 µs for a record of three
boxes (M), most of it for dicts that are gone a moment later. Here each field becomes its column's value at once:
4.4 µs.
Only what every good record looks like is read. Whatever is unusual (a negative length, a block with its size, a
number of ten bytes) and whatever is wrong raises, and then fastavro and `rows.row_maker` decide. A property test
holds the two against each other, for good bytes and for broken ones.
"""

import json
from collections.abc import Callable
from functools import cache
from itertools import count
from struct import Struct
from typing import Any

from connectors.clickhouse.columns import PLACE, column, named, own_columns
from schemas.codec import schema_text

START = 5  # behind the wire format's head
FIXED = {"float": "f", "double": "d", "boolean": "?"}
# By first byte: the number, or the length, of those that have no other byte and are as they should be.
NUMBER = tuple((b >> 1) ^ -(b & 1) if b < 0x80 else None for b in range(256))
LENGTH = tuple(b >> 1 if b < 0x80 and not b & 1 else None for b in range(256))
LONGEST = 56  # bits before the last byte of a number: the next could pass 2^63

Quick = Callable[[str, str, int, int, int, bytes], tuple[Any, ...]]


class Unusual(Exception):
    """Bytes that only the library should judge."""


def number(v: bytes, i: int) -> tuple[int, int]:
    """The zigzag number at `i`, and where it ends."""
    n, shift = v[i] & 0x7F, 0
    while v[i] & 0x80:
        i, shift = i + 1, shift + 7
        if shift > LONGEST:
            raise Unusual
        n |= (v[i] & 0x7F) << shift
    return (n >> 1) ^ -(n & 1), i + 1


def length(v: bytes, i: int) -> tuple[int, int]:
    """The same of a length."""
    n, i = number(v, i)
    if n < 0:
        raise Unusual
    return n, i


class Source:
    """Python text that reads one value after the other; `names` are the constants that it uses."""

    def __init__(self, types: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "NUMBER": NUMBER, "LENGTH": LENGTH, "number": number, "length": length, "Unusual": Unusual
        }  # fmt: skip
        self._types, self._numbers, self._depth = types, count(), 1

    def line(self, text: str) -> None:
        """A line at the present depth."""
        self.lines.append("    " * self._depth + text)

    def fresh(self, value: Any = None) -> str:
        """A name of its own; of a constant if one is given."""
        name = f"x{next(self._numbers)}"
        if value is not None:
            self.names[name] = value
        return name

    def kind(self, kind: Any) -> Any:
        """A type, looked up where it is a name."""
        return self._types.get(kind, kind) if isinstance(kind, str) else kind

    def varint(self, of: str) -> str:
        """Reads a NUMBER or a LENGTH."""
        x = self.fresh()
        self.line(f"{x} = {of}[v[i]]")
        self.line(f"if {x} is None: {x}, i = {of.lower()}(v, i)")
        self.line("else: i += 1")
        return x

    def value(self, kind: Any) -> str:
        """Reads one value; the expression that it is."""
        match self.kind(kind):
            case "int" | "long":
                return self.varint("NUMBER")
            case "string":
                n, x = self.varint("LENGTH"), self.fresh()
                self.line(f"{x} = v[i:i + {n}].decode(); i += {n}")
                return x
            case "bytes":
                n = self.varint("LENGTH")
                self.line(f"i += {n}")
                return n
            case {"type": "enum", "symbols": symbols}:
                n, x = self.varint("LENGTH"), self.fresh()
                self.line(f"{x} = {self.fresh(tuple(symbols))}[{n}]")
                return x
            case ["null", inner]:
                return self.nullable(inner)
            case {"type": "array", "items": items}:
                return self.array(items)
            case {"type": "record", "fields": fields}:
                return "(" + "".join(f"{x}, " for x in self.fields([f["type"] for f in fields])) + ")"
            case str(fixed) if fixed in FIXED:
                return self.fields([fixed])[0]
            case other:
                raise TypeError(f"no reading of the Avro type {other!r}")

    def fields(self, kinds: list[Any]) -> list[str]:
        """Reads one after the other; numbers of fixed size that follow each other all at once."""
        found: list[str] = []
        at = 0
        while at < len(kinds):
            run = 0
            while kinds[at + run :] and str(kinds[at + run]) in FIXED:
                run += 1
            if run:
                form = Struct("<" + "".join(FIXED[k] for k in kinds[at : at + run]))
                xs = [self.fresh() for _ in range(run)]
                self.line(f"{', '.join(xs)}, = {self.fresh(form.unpack_from)}(v, i); i += {form.size}")
                found += xs
            else:
                found.append(self.value(kinds[at]))
            at += run or 1
        return found

    def nullable(self, inner: Any) -> str:
        """Null is what stands for it in the column."""
        x = self.fresh()
        self.line(f"if not v[i]: i += 1; {x} = {column('', ['null', inner], self._types).empty!r}")
        self.line("elif v[i] != 2: raise Unusual")
        self.line("else:")
        self._depth += 1
        self.line("i += 1")
        self.line(f"{x} = {self.value(inner)}")
        self._depth -= 1
        return x

    def array(self, items: Any) -> str:
        """Blocks of so many each, up to one of none."""
        x, n = self.fresh(), self.fresh()
        self.line(f"{x} = []")
        self.line("while v[i]:")
        self._depth += 1
        self.line(f"{n} = LENGTH[v[i]]")
        self.line(f"if {n} is None: {n}, i = length(v, i)")
        self.line("else: i += 1")
        self.line(f"if not {n}: raise Unusual")
        self.line(f"for _ in range({n}):")
        self._depth += 1
        self.line(f"{x}.append({self.value(items)})")
        self._depth -= 2
        self.line("i += 1")
        return x


@cache
def quick_row(noun: str) -> Quick | None:
    """The noun's function from run, place (as `rows.Place` has it) and a message's bytes, written by today's
    schema, to its row: what `rows.row_maker` makes of what fastavro reads. Any exception: those two decide.

    None for a noun of which a column is made of a field that another column has too (the size of all packets).
    """
    text = schema_text(noun)
    fields = json.loads(text)["fields"]
    if len([c for c in own_columns(noun) if c.field != "model"]) > len(
        [f for f in fields if f["name"] != "model"]
    ):
        return None
    source = Source(named(text))
    values: list[str] = []
    source.line(f"i = {START}")
    for field, read in zip(fields, source.fields([f["type"] for f in fields]), strict=True):
        values.append(f"*{read}" if field["name"] == "model" else read)  # a column for each of its fields
    source.line("if i > len(v): raise Unusual")
    source.line(f"return ({', '.join([*PLACE, *values])})")
    code = "\n".join([f"def row({', '.join(PLACE)}, v):", *source.lines])
    exec(code, source.names)  # noqa: S102 (types of our own schemas)
    made: Quick = source.names["row"]
    return made
