"""Whether the log answers, asked once and soon: whoever needs it begins here, and ends in one line."""

import logging
from typing import Any

from deploy.settings import NotRunning, Settings
from topics.connection import Connection

REACH_S = 5.0
# librdkafka's chatter of every refused attempt stays inside: the answer is one line.
SILENT = logging.getLogger("framelog.librdkafka")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
QUIET: dict[str, Any] = {"log_level": 2, "logger": SILENT}


class LogAway(NotRunning):
    """A log is set, or one ran here, but it does not answer."""


def log_of(settings: Settings) -> Connection:
    """The connection to a log that answers; NotRunning, with what to do, if none does."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    connection = settings.connection
    try:
        AdminClient(connection.confluent() | QUIET).list_topics(timeout=REACH_S)
    except KafkaException as error:
        raise LogAway(
            f"no Kafka answers at {connection.bootstrap} ({error.args[0].name()}): start the platform "
            "(`framelog up`) or set FRAMELOG_KAFKA"
        ) from None
    return connection


def prepared_log(settings: Settings) -> Connection:
    """A log that answers, with every topic and schema of the run; NotRunning if it or the registry is away."""
    from confluent_kafka import KafkaException

    from topics.broker import prepare_log

    connection = log_of(settings)
    try:
        prepare_log(connection)
    except KafkaException:
        raise
    except Exception as error:  # noqa: BLE001 (the registry's client raises whatever its HTTP library does)
        raise NotRunning(
            f"the schema registry at {connection.registry_url} is of no use ({type(error).__name__}: "
            f"{str(error)[:200]}): start the platform (`framelog up`) or set FRAMELOG_REGISTRY"
        ) from None
    return connection
