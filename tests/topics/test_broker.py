"""Topics are made as declared, on a real broker."""

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from topics.broker import ensure_topics, wanted
from topics.catalog import HIGHLIGHTS
from topics.connection import Connection

pytestmark = pytest.mark.kafka


def test_every_topic_is_there_with_its_settings_and_making_them_again_makes_none(connection: Connection) -> None:
    assert ensure_topics(connection) == []
    admin = AdminClient(connection.confluent())
    have = admin.list_topics(timeout=20).topics
    assert set(wanted(connection)) <= set(have)
    assert {len(have[name].partitions) for name in wanted(connection)} == {connection.partitions}
    name = connection.names.topic(HIGHLIGHTS)
    resource = ConfigResource(ResourceType.TOPIC, name)
    found = admin.describe_configs([resource])[resource].result(20)
    for key, value in HIGHLIGHTS.config.items():
        assert found[key].value == value, key
