"""A message as it lies in the log, and the log as a verification reads it: real, or made by a test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from topics.names import Names

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Lying:
    """One message and its place; `recorded_ms` is when the log took it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    recorded_ms: int = 0

    @property
    def place(self) -> str:
        """How people are told where it lies."""
        return place_of(self.topic, self.partition, self.offset)


def place_of(topic: str, partition: int, offset: int) -> str:
    """A place as text: TOPIC/PARTITION@OFFSET."""
    return f"{topic}/{partition}@{offset}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of one partition: what the log holds (`low` … `end`), and what of it is read (`first` … `end`)."""

    low: int
    first: int
    end: int


Places = Mapping[tuple[str, int], Stretch]
Committed = Mapping[tuple[str, str, int], int]
# group's station or sink, topic, partition


class Log(Protocol):
    """What is verified. Looked at once: `stretches` and `committed` are of the moment of opening."""

    @property
    def names(self) -> Names:
        """Of which run of which installation."""
        ...

    @property
    def partitions(self) -> int:
        """Partitions of every topic."""
        ...

    @property
    def stretches(self) -> Places:
        """What there is of each partition, and what is read."""
        ...

    @property
    def committed(self) -> Committed:
        """How far each group says that it is."""
        ...

    @property
    def whole(self) -> bool:
        """Whether nothing is left out at the end: what is missing then is missing, or not written yet."""
        ...

    def batches(self, topic: str) -> Iterator[list[Lying]]:
        """The topic's messages, in order within each partition; every batch is of one partition."""
        ...
