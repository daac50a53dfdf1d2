"""Records of every noun with something in every field, drawn from a seed."""

import json
import random
import struct
from typing import Any

from schemas.codec import schema_text
from schemas.records import BY_NOUN, Record


def drawn(kind: Any, types: dict[str, Any], rng: random.Random) -> Any:
    """A plain value of an Avro type."""
    if isinstance(kind, str) and kind in types:
        kind = types[kind]
    if isinstance(kind, dict) and "name" in kind:
        types[kind["name"]] = kind
    match kind:
        case "string":
            return rng.choice(["", "person", "ü'\\\n\t", f"text {rng.randrange(1000)}"])
        case "long":
            return rng.randrange(-(2**62), 2**62)
        case "int":
            return rng.randrange(-(2**31), 2**31)
        case "float":
            return struct.unpack("f", struct.pack("f", rng.uniform(-100, 100)))[0]
        case "double":
            return rng.uniform(-1, 1)
        case "boolean":
            return rng.random() < 0.5
        case "bytes":
            return rng.randbytes(rng.randrange(20))
        case ["null", inner]:
            value = drawn(inner, types, rng)
            return None if rng.random() < 0.3 else value
        case {"type": "array", "items": items}:
            drawn(items, types, rng)  # so that named types inside are known even if the array stays empty
            return [drawn(items, types, rng) for _ in range(rng.randrange(4))]
        case {"type": "enum", "symbols": symbols}:
            return rng.choice(symbols)
        case {"type": "record", "fields": fields}:
            return {f["name"]: drawn(f["type"], types, rng) for f in fields}
    raise TypeError(f"{kind!r}")


def record(noun: str, seed: int, **fields: Any) -> Record:
    """A record of a noun, the same for the same seed; `fields` are set as given."""
    plain = drawn(json.loads(schema_text(noun)), {}, random.Random(f"{noun} {seed}"))
    return BY_NOUN[noun].from_dict(plain | fields)
