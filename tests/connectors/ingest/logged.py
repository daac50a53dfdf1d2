"""What the raw topics hold, and what must hold for them."""

import itertools

from schemas.records import Audio, Frame, Packets
from topics.catalog import RAW
from topics.connection import Connection
from topics.read import read
from topics.registry import Serde

Raw = Frame | Audio | Packets


def logged(connection: Connection) -> dict[str, list[Raw]]:
    """The records of each raw topic, by noun, in the log's order."""
    found: dict[str, list[Raw]] = {t.noun: [] for t in RAW}
    nouns = {connection.names.topic(t): t for t in RAW}
    with Serde(connection) as serde:
        for message in read(connection, list(nouns)):
            topic = nouns[message.topic() or ""]
            record = serde.decode(message.value(), topic)
            assert isinstance(record, Frame | Audio | Packets)
            found[topic.noun].append(record)
    return found


def assert_whole(found: dict[str, list[Raw]]) -> None:
    """One session, dense, in order, ended once in every topic."""
    for records in found.values():
        assert [r.seq for r in records] == list(range(len(records)))
        assert [r.end for r in records] == [False] * (len(records) - 1) + [True]
        assert all(a.pts_us <= b.pts_us for a, b in itertools.pairwise(records))
        assert len({r.session_id for r in records}) == 1
