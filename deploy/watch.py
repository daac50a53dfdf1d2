"""Follows one stream's newest session through the derived topics until every one of them has ended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition

from schemas.codec import Undecodable
from schemas.records import Clip, Highlight, Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.read import consumer, partitions_of
from topics.registry import Serde

NOUNS = tuple(t.noun for t in CATALOG)


@dataclass(slots=True)
class SessionWatch:
    """What one session has said so far. Feed it every record of every topic, in each topic's order."""

    session_id: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NOUNS, 0))
    ended: set[str] = field(default_factory=set)
    highlights: list[Highlight] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    at_us: int = 0

    def take(self, noun: str, record: Record) -> bool:
        """Counts a record; True if it was new (a repeat is at or below the last seq and is not)."""
        if record.session_id != self.session_id or noun in self.ended or record.seq < self.counts.get(noun, 0):
            return False
        if record.end:
            self.ended.add(noun)
            return True
        self.counts[noun] = record.seq + 1
        self.at_us = max(self.at_us, record.pts_us)
        if isinstance(record, Highlight):
            self.highlights.append(record)
        elif isinstance(record, Clip):
            self.clips.append(record)
        return True

    @property
    def missing(self) -> list[str]:
        """Topics whose end mark has not come yet."""
        return [noun for noun in NOUNS if noun not in self.ended]


def knowing(connection: Connection, go_on: Callable[[], bool], deadline_s: float = 60) -> Serde:
    """What decodes every record of ours, all schemas known beforehand; waits while the registry is away."""
    serde, until = Serde(connection), time.monotonic() + deadline_s
    while True:
        try:
            serde.register()
            return serde
        except Exception:
            if time.monotonic() > until or not go_on():
                raise
            time.sleep(0.2)


def follow(
    connection: Connection, watch: SessionWatch, go_on: Callable[[], bool], quiet_s: float = 0.25
) -> Iterator[Record]:
    """New records of the session from every topic, from the beginning of the log, until all have ended.

    Args:
        connection: where the log is.
        watch: what is filled.
        go_on: asked at least every `quiet_s` seconds; False ends it early.
        quiet_s: how long to wait for a record at a time.
    """
    serde = knowing(connection, go_on)
    topics = {connection.names.topic(t): t for t in CATALOG}
    with consumer(connection, fetch_max_bytes=8 << 20, queued_max_messages_kbytes=16 << 10) as client:
        places = partitions_of(client, sorted(topics))
        client.assign([TopicPartition(tp.topic, tp.partition, 0) for tp in places])
        while watch.missing and go_on():
            message = client.poll(quiet_s)
            if message is None or message.error() is not None:
                continue
            topic = topics[message.topic() or ""]
            if topic.noun in watch.ended:
                continue
            record = serde.decode(message.value(), topic)
            if not isinstance(record, Undecodable) and watch.take(topic.noun, record):
                yield record
