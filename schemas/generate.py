"""Makes `records.py` from the `.avsc` files: one frozen, slotted dataclass a record, its `doc` as docstring.

`python -m schemas.generate` writes it, `--check` says whether it is fresh. The Avro files are the source;
nothing in `records.py` is edited by hand.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
TARGET = FOLDER / "records.py"
STAMPED = {"stream_id": '""', "session_id": '""', "seq": "0", "pts_us": "0"}
# A station's core leaves these to whoever runs it, so that the derived records' classes have them optional.
PRIMITIVES = {"string": "str", "long": "int", "int": "int", "float": "float", "double": "float",
              "boolean": "bool", "bytes": "bytes"}  # fmt: skip

HEAD = '''"""Records of the log, made from the `.avsc` files by `python -m schemas.generate`; never edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

'''


def named_types(schema: Any) -> Iterator[dict[str, Any]]:
    """Every record and enum declared in a schema, inner ones first."""
    if isinstance(schema, list):
        for branch in schema:
            yield from named_types(branch)
    elif isinstance(schema, dict):
        match schema["type"]:
            case "array":
                yield from named_types(schema["items"])
            case "record":
                for field in schema["fields"]:
                    yield from named_types(field["type"])
                yield schema
            case "enum":
                yield schema
            case inner if isinstance(inner, dict | list):
                yield from named_types(inner)


def annotation(kind: Any) -> str:
    """The Python type of an Avro type."""
    match kind:
        case str():
            return PRIMITIVES.get(kind, kind)
        case ["null", inner]:
            return f"{annotation(inner)} | None"
        case {"type": "array", "items": items}:
            return f"tuple[{annotation(items)}, ...]"
        case {"type": "record" | "enum", "name": name}:
            return str(name)
    raise TypeError(f"no Python type for the Avro type {kind!r}")


class Names:
    """Which of the declared names are records (they need converting) and which enums."""

    def __init__(self, types: list[dict[str, Any]]) -> None:
        self.records = {t["name"] for t in types if t["type"] == "record"}

    def record_in(self, kind: Any) -> str | None:
        """The record's name if the type is a record."""
        name = kind["name"] if isinstance(kind, dict) and "name" in kind else kind
        return name if isinstance(name, str) and name in self.records else None


def default_of(kind: Any, value: Any, names: Names) -> str:
    """Python source of an Avro default."""
    if (name := names.record_in(kind)) is not None:
        return f"{name}()"
    if isinstance(kind, dict) and kind["type"] == "array":
        return "()"
    if kind == "bytes":
        return 'b""'
    return repr(value)


def to_plain(kind: Any, value: str, names: Names) -> str:
    """Python source that turns a field into what fastavro writes."""
    match kind:
        case ["null", inner]:
            done = to_plain(inner, value, names)
            return value if done == value else f"None if {value} is None else {done}"
        case {"type": "array", "items": items}:
            done = to_plain(items, "x", names)
            return value if done == "x" else f"[{done} for x in {value}]"
    return f"{value}.as_dict()" if names.record_in(kind) else value


def from_plain(kind: Any, value: str, names: Names) -> str:
    """Python source that turns what fastavro reads into a field."""
    match kind:
        case ["null", inner]:
            done = from_plain(inner, value, names)
            return value if done == value else f"None if {value} is None else {done}"
        case {"type": "array", "items": items}:
            done = from_plain(items, "x", names)
            return f"tuple({value})" if done == "x" else f"tuple({done} for x in {value})"
    name = names.record_in(kind)
    return f"{name}.from_dict({value})" if name else value


def class_source(schema: dict[str, Any], names: Names) -> str:
    """Python source of one dataclass or literal."""
    name, doc = schema["name"], schema["doc"]
    if schema["type"] == "enum":
        return f"{name} = Literal[{', '.join(map(repr, schema['symbols']))}]\n# {doc}\n"
    fields = schema["fields"]
    lines = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {name}:", f'    """{doc}', ""]
    lines += [f"    {f['name']}: {f['doc']}" for f in fields] + ['    """', ""]
    derived = any(f["name"] == "watermark_us" for f in fields)
    for f in fields:
        default = f" = {default_of(f['type'], f['default'], names)}" if "default" in f else ""
        if derived and f["name"] in STAMPED:
            default = f" = {STAMPED[f['name']]}"
        lines.append(f"    {f['name']}: {annotation(f['type'])}{default}")
    lines += [
        "",
        "    def as_dict(self) -> dict[str, Any]:",
        '        """What fastavro writes."""',
        "        return {",
    ]
    lines += [f'            "{f["name"]}": {to_plain(f["type"], "self." + f["name"], names)},' for f in fields]
    lines += [
        "        }",
        "",
        "    @classmethod",
        "    def from_dict(cls, plain: Mapping[str, Any]) -> Self:",
    ]
    lines += ['        """What fastavro read, as a record."""', "        return cls("]
    for f in fields:
        value = "plain[" + repr(f["name"]) + "]"
        lines.append(f"            {f['name']}={from_plain(f['type'], value, names)},")
    return "\n".join([*lines, "        )", ""])


def source() -> str:
    """The whole of `records.py`, before formatting."""
    declared: dict[str, dict[str, Any]] = {}
    tops: list[tuple[str, str]] = []
    for path in sorted(FOLDER.glob("*.avsc")):
        schema = json.loads(path.read_text())
        tops.append((path.stem, schema["name"]))
        for t in named_types(schema):
            if declared.setdefault(t["name"], t) != t:
                sys.exit(f"{path.name} declares {t['name']} otherwise than an earlier file")
    names = Names(list(declared.values()))
    body = "\n\n".join(class_source(t, names) for t in declared.values())
    table = ", ".join(f'"{noun}": {name}' for noun, name in tops)
    kinds = " | ".join(name for _, name in tops)
    tail = (
        f"\n\nRecord = {kinds}\n# Any record that has a topic of its own.\n"
        f"\nBY_NOUN: dict[str, type[Record]] = {{{table}}}\n# Noun (the schema's file name) to class.\n"
    )
    return HEAD + body + tail


def formatted() -> str:
    """The whole of `records.py` as ruff leaves it."""
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(  # noqa: S603 (our own formatter)
        [ruff, "format", "--stdin-filename", str(TARGET), "-"],
        input=source(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def main() -> None:
    """Writes the module, or with --check compares it and ends with 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say whether records.py is fresh")
    fresh = formatted()
    if not parser.parse_args().check:
        TARGET.write_text(fresh)
    elif not TARGET.exists() or TARGET.read_text() != fresh:
        sys.exit("schemas/records.py is not what the .avsc files say: call `make format`")


if __name__ == "__main__":
    main()
