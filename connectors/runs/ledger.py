"""What is known of all runs: one JSON record each in the compacted topic `<prefix>.runs`, keyed by name.

What live runs with lies there too (`connectors.runs.live`); nobody planned live, so it is no run here.
"""

import msgspec
from confluent_kafka import KafkaException, Producer

from connectors.runs.live import MARK, History, change_of, told
from connectors.runs.record import BadRun, Run
from topics.connection import Connection
from topics.names import LIVE
from topics.read import read

FLUSH_S = 30.0


def runs(connection: Connection) -> dict[str, Run]:
    """All runs by name, the earliest planned first."""
    return everything(connection)[0]


def everything(connection: Connection) -> tuple[dict[str, Run], History]:
    """All runs as `runs` gives them, and what live ran with, from one look at the log."""
    latest: dict[str, bytes | None] = {}
    changes = []
    for message in read(connection, [connection.names.runs]):
        if (change := change_of(message)) is not None:
            changes.append(change)
        if not (key := (message.key() or b"").decode()).startswith(MARK):
            latest[key] = message.value()
    found = [msgspec.json.decode(value, type=Run) for value in latest.values() if value is not None]
    return {run.name: run for run in sorted(found, key=lambda r: (r.planned_at, r.name))}, told(changes)


def run_of(connection: Connection, name: str) -> Run:
    """A run by its name; BadRun, naming those that there are, if there is none."""
    known = runs(connection)
    if name == LIVE:
        raise BadRun("live is what the platform itself says: it is no run that can be played or taken away")
    if name not in known:
        raise BadRun(f"there is no run {name!r}; there are: {', '.join(known) or 'none'}")
    return known[name]


def write(connection: Connection, run: Run) -> None:
    """Writes what is known of a run; KafkaException if the log does not take it."""
    _produce(connection, run.name, msgspec.json.encode(run))


def forget(connection: Connection, name: str) -> None:
    """Takes a run off the list."""
    _produce(connection, name, None)


def _produce(connection: Connection, name: str, value: bytes | None) -> None:
    errors: list[KafkaException] = []
    producer = Producer(connection.producer())
    producer.produce(
        connection.names.runs,
        key=name.encode(),
        value=value,
        on_delivery=lambda error, _: errors.append(KafkaException(error)) if error else None,
    )
    left = producer.flush(FLUSH_S)
    if errors:
        raise errors[0]
    if left:
        raise TimeoutError(f"the log did not take what is known of run {name} within {FLUSH_S:.0f} s")
