"""How the platform is, honestly: processes from the supervisor, work from the log."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException

from deploy.settings import NotRunning, Settings
from deploy.state import State, read_state
from topics.connection import Connection
from topics.lag import committed, lag_of
from topics.read import bounds, consumer
from topics.route import ROUTE, Edge


@dataclass(frozen=True, slots=True)
class Work:
    """What a station or connector has to do and has done. `said_s`: seconds since its last output, None: never."""

    name: str
    lag: int
    said_s: float | None


def stalled(work: Work, stall_s: float) -> str:
    """Why a station that has input and says nothing is not healthy; empty if it is."""
    if work.lag == 0 or (work.said_s is not None and work.said_s < stall_s):
        return ""
    since = "has said nothing yet" if work.said_s is None else f"has said nothing for {work.said_s:.0f} s"
    return f"{since} with {work.lag} records waiting"


def last_append_ms(connection: Connection, topics: Sequence[str]) -> dict[str, int]:
    """When the log last took a record of each topic, in ms since 1970; topics without records are left out."""
    found: dict[str, int] = {}
    with consumer(connection) as client:
        for (topic, partition), (low, high) in bounds(connection, topics).items():
            if high > low:
                found[topic] = max(found.get(topic, 0), append_ms(client, topic, partition, high - 1))
    return found


def append_ms(client: Any, topic: str, partition: int, offset: int) -> int:
    """When one record was appended; 0 if it can not be read within a second."""
    from confluent_kafka import TopicPartition

    client.assign([TopicPartition(topic, partition, offset)])
    until = time.monotonic() + 1
    while time.monotonic() < until:
        message = client.poll(0.2)
        if message is not None and message.error() is None:
            return int(message.timestamp()[1])
    return 0


def work_of(connection: Connection, edges: Sequence[Edge], now_s: float) -> list[Work]:
    """Lag and last output of every station and connector."""
    names = connection.names
    outputs = last_append_ms(connection, [names.topic(e.writes) for e in edges])
    found = []
    for edge in edges:
        reads = [names.topic(t) for t in edge.reads]
        lag = sum(lag_of(connection, committed(connection, edge.name, reads)).values())
        said = outputs.get(names.topic(edge.writes))
        found.append(Work(edge.name, lag, None if said is None else max(0.0, now_s - said / 1000)))
    return found


def part_rows(state: State) -> list[dict[str, Any]]:
    """The supervisor's processes as rows."""
    return [
        {"part": name, "state": part.state, "pid": part.pid, "restarts": part.restarts, "says": part.last_error}
        for name, part in state.parts.items()
    ]


def station_rows(works: Sequence[Work], stall_s: float) -> list[dict[str, Any]]:
    """The stations' work as rows."""
    rows = []
    for work in works:
        why = stalled(work, stall_s)
        state = "stalled" if why else "ok"
        rows.append({"part": work.name, "state": state, "pid": None, "restarts": None,
                     "says": why or f"lag {work.lag}"})  # fmt: skip
    return rows


def is_healthy(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every part is as it should be."""
    return bool(rows) and all(row["state"] in ("ready", "ok") for row in rows)


def rows_of(settings: Settings) -> tuple[list[dict[str, Any]], bool]:
    """Every part as a row, and whether all is well."""
    state = read_state(settings.run_folder)
    rows = part_rows(state) if state.running else []
    try:
        rows += station_rows(work_of(settings.connection, ROUTE, time.time()), settings.stall_s)
    except NotRunning as error:
        rows.append({"part": "platform", "state": "stopped", "pid": None, "restarts": None, "says": str(error)})
    except KafkaException as error:
        rows.append({"part": "log", "state": "away", "pid": None, "restarts": None, "says": error.args[0].str()})
    return rows, is_healthy(rows)
