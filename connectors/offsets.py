"""First and last offsets of a partition, also while its leader is changing."""

import time
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

PASSING = frozenset({
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
})  # fmt: skip


def bounds_of(client: Consumer, topic: str, partition: int, patience_s: float = 30) -> tuple[int, int]:
    """First offset and the one after the last; KafkaException if the broker does not say within the patience.

    A broker that has just started answers that it does not lead the partition: it does a moment later.
    """
    until_s = time.monotonic() + patience_s
    while True:
        try:
            low, high = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=patience_s)
            return int(low), int(high)
        except KafkaException as error:
            reason: Any = error.args[0]
            if reason.code() not in PASSING or time.monotonic() > until_s:
                raise
            time.sleep(0.1)
