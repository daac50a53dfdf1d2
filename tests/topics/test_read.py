"""Places in the log by time, asked of a real broker."""

import time

import pytest
from confluent_kafka import KafkaException, Producer, TopicPartition

from topics import catalog as c
from topics.connection import Connection
from topics.read import consumer, offset_since, watermarks

pytestmark = pytest.mark.kafka


def test_where_nothing_was_written_since_there_is_no_offset(connection: Connection) -> None:
    with consumer(connection) as client:
        place = TopicPartition(connection.names.topic(c.STREAMS), 0)
        assert offset_since(client, place, 1) is None
        assert watermarks(client, place) == (0, 0)


def test_the_first_offset_since_a_time_is_by_when_the_log_took_it(connection: Connection) -> None:
    topic, producer = connection.names.topic(c.STREAMS), Producer(connection.producer())
    for value in (b"a", b"b"):
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0
    with consumer(connection) as client:
        place = TopicPartition(topic, 0)
        assert offset_since(client, place, 1) == 0
        assert offset_since(client, place, int((time.time() + 3600) * 1000)) is None


def test_a_topic_that_does_not_come_is_an_error_after_the_patience(connection: Connection) -> None:
    with consumer(connection) as client, pytest.raises(KafkaException):
        offset_since(client, TopicPartition(f"{connection.names.prefix}.none", 0), 1, patience_s=0.5)
