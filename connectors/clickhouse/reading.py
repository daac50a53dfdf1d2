"""Avro to Native, a field of many records at a time, by numpy.

Row by row, with fastavro or without (`quick.py`), each value becomes a Python object, which is then written. Here
a field of ten thousand records is a dozen sums over arrays: where it begins, what it is, where the next begins.
Floats are the same bytes in both formats, and strings are but for the length before them.

As in `quick.py`, only what every good record looks like is read; anything else in any of the records raises.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from connectors.clickhouse.columns import FEW_VALUES
from connectors.clickhouse.native import Bytes, Ints, Part, dictionary
from connectors.clickhouse.quick import LONGEST, Unusual

SIZES = {"float": 4, "double": 8, "boolean": 1}
REF = ["topic", "partition", "offset"]
NO_REF, NOTHING = b"\0\1\1", bytes(64)  # what stands for a null reference, ('', -1, -1), and for any other null
TALLIED = 8  # strings that are looked for in all values at once; what is none of them goes through a dict
LONG = 1 << 21  # a string of more is not read here
INT32 = np.iinfo(np.int32)


class Reading:
    """Bytes of many records, one behind the other. Every `at` is where a value begins in each of them."""

    def __init__(self, values: Sequence[bytes], types: dict[str, Any]) -> None:
        self._raw = b"".join([*values, NO_REF, NOTHING])
        self._bytes = np.frombuffer(self._raw, np.uint8)
        self._null = len(self._raw) - len(NOTHING)
        self._types, self._longest = types, max(map(len, values))

    def kind(self, kind: Any) -> Any:
        """A type, looked up where it is a name."""
        return self._types.get(kind, kind) if isinstance(kind, str) else kind

    def number(self, at: Ints) -> tuple[Ints, Ints]:
        """Zigzag numbers, and where they end."""
        n = self._bytes[at].astype(np.int64)
        at = at + 1
        more, shift = np.flatnonzero(n > 0x7F), 7
        n[more] &= 0x7F
        while more.size:
            if shift > LONGEST:
                raise Unusual
            byte = self._bytes[at[more]].astype(np.int64)
            n[more] |= (byte & 0x7F) << shift
            at[more] += 1
            more, shift = more[byte > 0x7F], shift + 7
        return (n >> 1) ^ -(n & 1), at

    def length(self, at: Ints) -> tuple[Ints, Ints]:
        """The same of lengths, of which none is longer than a record."""
        n, at = self.number(at)
        if n.size and (n.min() < 0 or n.max() > self._longest):
            raise Unusual
        return n, at

    def fixed(self, at: Ints, size: int) -> Bytes:
        """So many bytes from each place, as rows."""
        if not size:
            return np.empty((at.size, 0), np.uint8)
        found: Bytes = np.lib.stride_tricks.sliding_window_view(self._bytes, size)[at]
        return found

    def skip(self, kind: Any, at: Ints) -> Ints:
        """Where values end."""
        match self.kind(kind):
            case "string":
                n, at = self.length(at)
                return at + n
            case "int" | "long" | {"type": "enum"}:
                return self.number(at)[1]
            case ["null", inner]:
                given, at = self.given(at)
                at[given] = self.skip(inner, at[given])
                return at
            case {"type": "array", "items": items}:
                return self.items(items, at)[2]
            case {"type": "record", "fields": fields}:
                for f in fields:
                    at = self.skip(f["type"], at)
                return at
            case str(fixed) if fixed in SIZES:
                return at + SIZES[fixed]
            case other:
                raise TypeError(f"no reading of the Avro type {other!r}")

    def given(self, at: Ints) -> tuple[Ints, Ints]:
        """Which values are not null, and where they begin or, being null, end."""
        branch = self._bytes[at]
        if not ((branch == 0) | (branch == 2)).all():
            raise Unusual
        return np.flatnonzero(branch), at + 1

    def items(self, kind: Any, at: Ints) -> tuple[Ints, Ints, Ints]:
        """Of arrays: how many items each has, where every item begins, and where the arrays end."""
        counts, at = self.length(at)
        if counts.sum() > self._bytes.size:
            raise Unusual  # no item has less than a byte
        starts = np.empty(counts.sum(), np.int64)
        left = np.flatnonzero(counts)
        here, slot = at[left], (np.cumsum(counts) - counts)[left]
        filled, nth = left, 0
        while left.size:
            starts[slot + nth] = here
            here, nth = self.skip(kind, here), nth + 1
            done = counts[left] == nth
            at[left[done]] = here[done]
            left, here, slot = left[~done], here[~done], slot[~done]
        if self._bytes[at[filled]].any():
            raise Unusual  # a second block
        at[filled] += 1
        return counts, starts, at

    def read(self, kind: Any, at: Ints, few: bool = False) -> tuple[list[Part], Ints]:
        """Native bytes of a column of these values, and where the values end. `few`: strings in a dictionary."""
        match self.kind(kind):
            case "int":
                n, at = self.number(at)
                if n.size and (n.min() < INT32.min or n.max() > INT32.max):
                    raise Unusual
                return [n.astype("<i4").view(np.uint8)], at
            case "long":
                n, at = self.number(at)
                return [n.astype("<i8").view(np.uint8)], at
            case "string":
                n, at = self.length(at)
                return (self.tallied(at, n) if few else [self.strings(at, n)]), at + n
            case {"type": "enum", "symbols": symbols}:
                n, at = self.length(at)
                if n.size and n.max() >= len(symbols):
                    raise Unusual
                return dictionary([s.encode() for s in symbols], n), at
            case "boolean":
                return [(self._bytes[at] != 0).view(np.uint8)], at + 1
            case ["null", inner]:
                return self.nullable(inner, at)
            case {"type": "array", "items": items}:
                counts, starts, at = self.items(items, at)
                return [np.cumsum(counts).astype("<u8").view(np.uint8), *self.read(items, starts, few)[0]], at
            case {"type": "record", "fields": fields}:
                parts: list[Part] = []
                for f in fields:
                    more, at = self.read(f["type"], at, f["name"] in FEW_VALUES)
                    parts += more
                return parts, at
            case str(fixed) if fixed in SIZES:
                return [self.fixed(at, SIZES[fixed])], at + SIZES[fixed]
            case other:
                raise TypeError(f"no reading of the Avro type {other!r}")

    def nullable(self, inner: Any, at: Ints) -> tuple[list[Part], Ints]:
        """Null is read where its stand-in lies, behind all records; before a record's columns there is no mask."""
        given, at = self.given(at)
        record = self.kind(inner)
        is_record = isinstance(record, dict) and record["type"] == "record"
        is_ref = is_record and [f["name"] for f in record["fields"]] == REF
        places = np.full(at.size, self._null - (len(NO_REF) if is_ref else 0))
        places[given] = at[given]
        parts, ends = self.read(inner, places)
        at[given] = ends[given]
        if is_record:
            return parts, at
        absent = np.ones(at.size, np.uint8)
        absent[given] = 0
        return [absent, *parts], at

    def strings(self, at: Ints, n: Ints) -> Part:
        """Strings as Native has them; UnicodeDecodeError for what is no UTF-8."""
        if not n.size:
            return b""
        size = int(n[0])
        if size <= 0x7F and (n == size).all():
            out = np.empty((n.size, size + 1), np.uint8)
            out[:, 0] = size
            content = out[:, 1:] = self.fixed(at, size)
        else:
            out, content = self._various(at, n)
        if content.size and content.max() > 0x7F:
            for a, size in zip(at.tolist(), n.tolist(), strict=True):
                self._raw[a : a + size].decode()
        return out

    def _various(self, at: Ints, n: Ints) -> tuple[Bytes, Bytes]:
        """Strings of any length, and their content alone."""
        if n.max() >= LONG:
            raise Unusual
        heads = 1 + (n > 0x7F) + (n > 0x3FFF)
        begin = np.cumsum(heads + n) - n
        out = np.empty(begin[-1] + n[-1], np.uint8)
        for byte in range(int(heads.max())):
            long = np.flatnonzero(heads > byte)
            goes_on = np.where(heads[long] > byte + 1, 0x80, 0)
            out[(begin - heads)[long] + byte] = n[long] >> 7 * byte & 0x7F | goes_on
        before, each = np.cumsum(n) - n, np.arange(n.sum())
        content = self._bytes[np.repeat(at - before, n) + each]
        out[np.repeat(begin - before, n) + each] = content
        return out, content

    def tallied(self, at: Ints, n: Ints) -> list[Part]:
        """Strings of which there are few, as a dictionary and a key each."""
        keys, left = np.empty(at.size, np.int64), np.arange(at.size)
        found: dict[bytes, int] = {}
        while left.size and len(found) < TALLIED:
            start, size = int(at[left[0]]), int(n[left[0]])
            word = self._raw[start : start + size]
            alike = n[left] == size
            alike[alike] = (self.fixed(at[left[alike]], size) == np.frombuffer(word, np.uint8)).all(axis=1)
            keys[left[alike]] = len(found)
            found[word] = len(found)
            left = left[~alike]
        places = zip(at[left].tolist(), n[left].tolist(), strict=True)
        keys[left] = [found.setdefault(self._raw[a : a + size], len(found)) for a, size in places]
        for word in found:
            word.decode()
        return dictionary(list(found), keys)
