"""Records that lie in somebody's log since an earlier release are read by today's classes, every field of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import Undecodable, decode, schema_text
from schemas.compatibility import faults
from schemas.records import BY_NOUN, Record
from schemas.released import FOLDER

OLD = Path(__file__).parent / "old"
KEPT = sorted(path.stem for path in OLD.glob("*.bin"))


def plain(value: Any) -> Any:
    """A value as JSON writes it."""
    match value:
        case bytes():
            return value.decode()
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [plain(inner) for inner in value]
    return value


def lost(old: Any, new: Any) -> list[str]:
    """Fields of the old record that the new one says otherwise; what was added since does not count."""
    match old, new:
        case dict(), dict():
            return [f"{key}.{line}" for key in old if key in new for line in lost(old[key], new[key])]
        case list(), list() if len(old) == len(new):
            return [line for a, b in zip(old, new, strict=True) for line in lost(a, b)]
    return [] if old == new else [f"{old!r} became {new!r}"]


def test_every_released_schema_has_a_record_and_every_noun_a_release() -> None:
    released = sorted(path.stem for path in FOLDER.glob("*.avsc"))
    assert released == KEPT, "call python -m tests.schemas.keep_old"
    assert {stem.split(".")[0] for stem in released} == set(BY_NOUN)


@pytest.mark.parametrize("stem", KEPT)
def test_an_old_record_is_read_by_todays_class(stem: str) -> None:
    cls: type[Record] = BY_NOUN[stem.split(".")[0]]
    wrote = (FOLDER / f"{stem}.avsc").read_text()
    record = decode((OLD / f"{stem}.bin").read_bytes(), cls, lambda _: wrote)
    assert not isinstance(record, Undecodable), record
    said = json.loads((OLD / f"{stem}.json").read_text())
    assert set(said) & set(record.as_dict())
    assert lost(said, plain(record.as_dict())) == []


@pytest.mark.parametrize("noun", sorted(BY_NOUN))
def test_todays_schema_reads_every_released_one(noun: str) -> None:
    olds = [path.read_text() for path in FOLDER.glob(f"{noun}.*.avsc")]
    assert faults(schema_text(noun), olds, "BACKWARD_TRANSITIVE") == []


def test_a_changed_value_is_found() -> None:
    assert lost({"a": [{"b": 1}]}, {"a": [{"b": 2}], "new": 0}) == ["a.b.1 became 2"]
