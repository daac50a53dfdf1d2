"""A topic: what it holds, how long, how large; pure values, no connection."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from schemas.records import Record

R_co = TypeVar("R_co", bound=Record, covariant=True)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MiB = 1 << 20
Kind = Literal["raw", "derived", "state", "dlq"]


@dataclass(frozen=True, slots=True)
class Topic(Generic[R_co]):
    """One noun's place in the log. Key: `stream_id` in UTF-8, partitioned by murmur2."""

    noun: str
    record: type[R_co]
    kind: Kind
    retention_ms: int
    max_bytes: int = 4 * MiB
    compression: str = "zstd"

    @property
    def config(self) -> dict[str, str]:
        """Kafka's settings of the topic."""
        return {
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_bytes),
            "compression.type": self.compression,
            # Old event times would be deleted unread: retention goes by when the log was written.
            "message.timestamp.type": "LogAppendTime",
        }
