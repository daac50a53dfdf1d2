"""Runs stations over a media file by the offline shell and gives their records by noun."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from processors.build import build
from processors.offline import decode_local, run_offline, stored
from processors.shelf import Profile, Shelf
from schemas.records import Record
from tests.evaluation.clip import raw_of
from topics.catalog import BY_NOUN
from topics.route import STATIONS


def run_route(
    path: Path,
    profile: Profile,
    weights: Path | None,
    stations: Iterable[str] = STATIONS,
    configs: Mapping[str, Any] | None = None,
    fps: float = 10.0,
) -> dict[str, list[Any]]:
    """What each station says about the file, end marks left out."""  # fmt: skip
    shelf = Shelf(profile, weights)
    cores = {name: build(name, configs or {}, shelf) for name in stations}
    raw = {BY_NOUN[noun]: stored(BY_NOUN[noun], records) for noun, records in raw_of(path, fps).items()}
    said = run_offline(raw, cores)
    return {noun: decoded(noun, values) for noun, values in said.items()}


def decoded(noun: str, values: Iterable[bytes]) -> list[Any]:
    """Records of one topic without its end marks."""
    records: list[Record] = []
    for value in values:
        record = decode_local(value, BY_NOUN[noun])
        assert isinstance(record, BY_NOUN[noun].record), record
        if not record.end:
            records.append(record)
    return records
