"""What is done with dead letters that are to go back: rows, runs, repaired sessions."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from confluent_kafka import Consumer, Message

from connectors.letters.case import Case, Spot
from connectors.letters.desk import fetch, letters_of, note
from connectors.letters.repair import BadRepair, repair, repaired
from connectors.verify.form import misplaced
from connectors.verify.lying import Lying
from deploy.settings import Settings
from schemas.codec import Undecodable
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.read import consumer
from topics.registry import Serde
from topics.route import ROUTE, STATIONS, downstream
from topics.topic import Topic

SINK = "clickhouse"
Tell = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What became of the cases: done by (place, reader) in words, left with the reason."""

    done: dict[tuple[Spot, str], str] = field(default_factory=dict)
    left: dict[Spot, str] = field(default_factory=dict)


def first_of(case: Case) -> str | None:
    """Of the stations that could not use what another one said, the one that all the rest read of, however far."""
    readers = [s for s in STATIONS if s in case.open]
    if not readers or set(case.open) - {SINK, *downstream(readers[0])}:
        return None
    return readers[0]


def remedy(case: Case, topic: Topic[Record]) -> str:
    """What to do about bytes that are no record."""
    if topic.kind == "raw":
        return f"repair it (`dlq show {case.origin} --out FILE`, --with FILE)"
    writer = next((e.name for e in ROUTE if e.writes is topic and e.name in STATIONS), None)
    if writer is None:
        return "nothing computes it again"
    return (
        "what a station says is computed again, not repaired: `framelog replay --stream "
        f"{case.first.stream} --run NAME --from-station {writer}` says it anew, in a run of its own"
    )


@dataclass(slots=True)
class Desk:
    """Goes through cases. With `dry` nothing is written: `done` then says what would be."""

    settings: Settings
    connection: Connection
    serde: Serde
    tell: Tell
    dry: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def _topic(self, origin: Spot) -> Topic[Record] | None:
        return next((t for t in CATALOG if self.connection.names.topic(t) == origin.topic), None)

    def _original(self, client: Consumer, case: Case) -> Message | None:
        """The message where it lay, or its letter, which has the same bytes."""
        return fetch(client, case.origin) or fetch(client, case.first.at)

    def again(self, cases: Sequence[Case]) -> Outcome:
        """Cases whose bytes are as they were: what can be used by now goes its way.

        A raw record's session is replayed whole. What a station said stands in live's log as it is: its
        session is replayed from the first of those on that could not use it.
        """
        sessions: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
        with ExitStack() as opened:
            client = opened.enter_context(consumer(self.connection))
            for case in cases:
                topic = self._topic(case.origin)
                message = self._original(client, case) if topic is not None else None
                if topic is None or message is None:
                    self.outcome.left[case.origin] = "neither the message nor its letter is in the log any more"
                    continue
                record = self.serde.decode(message.value(), topic)
                if why := self._useless(record, message, case.origin):
                    self.outcome.left[case.origin] = f"{why}: {remedy(case, topic)}"
                    continue
                assert not isinstance(record, Undecodable)
                if SINK in case.open:
                    self._row(case, topic, record, message)
                if any(r != SINK for r in case.open):
                    since = "" if topic.kind == "raw" else first_of(case)
                    if since is None:
                        self.outcome.left[case.origin] = (
                            f"{', '.join(case.open)}: no one station leads to all of them"
                        )
                        continue
                    sessions[record.stream_id, record.session_id, since].append(case)
        for (stream, session, since), group in sessions.items():
            self._run((stream, session), since, group)
        return self.outcome

    def _useless(self, record: Any, message: Message, at: Spot) -> str:
        if isinstance(record, Undecodable):
            return record.reason
        lying = Lying(at.topic, at.partition, at.offset, message.key(), message.value())
        return misplaced(lying, record, self.connection.partitions)

    def _row(self, case: Case, topic: Topic[Record], record: Record, message: Message) -> None:
        from connectors.clickhouse.sink import ClickHouseWriter
        from connectors.letters.rows import insert
        from deploy.commands.parts import store_address

        if not self.dry:
            writer = ClickHouseWriter(store_address(self.settings), self.connection.names.run)
            try:
                insert(writer, self.connection.names.run, topic, record, case.origin, message)
            finally:
                writer.close()
        self._handled([case.origin], [SINK], f"row in {topic.noun}")

    def _run(self, session: tuple[str, str], since: str, cases: Sequence[Case]) -> None:
        """Replays the session, from a station on if one is named; whoever still can not use a message says so in
        the run's own letters.
        """
        from connectors.runs.plan import Asked, stations
        from deploy.replay.chosen import from_log
        from deploy.replay.planning import continued, plan
        from deploy.replay.play import Player

        marks = " ".join([*sorted(str(c.origin) for c in cases), *filter(None, [since])])
        name = f"letters-{sha256(f'{session} {marks}'.encode()).hexdigest()[:12]}"
        how = f"run {name}"
        if self.dry:
            for case in cases:
                self._handled([case.origin], [r for r in case.open if r != SINK], how)
            return
        self.tell(f"replaying {'/'.join(session)} as run {name}")
        asked = Asked(session[0], session[1], station=since or None)
        chosen = from_log(asked, self.connection, stations(asked))
        made, cores = plan(name, asked, chosen, self.settings, os.environ, ())
        made, done = continued(self.connection, made)
        if not done:
            made = Player(self.settings, self.connection, cores, chosen.length_us, lambda _: None).play(made)
        run = replace(self.connection, names=made.names(self.connection.names))
        still = {(one.origin, one.reader) for one in letters_of(run)}
        for case in cases:
            readers = [r for r in case.open if r != SINK]
            fine = [r for r in readers if (case.origin, r) not in still]
            self._handled([case.origin], fine, how)
            if bad := [r for r in readers if r not in fine]:
                self.outcome.left[case.origin] = f"{', '.join(bad)} still can not use it, see {how}"

    def mended(self, cases: Sequence[Case], bodies: Mapping[Spot, bytes]) -> Outcome:
        """Cases whose bytes were repaired by hand: their session is written again with them. BadRepair if it can
        not be.
        """
        records: dict[Spot, Record] = {}
        with consumer(self.connection) as client:
            for case in cases:
                topic, message = self._topic(case.origin), self._original(client, case)
                if topic is None or message is None:
                    raise BadRepair(f"{case.origin}: neither the message nor its letter is in the log any more")
                if topic.kind != "raw":
                    raise BadRepair(f"{case.origin}: {remedy(case, topic)}")
                before = self.serde.decode(message.value(), topic)
                records[case.origin] = repaired(bodies[case.origin], before, topic, self.serde)
        if self.dry:
            how = "session written again"
        else:
            copied = repair(self.connection, self.serde, records)
            self.tell(f"{copied.written} records written as session {copied.session_id} of {copied.stream_id}")
            how = f"session {copied.session_id}"
        for case in cases:
            self._handled([case.origin], list(case.letters), how)
        return self.outcome

    def _handled(self, places: Sequence[Spot], readers: Sequence[str], how: str) -> None:
        done = [(place, reader, how) for place in places for reader in readers]
        if not self.dry:
            note(self.connection, done)
        self.outcome.done |= {(place, reader): how for place, reader, how in done}
