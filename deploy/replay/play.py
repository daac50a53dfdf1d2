"""Plays a planned run: its processes, its progress, what came of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace as changed

from connectors.holds import manifest_of
from connectors.objects import ObjectStore
from connectors.runs.frames import make_frames
from connectors.runs.ledger import runs, write
from connectors.runs.record import Run
from deploy.replay.children import children, folder_of
from deploy.replay.group import Group, RunFailed, alone, group
from deploy.replay.lag import LagWatch
from deploy.replay.local import Input, held_inputs, inputs_of, own_frames, work
from deploy.replay.progress import Reached, follow, live_outcomes
from deploy.settings import Settings
from deploy.stored import patiently
from processors.offline import Core
from topics.broker import ensure_topics
from topics.catalog import CATALOG
from topics.connection import Connection

CHECK_S = 0.5
ROWS_S = 300.0


@dataclass(frozen=True, slots=True)
class Ways:
    """How a run is played. local: in this process. rows: into ClickHouse as well. objects: where its hold is."""

    local: bool = False
    rows: bool = True
    objects: ObjectStore | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """How far it is: what it does, how much is done of how much (us of stream time, records), seconds."""

    doing: str
    done: int
    whole: int
    seconds: float


def play(
    run: Run,
    cores: Mapping[str, Core],
    settings: Settings,
    live: Connection,
    ways: Ways,
    length_us: int,
    tell: Callable[[Told], None],
) -> Run:
    """Plays the run to its end and answers with what is known of it then, which is in the log as well.

    RunFailed where one of its processes keeps dying, and where it is being played on this folder already (what is
    known of it then stays as it is). Whatever ends it, the same call goes on with it.
    """
    ensure_topics(replace(live, names=run.names(live.names)))
    with alone(folder_of(settings, run.name), run.name):
        # Only who holds the folder says how the run stands: a second start would call it stopped under the first.
        known = runs(live).get(run.name, run)
        if known.state == "done":  # the one that held the folder until now has ended it
            return known
        return _played(
            changed(known, state="running", local=ways.local), cores, settings, live, ways, length_us, tell
        )


def _played(
    run: Run,
    cores: Mapping[str, Core],
    settings: Settings,
    live: Connection,
    ways: Ways,
    length_us: int,
    tell: Callable[[Told], None],
) -> Run:
    connection = replace(live, names=run.names(live.names))
    write(live, run)
    began, before_s = time.monotonic(), run.seconds
    reached = Reached(run)
    try:
        with LagWatch(live) as lag, ExitStack() as stack:
            plan = [c for c in children(settings, run, not ways.local) if ways.rows or c.name != "rows"]
            team = stack.enter_context(group(folder_of(settings, run.name), plan))
            clock = _Clock(team, began)
            if run.fps:
                whole = round(length_us / 1e6 * run.fps)
                make_frames(
                    run, live, connection, settings.ingest,
                    lambda count: tell(Told("frames", count, whole, time.monotonic() - began)),
                )  # fmt: skip
            if ways.local:
                inputs = _inputs(run, live, connection, ways.objects)
                _locally(run, cores, connection, inputs, clock, tell)
            for _ in follow(connection, reached, clock.go_on):
                tell(Told("stream time", reached.stream_us, length_us, clock.seconds))
            said = reached.outcomes()
            rows = _rows(run, settings, {n: o.records for n, o in said.items()}, clock, tell) if ways.rows else {}
    except BaseException:
        write(live, changed(run, state="stopped", seconds=round(before_s + time.monotonic() - began, 1)))
        raise
    run = changed(
        run, state="done", finished_at=datetime.now(UTC).isoformat("T", "seconds"),
        seconds=round(before_s + clock.worked_s, 1), said=said, rows=rows, lag=lag.worst,
        live=live_outcomes(live, run) if run.whole else {},
    )  # fmt: skip
    write(live, run)
    return run


class _Clock:
    """Seconds since the run began, and whether its processes are still to be trusted (asked now and then)."""

    def __init__(self, team: Group, began: float) -> None:
        self._team, self._began, self._due = team, began, 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def worked_s(self) -> float:
        return self.seconds

    def go_on(self) -> bool:
        if (now := time.monotonic()) >= self._due:
            self._due = now + CHECK_S
            self._team.check()
        return True


def _inputs(run: Run, live: Connection, connection: Connection, objects: ObjectStore | None) -> list[Input]:
    topics = {live.names.topic(t): t for t in CATALOG}
    if not run.hold:
        return inputs_of(run, live, topics) + (own_frames(run, connection) if run.fps else [])
    assert objects is not None, "a run from a hold needs the object store"
    return held_inputs(run, manifest_of(objects, run.hold), objects, topics, live.partitions)


def _locally(
    run: Run, cores: Mapping[str, Core], connection: Connection, inputs: Sequence[Input], clock: _Clock,
    tell: Callable[[Told], None],
) -> None:  # fmt: skip
    whole = sum(i.extent.end - i.extent.first for i in inputs)

    def told(count: int) -> bool:
        tell(Told("records", count, whole, clock.seconds))
        return clock.go_on()

    work(run, connection, cores, inputs, told)


def _rows(
    run: Run, settings: Settings, want: Mapping[str, int], clock: _Clock, tell: Callable[[Told], None]
) -> dict[str, str]:
    """Digests of the run's tables once they hold all that was said; RunFailed if that does not come."""
    from connectors.clickhouse.schema import digests
    from deploy.commands.parts import store_address

    names = store_address(settings).databases

    tables = [f"{names.log}.{noun}" for noun in run.own]
    one = "(SELECT count() FROM {} FINAL WHERE run = {{run:String}})"
    asked = "SELECT " + " + ".join(one.format(table) for table in tables)

    def count(store: Any) -> int:
        return int(store.query(asked, parameters={"run": run.name}).first_row[0])

    until = time.monotonic() + ROWS_S
    whole = sum(want.values())
    while True:
        have = patiently(settings, count, clock.go_on)
        tell(Told("rows", have, whole, clock.seconds))
        if have == whole:
            break
        if time.monotonic() > until:
            raise RunFailed(f"ClickHouse has {have} of {whole} rows after {ROWS_S:.0f} s")
        clock.go_on()
        time.sleep(0.1)
    return patiently(settings, lambda store: digests(store, run.name, names, run.own), clock.go_on)
