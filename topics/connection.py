"""How to reach the log: a value that every process is handed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from topics.names import Names


@dataclass(frozen=True, slots=True)
class Connection:
    """Broker, registry and names. `security` holds librdkafka's own settings (`security.protocol`,
    `sasl.mechanism`, …); it is left out of repr, so that a secret never reaches a log. `min_insync`: replicas that
    must have a record before it is acknowledged; None: all but one.
    """

    bootstrap: str
    registry_url: str
    names: Names = field(default_factory=Names)
    partitions: int = 4
    replication: int = 1
    min_insync: int | None = None
    security: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def enough_replicas(self) -> int:
        """Replicas that must have a record before it is acknowledged: one may be away, unless it is alone."""
        return self.min_insync or max(1, self.replication - 1)

    def confluent(self, **settings: Any) -> dict[str, Any]:
        """Settings of a confluent-kafka client; `group_id="x"` stands for `group.id`."""
        # Its notes to itself (level 6: what was thrown away when a client ended) are for nobody here.
        base: dict[str, Any] = {"bootstrap.servers": self.bootstrap, "log_level": 5, **self.security}
        return base | {key.replace("_", "."): value for key, value in settings.items()}

    def producer(self, **settings: Any) -> dict[str, Any]:
        """Settings of a producer that loses and doubles nothing and partitions as every other of ours does.

        One request at a time to a broker: with more, idempotence or not, librdkafka (2.16) tells of a first batch
        that it was delivered when the broker refused it as "not leader" and took the one behind it
        (tests/faults/test_no_leader.py loses 2 records of 20).
        """
        safe: dict[str, Any] = {"acks": "all", "enable_idempotence": True, "max_in_flight": 1}
        return self.confluent(partitioner="murmur2_random", **safe, **settings)
