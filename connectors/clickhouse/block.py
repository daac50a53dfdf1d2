"""Many messages of a noun straight to the one Native block that is inserted.

M: 0.9 µs for a record of three boxes, where `quick.py` and clickhouse_connect's columns and block take 6.4. Most
of it is numpy's, which lets other threads run meanwhile.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from connectors.clickhouse.columns import FEW_VALUES, all_columns, named
from connectors.clickhouse.native import Part, dictionary, leb128, text
from connectors.clickhouse.quick import START, Unusual
from connectors.clickhouse.reading import Reading
from schemas.codec import schema_text

Block = Callable[[str, str, int, Sequence[int], Sequence[int], Sequence[bytes]], bytes]


@cache
def native_block(noun: str) -> Block | None:
    """The noun's function from run, topic, partition and the messages' offsets, times (ms) and bytes, written by
    today's schema, to the Native block of their rows. Any exception: they are to be read one by one.

    None for a noun with bytes in it: its messages are large, and are made rows at once.
    """
    schema = schema_text(noun)
    if '"bytes"' in schema:
        return None
    types, fields = named(schema), json.loads(schema)["fields"]
    kinds = [
        (kind, few or name in FEW_VALUES)
        for f in fields
        for name, kind, few in (
            [(of["name"], of["type"], True) for of in f["type"]["fields"]]  # a column for each
            if f["name"] == "model" and isinstance(f["type"], dict)
            else [(f["name"], f["type"], False)]
        )
    ]
    heads = [
        text(c.name) + text(c.type) + np.uint64(1).tobytes() * c.type.count("LowCardinality(")
        for c in all_columns(noun)
    ]

    def block(
        run: str,
        topic: str,
        partition: int,
        offsets: Sequence[int],
        times_ms: Sequence[int],
        values: Sequence[bytes],
    ) -> bytes:
        n = len(values)
        ends = np.cumsum(np.fromiter(map(len, values), np.int64, n))
        at = np.concatenate([[0], ends[:-1]]) + START
        reading, same = Reading(values, types), np.zeros(n, np.int64)
        columns: list[list[Part]] = [
            dictionary([run.encode()], same),
            dictionary([topic.encode()], same),
            [np.full(n, partition, "<i4").view(np.uint8)],
            [np.array(offsets, "<i8").view(np.uint8)],
            [np.array(times_ms, "<i8").view(np.uint8)],
        ]
        for kind, few in kinds:
            parts, at = reading.read(kind, at, few)
            columns.append(parts)
        if (at > ends).any():
            raise Unusual
        body: list[Any] = [leb128(len(heads)), leb128(n)]
        for head, parts in zip(heads, columns, strict=True):
            body += [head, *parts]
        return b"".join(body)

    return block
