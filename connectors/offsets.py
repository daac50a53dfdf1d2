"""First and last offsets of a partition, also while its leader is changing."""

from confluent_kafka import Consumer, TopicPartition

from topics.read import watermarks


def bounds_of(client: Consumer, topic: str, partition: int, patience_s: float = 30) -> tuple[int, int]:
    """First offset and the one after the last; KafkaException if the broker does not say within the patience.

    A broker that has just started answers that it does not lead the partition: it does a moment later.
    """
    return watermarks(client, TopicPartition(topic, partition), patience_s)
