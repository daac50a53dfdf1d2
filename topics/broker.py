"""Makes the topics of a run, as the catalog declares them."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from topics.catalog import CATALOG
from topics.connection import Connection
from topics.names import LIVE, Names
from topics.registry import Serde
from topics.route import ROUTE

COMPACTED = {
    "cleanup.policy": "compact",
    "compression.type": "zstd",
    "message.timestamp.type": "LogAppendTime",
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.2",
    "max.message.bytes": str(8 << 20),
}


def wanted(connection: Connection) -> dict[str, dict[str, str]]:
    """Every topic of the connection's run and its settings: nouns, dead letters, snapshots, runs."""
    names = connection.names
    stations = [e for e in ROUTE if e.kind != "connector" and names.owns(e.writes)]
    topics = {names.topic(t): t.config for t in CATALOG}
    touched = CATALOG if names.run == LIVE else {t for e in stations for t in (*e.reads, e.writes)}
    topics |= {names.dlq(t): t.config for t in touched}
    topics |= {names.state(e.name): COMPACTED for e in stations}
    return topics | {
        Names(names.prefix).state("ingest"): COMPACTED,
        names.runs: COMPACTED,
        names.letters: COMPACTED,
    }


def ensure_topics(connection: Connection, timeout_s: float = 60) -> list[str]:
    """Creates what is missing and returns its names; KafkaException if the broker refuses or is gone."""
    admin = AdminClient(connection.confluent())
    have = admin.list_topics(timeout=timeout_s).topics
    missing = {name: config for name, config in wanted(connection).items() if name not in have}
    if not missing:
        return []
    enough = {"min.insync.replicas": str(connection.enough_replicas)}
    made = admin.create_topics(
        [NewTopic(name, connection.partitions, connection.replication, config=config | enough)
         for name, config in missing.items()],
        operation_timeout=timeout_s,
    )  # fmt: skip
    for future in made.values():
        try:
            future.result()
        except KafkaException as error:  # another process was quicker
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return sorted(missing)


def prepare_log(connection: Connection) -> None:
    """Registers every schema and makes every topic of the run; what is there stays. Any process may call it."""
    with Serde(connection) as serde:
        serde.register()
    ensure_topics(connection)
