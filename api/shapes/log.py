"""Topics, their last records, and the route between them."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer group's lag on a topic, in records."""

    group: str
    lag: int


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic as the broker sees it; `rate_hz` is records a second over the last seconds."""

    name: str
    noun: str
    kind: Literal["raw", "derived", "dlq", "state"]
    records: int
    rate_hz: float
    bytes_estimate: int | None
    retention_ms: int | None
    partitions: int
    consumers: list[Consumer]


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The newest record of a topic, media bytes replaced by their size."""

    topic: str
    partition: int
    offset: int
    recorded_at: str
    key: str
    headers: dict[str, str]
    bytes: int
    record: dict[str, Any] | None
    undecodable: str


@dataclass(frozen=True, slots=True)
class RouteNode:
    """A station, connector or sink of the route."""

    name: str
    kind: str
    reads: list[str]
    writes: str | None
    lag: int | None


@dataclass(frozen=True, slots=True)
class RouteEdge:
    """A topic between a writer and a reader."""

    topic: str
    noun: str
    to: str
    lag: int | None
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Route:
    """The graph, with what flows and what waits."""

    nodes: list[RouteNode]
    edges: list[RouteEdge]
    watermarks: dict[str, dict[str, int]]
