"""Keeps a record of every released schema as it lay in the log: `python -m tests.schemas.keep_old`.

Called once after `python -m schemas.released --freeze`; what is there already is never written again. Files:
`old/<noun>.<version>.bin` (wire format, the version as schema id) and `.json` (what it says).
"""

import io
import json
from itertools import count
from pathlib import Path
from typing import Any

import fastavro

from schemas.codec import HEADER, MAGIC
from schemas.released import FOLDER

OLD = Path(__file__).parent / "old"


def sample(kind: Any, numbers: "count[int]", named: dict[str, Any]) -> Any:
    """A value of an Avro type in which no field is at its default."""
    match kind:
        case str() if kind in named:
            return sample(named[kind], numbers, named)
        case "string":
            return f"text {next(numbers)}"
        case "bytes":
            return f"bytes {next(numbers)}"
        case "int" | "long":
            return next(numbers)
        case "float" | "double":
            return next(numbers) + 0.5
        case "boolean":
            return True
        case list():
            return sample(next(branch for branch in kind if branch != "null"), numbers, named)
        case {"type": "array", "items": items}:
            return [sample(items, numbers, named) for _ in range(2)]
        case {"type": "enum", "name": name, "symbols": symbols}:
            named[name] = kind
            return symbols[-1]
        case {"type": "record", "name": name, "fields": fields}:
            named[name] = kind
            return {field["name"]: sample(field["type"], numbers, named) for field in fields}
        case {"type": inner}:
            return sample(inner, numbers, named)
    raise ValueError(f"no sample for {kind!r}: teach `sample` this type")


def binary(value: Any, kind: Any, named: dict[str, Any]) -> Any:
    """The same with texts as bytes where the schema says bytes (JSON has none)."""
    match kind:
        case str() if kind in named:
            return binary(value, named[kind], named)
        case "bytes":
            return value.encode()
        case list():
            return binary(value, next(branch for branch in kind if branch != "null"), named)
        case {"type": "array", "items": items}:
            return [binary(one, items, named) for one in value]
        case {"type": "enum", "name": name}:
            named[name] = kind
            return value
        case {"type": "record", "name": name, "fields": fields}:
            named[name] = kind
            return {field["name"]: binary(value[field["name"]], field["type"], named) for field in fields}
        case {"type": inner}:
            return binary(value, inner, named)
    return value


def main() -> None:
    """Writes what is not there yet."""
    OLD.mkdir(exist_ok=True)
    for path in sorted(FOLDER.glob("*.avsc")):
        target = OLD / f"{path.stem}.bin"
        if target.exists():
            continue
        schema = json.loads(path.read_text())
        said = sample(schema, count(1), {})
        out = io.BytesIO()
        out.write(HEADER.pack(MAGIC, int(path.stem.split(".")[1])))
        fastavro.schemaless_writer(out, fastavro.parse_schema(schema), binary(said, schema, {}))
        target.write_bytes(out.getvalue())
        target.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
