"""The SQL that makes a noun's table and the views over it. `python -m connectors.clickhouse.ddl` writes it to
`tables/<noun>.sql` for people to read and to run with any client; `--check` says whether those files are fresh.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.clickhouse.columns import Column, all_columns, named
from schemas.codec import schema_text
from topics.catalog import CATALOG

FOLDER = Path(__file__).parent / "tables"
KEY = "run, stream_id, session_id, seq"
WINDOW = 10_000
AS_OF = "_as_of"
THEN = "run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC')"


@dataclass(frozen=True, slots=True)
class Databases:
    """Names: `views` for people, `log` for the tables, one row a record."""

    views: str = "framelog"

    @property
    def log(self) -> str:
        """Database of the tables."""
        return f"{self.views}_log"


@dataclass(frozen=True, slots=True)
class Flat:
    """A view with a row for each element of an array: `name` over `noun`'s array `of`, perhaps one deeper."""

    name: str
    noun: str
    of: str
    within: str = ""


FLAT = (
    Flat("boxes", "detections", "boxes"),
    Flat("tracked", "tracks", "tracks"),
    Flat("face_boxes", "faces", "faces"),
    Flat("feelings", "emotions", "persons"),
    Flat("expressions", "emotions", "persons", "expressions"),
    Flat("persons", "fused", "persons"),
    Flat("objects", "fused", "objects"),
    Flat("words", "speech", "words"),
    Flat("sound_classes", "sounds", "classes"),
    Flat("hits", "events", "hits"),
    Flat("reasons", "highlights", "reasons"),
    Flat("positions", "streams", "positions"),
)


def column_line(c: Column) -> str:
    """A column's declaration with its doc as comment."""
    comment = (
        f" COMMENT '{c.doc.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'" if c.doc else ""
    )
    return f"`{c.name}` {c.type}{comment}"


def table_sql(noun: str, databases: Databases) -> str:
    """The table: of records with one key the earliest in the log stays, as every reader of ours has it."""
    lines = ",\n    ".join(column_line(c) for c in all_columns(noun))
    return (
        f"CREATE TABLE IF NOT EXISTS {databases.log}.{noun}\n(\n    {lines},\n"
        "    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) "
        "COMMENT 'Largest for the record earliest in the log, which is the one that stays.'\n)\n"
        f"ENGINE = ReplacingMergeTree(precedence)\nPARTITION BY run\nORDER BY ({KEY})\n"
        f"SETTINGS non_replicated_deduplication_window = {WINDOW}"
    )


def rows_sql(noun: str, databases: Databases, then: bool) -> str:
    """Each record of a noun once, of every run; or, of one run, those that the log had `then`."""
    where = f" WHERE {THEN}" if then else ""
    return f"SELECT * FROM {databases.log}.{noun} FINAL{where}"  # noqa: S608 (names of our own schemas)


def view_sql(noun: str, databases: Databases, then: bool = False) -> str:
    """The noun for people: each record once. `then`: the one that is asked with run and time,
    `<noun>_as_of(run='live', at='2026-05-01T12:00:00Z')`.
    """
    name = f"{databases.views}.{noun}{AS_OF if then else ''}"
    return f"CREATE OR REPLACE VIEW {name} AS\n{rows_sql(noun, databases, then)}"


def flat_sql(flat: Flat, databases: Databases, then: bool = False) -> str:
    """A view with the array's elements as rows and their fields as columns, `index` counting them in the record.
    Names that the record has too (`start_us`, `text`) are the element's here.
    """
    types = named(schema_text(flat.noun))
    fields = {f["name"]: f["type"] for f in types[_record(flat.noun)]["fields"]}
    element = fields[flat.of]["items"]
    element = types[element] if isinstance(element, str) else element
    names = [f["name"] for f in element["fields"]]
    head = "run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name"
    head += ", frame" if "frame" in fields else ""
    source = (
        f"SELECT {head}, element, toUInt32(place - 1) AS `index`\n"
        f"FROM ({rows_sql(flat.noun, databases, then)})\n"
        f"ARRAY JOIN {flat.of} AS element, arrayEnumerate({flat.of}) AS place"
    )
    columns = [f"element.{n} AS `{_renamed(n)}`" for n in names if n != flat.within]
    tail = ""
    if flat.within:
        items = _field(element, flat.within)["items"]
        inner = [f["name"] for f in (types[items] if isinstance(items, str) else items)["fields"]]
        columns = [
            c for n, c in zip([n for n in names if n != flat.within], columns, strict=True) if n not in inner
        ]
        columns += [f"inner.{n} AS `{n}`" for n in inner]
        tail = f"\nARRAY JOIN element.{flat.within} AS inner"
    return (
        f"CREATE OR REPLACE VIEW {databases.views}.{flat.name}{AS_OF if then else ''} AS\n"
        f"SELECT {head}, `index`,\n       {', '.join(columns)}\nFROM ({source}){tail}"
    )


def _record(noun: str) -> str:
    return str(json.loads(schema_text(noun))["name"])


def _field(element: dict[str, Any], name: str) -> Any:
    return next(f["type"] for f in element["fields"] if f["name"] == name)


def _renamed(name: str) -> str:
    return {"topic": "of_topic", "partition": "of_partition", "offset": "of_offset", "seq": "of_seq",
            "pts_us": "of_pts_us"}.get(name, name)  # fmt: skip


def statements(noun: str, databases: Databases) -> Iterator[str]:
    """Everything of a noun, in the order in which it has to be made."""
    yield table_sql(noun, databases)
    for then in (False, True):
        yield view_sql(noun, databases, then)
        for flat in FLAT:
            if flat.noun == noun:
                yield flat_sql(flat, databases, then)


def text(noun: str) -> str:
    """The noun's `.sql` file."""
    return "".join(f"{s};\n\n" for s in statements(noun, Databases())).rstrip("\n") + "\n"


def main() -> None:
    """Writes the files, or with --check ends with 1 if one is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say whether the files are fresh")
    check = parser.parse_args().check
    FOLDER.mkdir(exist_ok=True)
    for topic in CATALOG:
        path = FOLDER / f"{topic.noun}.sql"
        if not check:
            path.write_text(text(topic.noun))
        elif not path.exists() or path.read_text() != text(topic.noun):
            sys.exit(f"{path} is not what the schema says: call `make format`")


if __name__ == "__main__":
    main()
