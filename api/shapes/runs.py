"""Runs: live, and every replay."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. `state` of live is live; of a run that has rows but no record any more it is unknown. `stations` is
    empty where all are its own; `records` by noun, as far as counted.
    """

    name: str
    state: str
    stream_id: str
    sessions: list[str]
    stations: list[str]
    planned_at: str
    finished_at: str
    who: str
    build: str
    records: dict[str, int]


@dataclass(frozen=True, slots=True)
class RunPart:
    """A session, or a part of it, that a run read; null where it is not bounded."""

    stream_id: str
    session_id: str
    from_us: int | None
    until_us: int | None


@dataclass(frozen=True, slots=True)
class RunNoun:
    """What a run said on a noun: how many records and their digest; `live` is equal or differs where the same
    sessions of live were compared, else empty. `rows` is the digest of its table.
    """

    noun: str
    records: int
    digest: str
    live: str
    live_records: int | None
    rows: str
    model: str
    model_version: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class RunHeld:
    """What a station of live ran with from `since` until `until` (empty: still). `asked` are the settings that are
    not as by default, `config` all of them.
    """

    station: str
    since: str
    until: str
    profile: str
    asked: list[str]
    config: dict[str, Any]
    model: str
    model_version: str
    model_sha256: str
    build: str
    who: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run's record: what was asked for, with which settings, and what came of it. `asked` are the settings that
    were to be other than live's, `config` all of them by station; `behind` the most records that live was behind
    meanwhile. Nobody planned live: `held` says what it ran with and when, `planned_at` since when it has been so.
    """

    name: str
    state: str
    parts: list[RunPart]
    stations: list[str]
    profile: str
    asked: list[str]
    config: dict[str, dict[str, Any]]
    fps: float
    hold: str
    local: bool
    build: str
    who: str
    planned_at: str
    finished_at: str
    seconds: float
    behind: int
    nouns: list[RunNoun]
    held: list[RunHeld]
