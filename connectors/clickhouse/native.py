"""Pieces of ClickHouse's Native format, as arrays and bytes that only have to be put one behind the other.

https://clickhouse.com/docs/interfaces/formats/Native, and what clickhouse_connect writes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Part = NDArray[np.uint8] | bytes

DICTIONARY = 1 << 9 | 1 << 10  # flags of a LowCardinality column: keys of its own, no shared dictionary


def leb128(number: int) -> bytes:
    """An unsigned number as Native has them."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def text(value: str) -> bytes:
    """A string as Native has them."""
    return leb128(len(raw := value.encode())) + raw


def dictionary(words: Sequence[bytes], keys: Ints) -> list[Part]:
    """A LowCardinality column: its words, and which of them each row has."""
    if not keys.size:
        return []
    width = 0 if len(words) < 1 << 8 else 1 if len(words) < 1 << 16 else 2
    head = np.array([DICTIONARY | width, len(words)], "<u8").tobytes()
    text = b"".join([leb128(len(w)) + w for w in words])
    return [head + text + np.uint64(keys.size).tobytes(), keys.astype(f"<u{1 << width}").view(np.uint8)]
