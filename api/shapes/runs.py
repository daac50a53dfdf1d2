"""Runs: live, and every replay."""

from dataclasses import dataclass


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
