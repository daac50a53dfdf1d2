"""From what lies in the log to what a driver takes: decoded records, or the reason why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.codec import Undecodable
from schemas.records import Record, Ref
from topics.partitioner import partition_of
from topics.topic import Topic

Headers = Sequence[tuple[str, bytes]]
Decode = Callable[[bytes | None, Topic[Record]], Record | Undecodable]
Encode = Callable[[Record], bytes]


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it lies in the log, bytes untouched."""

    ref: Ref
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return len(self.value or b"") + len(self.key or b"")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message of the `input`-th topic that a station reads, and what it holds."""

    input: int
    stored: Stored
    holds: Record | Undecodable


def read(at: int, topic: Topic[Record], stored: Stored, decode: Decode, partitions: int | None = None) -> Arrival:
    """What `stored` holds for a station whose `at`-th input is `topic`.

    A key that is not the record's stream, or (where the number of `partitions` is known) a partition that is not
    the key's, makes it unusable: it would meet the stream's other records in no station, or another's by mistake.
    """
    holds = decode(stored.value, topic)
    if not isinstance(holds, Undecodable):
        if stored.key != holds.stream_id.encode():
            holds = Undecodable(
                f"the key {stored.key!r:.80} is not the record's stream_id {holds.stream_id!r:.80}"
            )
        elif partitions is not None and (home := partition_of(stored.key, partitions)) != stored.ref.partition:
            holds = Undecodable(
                f"key {stored.key!r:.80} belongs to partition {home} of {partitions}, not {stored.ref.partition}: "
                "set the producer's partitioner to murmur2_random"
            )
    return Arrival(at, stored, holds)
