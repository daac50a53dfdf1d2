"""Plays a planned run: its processes, its progress, what came of it."""

import time
from collections.abc import Callable, Mapping
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


class _Clock:
    """Seconds since the run began, and whether its processes are still to be trusted (asked now and then)."""

    def __init__(self, team: Group, began: float) -> None:
        self._team, self._began, self._due = team, began, 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def go_on(self) -> bool:
        if (now := time.monotonic()) >= self._due:
            self._due = now + CHECK_S
            self._team.check()
        return True


@dataclass(frozen=True, slots=True)
class Player:
    """Plays runs. live: whose log is read, beside whom they run. length_us: stream time of what is played."""

    settings: Settings
    live: Connection
    cores: Mapping[str, Core]
    length_us: int
    tell: Callable[[Told], None]
    ways: Ways = Ways()

    def play(self, run: Run) -> Run:
        """Plays the run to its end and answers with what is known of it then, which is in the log as well.

        RunFailed where one of its processes keeps dying, and where it is being played on this folder already (what
        is known of it then stays as it is). Whatever ends it, the same call goes on with it.
        """
        ensure_topics(self._own(run))
        with alone(folder_of(self.settings, run.name), run.name):
            # Only who holds the folder says how the run stands: a second start would call the first one stopped.
            known = runs(self.live).get(run.name, run)
            if known.state == "done":  # the one that held the folder until now has ended it
                return known
            return self._played(changed(known, state="running", local=self.ways.local))

    def _own(self, run: Run) -> Connection:
        return replace(self.live, names=run.names(self.live.names))

    def _played(self, run: Run) -> Run:
        write(self.live, run)
        began, before_s = time.monotonic(), run.seconds
        reached, connection = Reached(run), self._own(run)
        try:
            with LagWatch(self.live) as lag, ExitStack() as stack:
                plan = children(self.settings, run, not self.ways.local)
                plan = [c for c in plan if self.ways.rows or c.name != "rows"]
                clock = _Clock(stack.enter_context(group(folder_of(self.settings, run.name), plan)), began)
                if run.fps:
                    self._frames(run, clock)
                if self.ways.local:
                    self._locally(run, clock)
                for _ in follow(connection, reached, clock.go_on):
                    self.tell(Told("stream time", reached.stream_us, self.length_us, clock.seconds))
                said = reached.outcomes()
                rows = self._rows(run, {n: o.records for n, o in said.items()}, clock) if self.ways.rows else {}
            worked_s, of_live = clock.seconds, live_outcomes(self.live, run) if run.whole else {}
        except BaseException:
            write(self.live, changed(run, state="stopped", seconds=round(before_s + time.monotonic() - began, 1)))
            raise
        run = changed(
            run, state="done", finished_at=datetime.now(UTC).isoformat("T", "seconds"),
            seconds=round(before_s + worked_s, 1), said=said, rows=rows, lag=lag.worst, live=of_live,
        )  # fmt: skip
        write(self.live, run)
        return run

    def _frames(self, run: Run, clock: _Clock) -> None:
        whole = round(self.length_us / 1e6 * run.fps)

        def told(count: int) -> None:
            self.tell(Told("frames", count, whole, clock.seconds))

        make_frames(run, self.live, self._own(run), self.settings.ingest, told)

    def _locally(self, run: Run, clock: _Clock) -> None:
        inputs = self._inputs(run)
        whole = sum(i.extent.end - i.extent.first for i in inputs)

        def told(count: int) -> bool:
            self.tell(Told("records", count, whole, clock.seconds))
            return clock.go_on()

        work(run, self._own(run), self.cores, inputs, told)

    def _inputs(self, run: Run) -> list[Input]:
        topics = {self.live.names.topic(t): t for t in CATALOG}
        if not run.hold:
            return inputs_of(run, self.live, topics) + (own_frames(run, self._own(run)) if run.fps else [])
        objects = self.ways.objects
        assert objects is not None, "a run from a hold needs the object store"
        return held_inputs(run, manifest_of(objects, run.hold), objects, topics, self.live.partitions)

    def _rows(self, run: Run, want: Mapping[str, int], clock: _Clock) -> dict[str, str]:
        """Digests of the run's tables once they hold all that was said; RunFailed if that does not come."""
        from connectors.clickhouse.schema import digests
        from deploy.commands.parts import store_address

        names = store_address(self.settings).databases
        one = "(SELECT count() FROM {} FINAL WHERE run = {{run:String}})"
        asked = "SELECT " + " + ".join(one.format(f"{names.log}.{noun}") for noun in run.own)

        def count(store: Any) -> int:
            return int(store.query(asked, parameters={"run": run.name}).first_row[0])

        until = time.monotonic() + ROWS_S
        whole = sum(want.values())
        while (have := patiently(self.settings, count, clock.go_on)) != whole:
            self.tell(Told("rows", have, whole, clock.seconds))
            if time.monotonic() > until:
                raise RunFailed(f"ClickHouse has {have} of {whole} rows after {ROWS_S:.0f} s")
            clock.go_on()
            time.sleep(0.1)
        self.tell(Told("rows", have, whole, clock.seconds))
        return patiently(self.settings, lambda store: digests(store, run.name, names, run.own), clock.go_on)
