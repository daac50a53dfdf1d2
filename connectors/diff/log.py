"""Both runs as they lie in the log: which there are, and a stretch of one noun's records at a time."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Self

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.diff.findings import Session
from connectors.diff.nouns import BY_NAME
from connectors.diff.survey import Logged, Survey, Told, take
from connectors.runs.ledger import runs
from schemas.codec import HEADER, Undecodable
from schemas.records import Record
from topics.catalog import BY_NOUN
from topics.connection import Connection
from topics.names import LIVE, Names
from topics.partitioner import partition_of
from topics.read import PASSING, consumer, partitions_of, watermarks
from topics.registry import Serde

QUEUED_KB = 4096
"""What librdkafka reads ahead of each of the two runs."""

WAIT_S = 30.0


class NoSuchRun(LookupError):
    """A run that has no topics; the message says which there are."""


def runs_of(connection: Connection) -> dict[str, set[str]]:
    """Nouns that each run has topics of, by the topics' names."""
    prefix = re.escape(connection.names.prefix)
    form = re.compile(rf"{prefix}\.(?P<noun>[a-z]+)(?:\.run\.(?P<run>.+))?")
    found: dict[str, set[str]] = {}
    with consumer(connection) as client:
        for topic in client.list_topics(timeout=20).topics:
            if (m := form.fullmatch(topic)) and m["noun"] in BY_NAME and not topic.endswith((".dlq", ".state")):
                found.setdefault(m["run"] or LIVE, set()).add(m["noun"])
    return found


def asked_us(connection: Connection, run: str) -> dict[Session, int]:
    """Where a run was asked to begin in each session, if not at its start; nothing for a run nobody planned."""
    try:
        known = runs(connection).get(run)
    except KafkaException as error:
        if error.args[0].code() in PASSING:  # a log from before runs were written down
            return {}
        raise
    passages = known.passages if known is not None else ()
    return {Session(p.stream_id, p.session_id): p.from_us for p in passages if p.from_us}


class RunLog:
    """One run's derived records, one stretch at a time.

    undecodable: how many could not be read, by noun. asked_us: where it was asked to begin, by session.
    """

    def __init__(self, connection: Connection, serde: Serde, run: str) -> None:
        self.run = run
        self._connection = replace(connection, names=Names(connection.names.prefix, run))
        self._serde = serde
        there = runs_of(connection)
        if run not in there:
            names = ", ".join(sorted(there)) or "none at all"
            raise NoSuchRun(f"there is no run {run!r} in the log; there is {names}")
        self.nouns = there[run]
        self.asked_us = asked_us(connection, run)
        self.undecodable: dict[str, int] = {}
        self._stack = ExitStack()
        self._client = self._stack.enter_context(
            consumer(self._connection, queued_max_messages_kbytes=QUEUED_KB, fetch_wait_max_ms=20)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def survey(self, nouns: Sequence[str], stream_id: str = "", session_id: str = "") -> Survey:
        """What the run says of each session, from the first record kept to the last."""
        found: Survey = {}
        for noun in nouns:
            if noun in self.nouns:
                take(found, noun, _once(self._all(noun, stream_id, session_id)))
        return found

    def records(self, noun: str, session: tuple[str, str], told: Told) -> Iterator[Record]:
        """A session's records as they were when it was surveyed."""
        logged = self._read(noun, told.partition, told.first_offset, told.last_offset + 1)
        for one in _once(one for one in logged if (one.record.stream_id, one.record.session_id) == session):
            yield one.record

    def kept(self, noun: str, session: tuple[str, str], told: Told) -> "Kept":
        """The same, to be read as often as one likes, one reader at a time."""
        return Kept(self, noun, session, told)

    def _all(self, noun: str, stream_id: str, session_id: str) -> Iterator[Logged]:
        topic = self._connection.names.topic(BY_NOUN[noun])
        client = self._client
        places = [(tp.partition, *watermarks(client, tp)) for tp in partitions_of(client, [topic])]
        home = partition_of(stream_id.encode(), len(places)) if stream_id else None
        for partition, low, high in places:
            if home not in (None, partition):
                continue
            bad: list[int] = []
            for one in self._read(noun, partition, low, high, bad):
                if stream_id in ("", one.record.stream_id) and session_id in ("", one.record.session_id):
                    yield one
            if bad:
                self.undecodable[noun] = self.undecodable.get(noun, 0) + len(bad)

    def _read(
        self, noun: str, partition: int, start: int, end: int, bad: list[int] | None = None
    ) -> Iterator[Logged]:
        """Decoded records of a range of one partition; offsets of what can not be decoded go to `bad`."""
        bad = [] if bad is None else bad
        topic = self._connection.names.topic(BY_NOUN[noun])
        if start >= end:
            return
        self._client.assign([TopicPartition(topic, partition, start)])
        while True:
            message = self._client.poll(WAIT_S)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    return
                raise KafkaException(error)
            offset, value = message.offset() or 0, message.value() or b""
            if offset >= end:
                return
            record = self._serde.decode(value, BY_NOUN[noun])
            if isinstance(record, Undecodable):
                bad.append(offset)
            else:
                digest = hashlib.sha256(value[HEADER.size :]).digest()
                yield Logged(record, partition, offset, digest, message.timestamp()[1])
            if offset + 1 >= end:
                return


@dataclass(frozen=True, slots=True)
class Kept:
    """A session's records in the log."""

    run: RunLog
    noun: str
    session: tuple[str, str]
    told: Told

    def __iter__(self) -> Iterator[Record]:
        return self.run.records(self.noun, self.session, self.told)


def _once(records: Iterator[Logged]) -> Iterator[Logged]:
    """What is not above the last seq of its session is a repeat."""
    last: dict[tuple[str, str], int] = {}
    for one in records:
        session = (one.record.stream_id, one.record.session_id)
        if one.record.seq > last.get(session, -1):
            last[session] = one.record.seq
            yield one
