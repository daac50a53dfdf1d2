"""Rows of the store against the records of the log, read in step: a batch of records, its rows, column by column.

Stronger than two equal digests, and needs no right to write. Of records with one key the earliest in the log has
the row, as every reader of ours has it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.clickhouse.columns import all_columns
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import Place, column_names, row
from connectors.verify.lying import Log
from connectors.verify.report import Report
from connectors.verify.scan import Seen
from schemas.records import Record
from topics.topic import Topic

SESSIONS = 100
OFFSET, PARTITION = 3, 2
Key = tuple[str, str, int]


def same(a: Any, b: Any) -> bool:
    """Whether two values of a column are equal; two that are no number are."""
    if a == b or (a != a and b != b):
        return True
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return False


@dataclass(slots=True)
class Rows:
    """Compares each batch that it is shown, and at `finish` counts what no record stood for."""

    client: Any
    databases: Databases
    log: Log
    report: Report
    sink: str = "clickhouse"
    stream: str = ""
    matched: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __call__(self, topic: Topic[Record], batch: Sequence[Seen]) -> None:
        """Holds a batch of one partition to its rows."""
        if not self.log.names.owns(topic):
            return
        sessions: dict[tuple[str, str], list[Seen]] = defaultdict(list)
        for seen in batch:
            sessions[seen.record.stream_id, seen.record.session_id].append(seen)
        names = list(sessions)
        for first in range(0, len(names), SESSIONS):
            some = {name: sessions[name] for name in names[first : first + SESSIONS]}
            stored = dict(self._stored(topic.noun, some))
            for group in some.values():
                for seen in group:
                    self._compare(topic.noun, seen, stored)

    def columns(self, noun: str) -> tuple[int, ...]:
        """Which of a noun's columns the table has: one that no sink of this build has met lacks the newest."""
        if noun not in self._known:
            found = self.client.query(
                "SELECT name FROM system.columns WHERE database = {d:String} AND table = {t:String}",
                parameters={"d": self.databases.log, "t": noun},
            ).result_rows
            have = {name for (name,) in found} or set(column_names(noun))
            self._known[noun] = tuple(at for at, name in enumerate(column_names(noun)) if name in have)
        return self._known[noun]

    def _stored(self, noun: str, sessions: dict[tuple[str, str], list[Seen]]) -> Iterator[tuple[Key, Any]]:
        """Rows of these sessions between the least and the largest seq of each, by their key."""
        wanted, values = [], {"run": self.log.names.run}
        for at, ((stream_id, session_id), group) in enumerate(sessions.items()):
            seqs = [s.record.seq for s in group]
            wanted.append(
                f"(stream_id = {{t{at}:String}} AND session_id = {{s{at}:String}} "
                f"AND seq BETWEEN {min(seqs)} AND {max(seqs)})"
            )
            values |= {f"t{at}": stream_id, f"s{at}": session_id}
        every = all_columns(noun)
        shown = [every[at].name for at in self.columns(noun)]
        names = [
            f"`{name}`" if name != "recorded_at" else "toUnixTimestamp64Milli(recorded_at) AS recorded_ms"
            for name in shown
        ]
        key = [shown.index(n) for n in ("stream_id", "session_id", "seq")]
        found = self.client.query(
            f"SELECT {', '.join(names)} FROM {self.databases.log}.{noun} FINAL "  # noqa: S608 (names of our own)
            f"WHERE run = {{run:String}} AND ({' OR '.join(wanted)})",
            parameters=values,
            query_formats={"Tuple": "tuple"},
        )
        for one in found.result_rows:
            yield (one[key[0]], one[key[1]], one[key[2]]), one

    def _compare(self, noun: str, seen: Seen, stored: dict[Key, Any]) -> None:
        lying, record = seen.lying, seen.record
        self.report.count("rows")
        found = stored.get((record.stream_id, record.session_id, record.seq))
        closed = lying.offset < self._closed(lying.topic, lying.partition)
        if found is None or found[OFFSET] > lying.offset:
            if not closed:
                self.report.told["behind"] += 1
            elif found is not None and found[PARTITION] != lying.partition:
                self.report.told["doubles"] += 1
            else:
                text = (
                    "it has no row" if found is None else f"its row is of offset {found[OFFSET]}, a repeat of it"
                )
                self.report.fault("rows", lying.place, text, self._look(noun, record))
            return
        if found[OFFSET] < lying.offset or found[PARTITION] != lying.partition:
            if seen.verdict != "repeat":
                text = f"its row is of {found[PARTITION]}@{found[OFFSET]}, where it does not lie"
                self.report.fault("rows", lying.place, text, self._look(noun, record))
            return
        self.matched[noun, record.stream_id, record.session_id] += closed
        place = Place(lying.topic, lying.partition, lying.offset, lying.recorded_ms)
        whole, names = row(noun, self.log.names.run, record, place), column_names(noun)
        want = [whole[at] for at in self.columns(noun)]
        if wrong := [at for at, (a, b) in enumerate(zip(want, found, strict=True)) if not same(a, b)]:
            at = wrong[0]
            told = ", ".join(names[self.columns(noun)[n]] for n in wrong[:4])
            text = f"column {told}: the record has {want[at]!r:.80}, the row {found[at]!r:.80}"
            self.report.fault("rows", lying.place, text, self._look(noun, record))

    def _closed(self, topic: str, partition: int) -> int:
        """The offset before which the sink had written every row when the log was looked at."""
        return self.log.committed.get((self.sink, topic, partition), -1)

    def _look(self, noun: str, record: Any) -> str:
        return (
            f"framelog sql \"SELECT * FROM {noun} WHERE run = '{self.log.names.run}' AND "  # noqa: S608 (to be read)
            f"session_id = '{record.session_id}' AND seq = {record.seq}\""
        )

    def finish(self, topics: Sequence[Topic[Record]]) -> None:
        """Counts rows that lie in what was read and that no record stood for.

        Above what the sink has closed rows come while this goes on: some of them after their records were held to
        them, which would look as if no record had stood for them.
        """
        for topic in topics:
            if not self.log.names.owns(topic):
                continue
            name = self.log.names.topic(topic)
            places = [
                f"(partition = {p} AND offset >= {s.first} AND offset < {min(s.end, self._closed(t, p))})"
                for (t, p), s in self.log.stretches.items() if t == name
            ]  # fmt: skip
            where = f"run = {{run:String}} AND ({' OR '.join(places) or '0'})"
            if self.stream:
                where += " AND stream_id = {stream:String}"
            found = self.client.query(
                f"SELECT stream_id, session_id, count() FROM {self.databases.log}.{topic.noun} FINAL "  # noqa: S608
                f"WHERE {where} GROUP BY stream_id, session_id",
                parameters={"run": self.log.names.run, "stream": self.stream},
            )
            for stream_id, session_id, count in found.result_rows:
                extra = count - self.matched[topic.noun, stream_id, session_id]
                if extra > 0:
                    look = f"framelog sql \"SELECT * FROM {topic.noun} WHERE session_id = '{session_id}'\""  # noqa: S608
                    text = f"{extra} rows of {stream_id}/{session_id} stand for no record"
                    self.report.fault("rows", f"{self.databases.log}.{topic.noun}", text, look)
