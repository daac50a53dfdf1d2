"""What is known of a run: enough to do it again anywhere, and what came of it."""

import re
from typing import Any, Literal

import msgspec

from topics.extent import Extent, Passage, extents
from topics.names import LIVE, Names

State = Literal["planned", "running", "stopped", "done"]
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class BadRun(Exception):
    """The run can not be as it was asked for; the message says what to do."""


class Reach(msgspec.Struct, frozen=True):
    """Offsets first <= offset < end of one partition that the run reads."""

    topic: str
    partition: int
    first: int
    end: int


class Used(msgspec.Struct, frozen=True):
    """A station's model as it was when the run was planned."""

    name: str = ""
    version: str = ""
    sha256: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What a run has said on one noun: how many records, and their digest (`connectors.runs.digest`)."""

    records: int
    digest: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run. What is above `state` is its plan and never changes; what is below is how far it has come.

    passages: Sessions, or parts of them, that it reads. reaches: where in the log they lie.
    stations: What it runs, in the route's order; everything else it reads from live.
    config: Every tunable of its stations. models: by station. offsets: the part of each raw noun that was asked
    for, if it was asked for so. hold: read from this hold, not from the log.
    asked: What was set otherwise than live has it, in the words of who asked. seconds: Of work so far.
    said, live: What it says by noun, and what live said of the same sessions.
    rows: Digests of its tables by noun. lag: Most records that live was behind meanwhile, by station.
    """

    name: str
    stream: str
    passages: tuple[Passage, ...]
    reaches: tuple[Reach, ...]
    stations: tuple[str, ...]
    own: tuple[str, ...]
    profile: str
    config: dict[str, Any]
    models: dict[str, Used]
    build: str
    offsets: tuple[tuple[str, int, int], ...] = ()
    hold: str = ""
    fps: float = 0.0
    version: int = 1

    who: str = ""
    planned_at: str = ""
    asked: tuple[str, ...] = ()
    state: State = "planned"
    local: bool = False
    finished_at: str = ""
    seconds: float = 0.0
    said: dict[str, Outcome] = {}
    live: dict[str, Outcome] = {}
    rows: dict[str, str] = {}
    lag: dict[str, int] = {}

    def names(self, live: Names) -> Names:
        """What things are called in this run, given live's names."""
        return Names(live.prefix, self.name, frozenset(self.own))

    def extents(self, partitions: int) -> dict[tuple[str, int], Extent]:
        """What it reads, for a log with so many partitions a topic."""
        offsets = {(r.topic, r.partition): (r.first, r.end) for r in self.reaches}
        return extents(self.passages, offsets, partitions)

    @property
    def whole(self) -> bool:
        """Whether it reads whole sessions, so that it can say the same bytes as live."""
        return not self.offsets and all(p.from_us is None and p.until_us is None for p in self.passages)


# Not where in the log it lies: that is asked for anew at each start, and the log has grown meanwhile.
PLAN = ("stream", "passages", "stations", "own", "profile", "config", "models", "build", "offsets", "hold", "fps")


def differs(one: Run, other: Run) -> str | None:
    """The first part of the plan in which two runs differ; None if they are the same run."""
    plain = [msgspec.to_builtins(run) for run in (one, other)]
    return next((part for part in PLAN if plain[0][part] != plain[1][part]), None)


def checked_name(name: str) -> str:
    """The name, if a run may have it: it becomes part of topics' names. BadRun if not."""
    if name == LIVE or not NAME.fullmatch(name):
        raise BadRun(f"a run can not be called {name!r}: use a-z, 0-9, - and _, at most 63, and not {LIVE}")
    return name
